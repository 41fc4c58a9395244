// A server that wants new keys all the time: what is on its way meanwhile must not get lost.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A server that asks for new keys while a pack flows")
struct RekeyTests {
    // OpenSSH's own client takes a minute for this, and is not ours to try.
    @Test("loses nothing of it")
    func rekeys() throws {
        let served = try ServedPod(sshd: ["RekeyLimit 1M"])
        try served.pod.addBulk(megabytes: 60, to: served.pod.gitdir)
        for number in 0..<3 {
            let copy = served.pod.folder.file("copy\(number)")
            try served.pod.home.git("clone", "-q", "--bare", served.pod.origin, copy)
            let fetched = try served.pod.home.attempt(
                ["fetch", "-q", "pod://libssh2", "bulk:bulk"], at: copy)
            #expect(fetched.succeeded, "\(fetched.errors)")
        }
    }
}

// The first channel is asked for while the server still looks at our signature. A server that then
// wants more than that signature is asked again, in the usual order.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A channel asked for ahead of the login's end")
struct EarlyChannelTests {
    @Test("spares a round trip against ssh")
    func roundTrips() throws {
        let served = try ServedPod()
        var counts: [Way: Int] = [:]
        for way in Way.ssh {
            let proxy = try LagProxy(to: served.server.port, oneWay: .milliseconds(20))
            try served.name("lagging\(way.rawValue)", way: way, port: proxy.port)
            try served.git("ls-remote", "lagging\(way.rawValue)")
            counts[way] = proxy.traffic.roundTrips
        }
        let ours = try #require(counts[.libssh2])
        let theirs = try #require(counts[.openssh])
        #expect(ours < theirs, "\(counts)")
    }

    @Test("is given up where one key is not enough, and both are taken")
    func twoKeys() throws {
        let served = try ServedPod(sshd: ["AuthenticationMethods publickey,publickey"])
        let second = try SSHKey(.ed25519, at: served.pod.folder.file("second_key"))
        try served.server.authorize(
            second.publicLine, options: SSHServer.forced(ServedPod.bridge(served.pod)))
        let alone = try served.attempt("fetch", Way.libssh2.rawValue)
        #expect(!alone.succeeded)
        #expect(alone.errors.contains("with none of our keys"), "\(alone.errors)")
        try served.pod.home.git("config", "--global", "--unset", "pod.identityFile")
        let lines = [served.key.path, second.path].map { "IdentityFile \($0)\n" }
        try writeFile(served.pod.home.sshConfiguration, lines.joined())
        let both = try served.attempt("fetch", Way.libssh2.rawValue)
        #expect(both.succeeded, "\(both.errors)")
    }
}

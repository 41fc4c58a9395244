// A pod that has git and an sshd, and nothing of ours.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A pod without git-pod is asked for plain git")
struct PlainGitTests {
    @Test(
        "and clone and fetch go on as if nothing were", arguments: ["libssh2", "openssh", "auto"])
    func cloneAndFetch(backend: String) throws {
        let served = try ServedPod()
        // A key that starts what it is asked for, by the account's own shell.
        let key = try SSHKey(.ed25519, at: served.pod.folder.file("free_key"))
        try served.server.authorize(key.publicLine)
        try served.name(
            "plain", way: .libssh2,
            settings: [
                "sshBackend": backend, "identityFile": key.path,
                "remoteCommand": "git-pod-is-not-here bridge",
            ])
        let fetched = try served.attempt("fetch", "plain")
        #expect(fetched.succeeded, "\(fetched.errors)")
        #expect(fetched.errors.contains("using plain git there"))
        let there = try served.branches()
        #expect(try served.pod.refs(in: served.pod.clone, below: "refs/remotes/plain/") == there)

        let copy = served.pod.folder.file("copy")
        let cloned = try served.attempt("clone", "-q", "pod://plain", copy)
        #expect(cloned.succeeded, "\(cloned.errors)")
        #expect(
            try served.pod.tip(of: "refs/remotes/origin/main", in: copy) == there["main"])
    }
}

// What is refused, with which exit code, and in which words.

import Model
import POSIX
import TestSupport
import Testing

@Suite("What may not be done is refused in so many words")
struct RefusalTests {
    @Test("a push is refused, nothing is sent, and the reason is given", arguments: Way.allCases)
    func push(way: Way) throws {
        let served = try ServedPod()
        let before = try served.branches()
        let pushed = try served.attempt("push", way.rawValue, "main:refs/heads/mine")
        #expect(!pushed.succeeded)
        #expect(pushed.errors.contains("push to origin"), "\(pushed.errors)")
        #expect(try served.branches() == before)
        let helper = try served.helper("pod://\(way)", service: "git-receive-pack")
        #expect(helper.status == .exited(ExitCode.refused.rawValue))
        #expect(!served.server.log.contains("Accepted publickey"))
    }

    @Test("a repository outside the bridge's roots is refused", arguments: Way.ssh)
    func outside(way: Way) throws {
        let served = try ServedPod()
        for path in [served.pod.origin, "/etc", "\(served.pod.root)/../origin.git"] {
            let helper = try served.helper("pod://\(way)\(path)")
            #expect(helper.status == .exited(ExitCode.refused.rawValue), "\(helper.errors)")
            #expect(helper.errors.contains("git-remote-pod: "))
        }
    }

    @Test(
        "an address that could reach a command line or another file is refused before anything runs",
        arguments: [
            "pod://-oProxyCommand=touch/path", "pod://a b/path", "pod://-l@host/path",
            "pod://host/path%0Aline", "pod://host:99999/path", "pod://[::zz]/path", "pod://",
        ])
    func address(text: String) throws {
        let served = try ServedPod()
        let helper = try served.helper(text)
        #expect(helper.status == .exited(ExitCode.configuration.rawValue))
        #expect(helper.errors.split(separator: "\n").count == 1, "\(helper.errors)")
    }

    @Test("a port where nobody listens is said to be one", arguments: Way.ssh)
    func nobody(way: Way) throws {
        let served = try ServedPod()
        try served.name("gone", way: way, port: 1)
        let helper = try served.helper("pod://gone")
        #expect(helper.status == .exited(ExitCode.unreachable.rawValue), "\(helper.errors)")
        #expect(helper.errors.contains("refused"))
    }

    @Test("a command that is not there is a configuration error that names it")
    func noCommand() throws {
        let served = try ServedPod()
        try served.name("none", way: .command, settings: ["command": "no-such-carrier"])
        let helper = try served.helper("pod://none")
        #expect(helper.status == .exited(ExitCode.configuration.rawValue))
        #expect(helper.errors.contains("no-such-carrier"))
    }

    @Test("a carrier that fails before it reaches the pod says so", arguments: [1, 125, 255])
    func failingCarrier(code: Int) throws {
        let served = try ServedPod()
        let carrier = served.pod.folder.file("carrier")
        try writeFile(
            carrier, "#!/bin/sh\necho 'no such container' >&2\nexit \(code)\n", mode: 0o755)
        try served.name("fails", way: .command, settings: ["command": carrier])
        let helper = try served.helper("pod://fails")
        #expect(!helper.succeeded)
        #expect(helper.errors.contains("no such container"))
        #expect(!(try served.attempt("fetch", "fails").succeeded))
    }

    @Test("a gitdir that is no repository is named")
    func noRepository() throws {
        let served = try ServedPod()
        let helper = try served.helper("pod://libssh2\(served.pod.root)/nothing.git")
        #expect(!helper.succeeded)
        #expect(helper.errors.contains("nothing.git"))
    }

    @Test("a bridge on a forced command without a root serves nobody")
    func rootless() throws {
        let served = try ServedPod()
        let other = try SSHKey(.ed25519, at: served.pod.folder.file("other"))
        try served.server.authorize(
            other.publicLine, options: SSHServer.forced("\(Products.path("git-pod")) bridge"))
        try served.name("rootless", way: .libssh2, settings: ["identityFile": other.path])
        let helper = try served.helper("pod://rootless")
        #expect(helper.status == .exited(ExitCode.refused.rawValue), "\(helper.errors)")
    }
}

// What only an origin reached by SSH can get wrong.

import Git
import Model
import POSIX
import TestSupport
import Testing
import Transport

@Suite("An origin over SSH")
struct SSHOriginTests {
    private func failure(_ work: OriginAtWork) throws -> OriginFailure {
        let failure = try #require(throws: OriginFailure.self) {
            _ = try work.origin.fetch(branch: OriginAtWork.main)
        }
        #expect(!failure.message.contains("\n"))
        return failure
    }

    @Test("may be read and not written with a read-only key", arguments: SSHBackend.allCases)
    func readOnly(backend: SSHBackend) throws {
        let work = try OriginAtWork(.ssh)
        work.settings.deployKey = work.there.readOnlyKey
        work.settings.sshBackend = backend
        #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1)
        let failure = try #require(throws: OriginFailure.self) { _ = try work.pushAhead() }
        #expect(failure.reason == .readOnlyKey && failure.failure.kind == .refused, "\(failure)")
        #expect(failure.message.contains("marked as read only"), "\(failure)")
    }

    @Test("refuses a key that it does not know", arguments: SSHBackend.allCases)
    func wrongKey(backend: SSHBackend) throws {
        let work = try OriginAtWork(.ssh)
        work.settings.deployKey = try SSHKey(.ed25519, at: work.pod.folder.file("stranger")).path
        work.settings.sshBackend = backend
        let failure = try failure(work)
        #expect(failure.reason == .authentication && failure.failure.kind == .refused, "\(failure)")
        #expect(failure.message.contains("deploy"), "\(failure)")
    }

    @Test("with another host key is not talked to", arguments: SSHBackend.allCases)
    func hostKey(backend: SSHBackend) throws {
        let work = try OriginAtWork(.ssh)
        work.settings.sshBackend = backend
        work.settings.knownHosts = try work.there.otherKnownHosts()
        let changed = try failure(work)
        #expect(changed.reason == .hostKey && changed.failure.kind == .refused, "\(changed)")
        let nothing = work.pod.folder.file("nothing")
        try writeFile(nothing, "")
        work.settings.knownHosts = nothing
        #expect(try failure(work).reason == .hostKey)
        work.settings.hostKeyCheck = .acceptNew
        #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1)
        #expect(contents(nothing).contains("ssh-ed25519"))
    }

    @Test("is reached with every kind of key and client", arguments: SSHKey.Kind.allCases)
    func keys(kind: SSHKey.Kind) throws {
        let work = try OriginAtWork(.ssh)
        let key = try SSHKey(kind, at: work.pod.folder.file("another"))
        try work.there.authorize(key)
        work.settings.deployKey = key.path
        #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1)
        work.settings.sshBackend = .openssh
        #expect(try work.pushAhead() == .done)
    }

    @Test("is offered no key but the deploy key")
    func onlyDeployKey() throws {
        let work = try OriginAtWork(.ssh)
        let agent = try SSHAgent([try SSHKey(.ed25519, at: work.pod.folder.file("personal"))])
        try work.there.authorize(try SSHKey(.ecdsa, at: work.pod.folder.file("held")))
        let held = try SSHKey(.ed25519, at: work.pod.folder.file("mine"))
        try agent.add(held)
        try work.there.authorize(held)
        let agentOnly = Environment(
            ["SSH_AUTH_SOCK": agent.socket, "HOME": work.pod.folder.path],
            accountHome: work.pod.folder.path, accountName: "nobody")
        work.settings.environment = agentOnly
        work.settings.deployKey = try SSHKey(.ed25519, at: work.pod.folder.file("stranger")).path
        #expect(try failure(work).reason == .authentication)
        work.settings.deployKey = nil
        #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1)
    }

    @Test("gets no key that ssh would not use")
    func keyFiles() throws {
        let work = try OriginAtWork(.ssh)
        let key = try #require(work.there.deployKey)
        try run(["chmod", "0644", key]).check()
        for backend in SSHBackend.allCases {
            work.settings.sshBackend = backend
            let open = try failure(work)
            #expect(open.failure.kind == .configuration && open.reason == .authentication)
            #expect(open.failure.hint == "chmod 600 \(key)")
        }
        work.settings.deployKey = "/nonexistent/key"
        let missing = try failure(work)
        #expect(missing.failure.kind == .configuration, "\(missing)")
        #expect(missing.message.contains("/nonexistent/key"), "\(missing)")
        #expect(missing.message.contains("--deploy-key"), "\(missing)")
    }

    @Test("gets a key whose file lacks the end of its last line, or is told of it")
    func unendedKey() throws {
        let work = try OriginAtWork(.ssh)
        let key = try #require(work.there.deployKey)
        let content = try readFile(key)
        try removeFile(key)
        try writeNewFile(key, Array(content.dropLast()), mode: 0o600)
        work.settings.sshBackend = .libssh2
        for _ in 1...5 { _ = try work.origin.defaultBranch() }
        work.settings.sshBackend = .openssh
        let failure = try failure(work)
        #expect(failure.failure.kind == .configuration, "\(failure)")
        #expect(failure.message.contains("\(key) has no end of line"), "\(failure)")
    }

    @Test("gets no encrypted key, and nobody is asked to open it", arguments: SSHBackend.allCases)
    func encryptedKey(backend: SSHBackend) throws {
        let work = try OriginAtWork(.ssh)
        let key = try SSHKey(.ed25519, at: work.pod.folder.file("locked"))
        try work.there.authorize(key)
        try run(["ssh-keygen", "-q", "-p", "-N", "secret", "-f", key.path]).check()
        work.settings.deployKey = key.path
        work.settings.sshBackend = backend
        let failure = try failure(work)
        #expect(failure.reason == .authentication, "\(failure)")
        #expect(failure.failure.kind == .configuration, "\(failure)")
        #expect(failure.message.contains("the key file \(key.path) is encrypted"), "\(failure)")
    }

    @Test("that says nothing at all is given up in time", arguments: SSHBackend.allCases)
    func silentPeer(backend: SSHBackend) throws {
        let work = try OriginAtWork(.ssh)
        let listener = try Loopback.listener()
        work.settings.url = try OriginURL(
            "ssh://nobody@127.0.0.1:\(Loopback.port(of: listener.raw))/r.git")
        work.settings.sshBackend = backend
        work.settings.connectTimeout = .milliseconds(400)
        work.settings.idleTimeout = .seconds(5)
        let failure = try failure(work)
        #expect(failure.reason == .timeout && failure.failure.kind == .unreachable, "\(failure)")
    }

    private func closedPort() throws -> UInt16 {
        let listener = try Loopback.listener()
        return Loopback.port(of: listener.raw)
    }

    @Test("that does not listen is unreachable", arguments: SSHBackend.allCases)
    func noListener(backend: SSHBackend) throws {
        let work = try OriginAtWork(.ssh)
        let port = try closedPort()
        work.settings.url = try OriginURL("ssh://nobody@127.0.0.1:\(port)/r.git")
        work.settings.sshBackend = backend
        let failure = try failure(work)
        #expect(failure.reason == .unreachable, "\(failure)")
    }

    @Test(
        "leaves no ssh behind however git-pod is ended",
        arguments: [Signals.kill, Signals.terminate])
    func killed(signal: Int32) throws {
        let work = try OriginAtWork(.ssh)
        let started = work.pod.folder.file("started")
        try writeFile(
            "\(work.there.path)/hooks/pre-receive",
            "#!/bin/sh\n: >'\(started)'\n\(work.pod.folder.standStill)\n", mode: 0o755)
        let child = try ChildProcess(
            [
                Products.path("git-pod"), "push", "--repo", work.pod.gitdir, "--origin",
                work.there.url, "--deploy-key", try #require(work.there.deployKey),
                "--known-hosts", try #require(work.there.knownHosts), "--ssh-backend", "openssh",
            ], environment: work.pod.home.environment(), error: .null)
        defer { child.signal(Signals.kill) }
        #expect(eventually { exists(started) })
        child.signal(signal)
        #expect(child.waitForExit(until: .longEnough) != nil)
        #expect(
            eventually {
                !Processes.withArgument(containing: work.there.path).contains { process in
                    Processes.arguments(of: process).first?.split(separator: "/").last == "ssh"
                }
            })
    }

    @Test("whose far side hangs leaves no ssh behind")
    func abandoned() throws {
        let work = try OriginAtWork(.ssh)
        try writeFile(
            "\(work.there.path)/hooks/pre-receive",
            "#!/bin/sh\n\(work.pod.folder.standStill)\n", mode: 0o755)
        work.settings.sshBackend = .openssh
        work.settings.idleTimeout = .milliseconds(600)
        work.settings.connectTimeout = .seconds(3)
        #expect(throws: OriginFailure.self) { try work.pushAhead() }
        #expect(
            eventually {
                !Processes.withArgument(containing: work.there.path).contains { process in
                    Processes.arguments(of: process).first?.split(separator: "/").last == "ssh"
                }
            })
    }
}

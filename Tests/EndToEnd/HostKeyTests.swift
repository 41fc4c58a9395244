// Who is at the other end: nothing is said to a server whose host key is not the known one.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A pod is spoken to only if its host key is known")
struct HostKeyTests {
    /// libssh2, openssh, and our own choice between them.
    static let backends = ["libssh2", "openssh", "auto"]

    /// Fetches with `lines` as the known_hosts file.
    private func fetch(
        _ served: ServedPod, _ backend: String, knownHosts lines: String
    ) throws -> Finished {
        try writeFile(served.knownHosts, lines)
        try served.name(
            "asked-\(backend)", way: .libssh2, settings: ["sshBackend": backend])
        return try served.helper("pod://asked-\(backend)")
    }

    /// Fetches from a pod with host keys of these `kinds`, which known_hosts has as `lines` says.
    private func expectSuccess(
        _ backend: String, hostKeys kinds: [SSHKey.Kind] = [.ed25519],
        knownHosts lines: (SSHServer) throws -> String
    ) throws {
        let served = try ServedPod(hostKeys: kinds)
        let helper = try fetch(served, backend, knownHosts: lines(served.server))
        #expect(helper.succeeded, "\(helper.errors)")
    }

    /// A known_hosts line with a key that is not the server's.
    private func lineOfAnotherKey(_ served: ServedPod) throws -> String {
        let other = try SSHKey(.ed25519, at: served.pod.folder.file("other"))
        return "[127.0.0.1]:\(served.server.port) \(other.publicLine)\n"
    }

    private func expectRefusal(_ helper: Finished, _ served: ServedPod, saying words: String...) {
        #expect(helper.status == .exited(ExitCode.refused.rawValue), "\(helper.errors)")
        #expect(words.contains { helper.errors.contains($0) }, "\(helper.errors)")
        #expect(helper.errors.contains("host key"), "\(helper.errors)")
        // sshd logs every key that is offered, and every user who is let in.
        #expect(!served.server.log.contains("publickey"))
    }

    @Test("an unknown one is refused, and nothing is sent", arguments: backends)
    func unknown(backend: String) throws {
        let served = try ServedPod()
        let helper = try fetch(served, backend, knownHosts: "")
        expectRefusal(helper, served, saying: "is not in", "is known for")
    }

    @Test("a changed one is refused, and no other client is tried", arguments: backends)
    func changed(backend: String) throws {
        let served = try ServedPod()
        let line = try lineOfAnotherKey(served)
        let helper = try fetch(served, backend, knownHosts: line)
        expectRefusal(helper, served, saying: "is not the one", "changed")
        if backend == "auto" {
            #expect(served.pod.home.sshCalls.allSatisfy { $0.contains("-G") })
        }
    }

    @Test("a revoked one is refused, though another line knows it", arguments: backends)
    func revoked(backend: String) throws {
        let served = try ServedPod()
        let known = try served.server.knownHosts()
        let helper = try fetch(served, backend, knownHosts: known + "@revoked \(known)")
        expectRefusal(helper, served, saying: "revoked")
    }

    @Test("a hashed line knows it", arguments: backends)
    func hashed(backend: String) throws {
        try expectSuccess(backend) { try $0.knownHosts(hashed: true) }
    }

    @Test("a line that ends as on Windows knows it", arguments: backends)
    func carriageReturns(backend: String) throws {
        try expectSuccess(backend) { server in
            try server.knownHosts().split(separator: "\n").map { "\($0)\r\n" }.joined()
        }
    }

    @Test(
        "of a host with several keys, one that only ssh can check is no false alarm",
        arguments: ["openssh", "auto"])
    func onlyRSAIsKnown(backend: String) throws {
        try expectSuccess(backend, hostKeys: [.ed25519, .rsa]) { server in
            "[127.0.0.1]:\(server.port) \(server.hostKeys[1].publicLine)\n"
        }
    }

    @Test("a line without the port knows it, as OpenSSH has it", arguments: backends)
    func portless(backend: String) throws {
        try expectSuccess(backend) { "127.0.0.1 \($0.hostKeys[0].publicLine)\n" }
    }

    @Test("a line for another port of the host does not", arguments: backends)
    func otherPort(backend: String) throws {
        let served = try ServedPod()
        let line = try served.server.knownHosts(port: served.server.port ^ 1)
        expectRefusal(
            try fetch(served, backend, knownHosts: line), served, saying: "is not in",
            "is known for")
    }

    @Test("a wildcard line knows it, by way of ssh if need be", arguments: ["openssh", "auto"])
    func wildcard(backend: String) throws {
        try expectSuccess(backend) { server in
            "[127.0.0.*]:\(server.port) \(server.hostKeys[0].publicLine)\n"
        }
    }

    @Test("of a host with several keys, the kind that is known is asked for", arguments: backends)
    func several(backend: String) throws {
        try expectSuccess(backend, hostKeys: [.ed25519, .ecdsa, .rsa]) { server in
            try "\(server.knownHosts().split(separator: "\n")[1])\n"
        }
    }

    @Test("a host with an RSA key alone is reached by way of ssh", arguments: ["openssh", "auto"])
    func rsaHost(backend: String) throws {
        try expectSuccess(backend, hostKeys: [.rsa]) { try $0.knownHosts() }
    }

    @Test("a certificate authority vouches for it, by way of ssh", arguments: ["openssh", "auto"])
    func certificate(backend: String) throws {
        let folder = try TemporaryDirectory()
        let authority = try SSHKey(.ed25519, at: folder.file("authority"))
        let host = try SSHKey(.ed25519, at: folder.file("host"))
        try run([
            "ssh-keygen", "-q", "-s", authority.path, "-I", "pod", "-h", "-n", "127.0.0.1",
            "\(host.path).pub",
        ]).check()
        let served = try ServedPod()
        let server = try SSHServer(
            hostKeys: [],
            lines: ["HostKey \(host.path)", "HostCertificate \(host.path)-cert.pub"])
        try server.authorize(
            served.key.publicLine, options: SSHServer.forced(ServedPod.bridge(served.pod)))
        try served.name(
            "signed", way: .libssh2, port: server.port, settings: ["sshBackend": backend])
        try writeFile(served.knownHosts, "@cert-authority [127.0.0.*]:* \(authority.publicLine)\n")
        let helper = try served.helper("pod://signed")
        #expect(helper.succeeded, "\(helper.errors)")
    }

    @Test("accept-new writes it down, and it is known from then on", arguments: backends)
    func acceptNew(backend: String) throws {
        let served = try ServedPod()
        try served.pod.home.configure("pod.strictHostKeyChecking", "accept-new")
        let first = try fetch(served, backend, knownHosts: "")
        #expect(first.succeeded, "\(first.errors)")
        let written = contents(served.knownHosts)
        #expect(written.contains(served.server.hostKeys[0].publicLine))
        try served.pod.home.configure("pod.strictHostKeyChecking", "yes")
        #expect(try fetch(served, backend, knownHosts: written).succeeded)
    }

    @Test("accept-new refuses a changed one all the same", arguments: backends)
    func acceptNewChanged(backend: String) throws {
        let served = try ServedPod()
        try served.pod.home.configure("pod.strictHostKeyChecking", "accept-new")
        let line = try lineOfAnotherKey(served)
        let helper = try fetch(served, backend, knownHosts: line)
        expectRefusal(helper, served, saying: "is not the one", "changed")
        #expect(contents(served.knownHosts) == line)
    }

    /// Names the known_hosts file, with `lines`, in ssh's own configuration instead of in ours.
    private func knownHosts(_ served: ServedPod, in name: String, _ lines: String) throws
        -> String
    {
        try served.pod.home.git(
            "config", "--file", served.pod.home.configuration, "--unset", "pod.knownHosts")
        let file = served.pod.folder.file(name)
        try writeFile(file, lines)
        try writeFile(
            served.pod.home.sshConfiguration,
            "UserKnownHostsFile \"\(file)\"\nGlobalKnownHostsFile none\n")
        return file
    }

    @Test("also where ssh's configuration names a file with a blank", arguments: backends)
    func blank(backend: String) throws {
        let served = try ServedPod()
        try served.name("blank", way: .libssh2, settings: ["sshBackend": backend])
        let file = try knownHosts(served, in: "known hosts", served.server.knownHosts())
        let known = try served.helper("pod://blank")
        // ssh prints such a name without quotes, and only ssh knows what it means.
        let configuration = ExitStatus.exited(ExitCode.configuration.rawValue)
        #expect(known.status == (backend == "libssh2" ? configuration : .exited(0)), "\(known)")

        try served.pod.home.configure("pod.strictHostKeyChecking", "accept-new")
        let line = try lineOfAnotherKey(served)
        try writeFile(file, line)
        let changed = try served.helper("pod://blank")
        let refused = ExitStatus.exited(ExitCode.refused.rawValue)
        #expect(changed.status == (backend == "libssh2" ? configuration : refused), "\(changed)")
        #expect(contents(file) == line)
    }

    @Test("and a file too large for us is left to ssh", arguments: backends)
    func largeFile(backend: String) throws {
        let served = try ServedPod()
        let rest = String(repeating: "# nobody\n", count: 500_000)
        let helper = try fetch(
            served, backend, knownHosts: rest + served.server.knownHosts())
        let configuration = ExitStatus.exited(ExitCode.configuration.rawValue)
        #expect(helper.status == (backend == "libssh2" ? configuration : .exited(0)), "\(helper)")
    }

    @Test("and a folder in the file's place is named")
    func folder() throws {
        let served = try ServedPod()
        let folder = try served.pod.folder.folder("known")
        try served.name("folder", way: .libssh2, settings: ["knownHosts": folder])
        let helper = try served.helper("pod://folder")
        #expect(helper.status == .exited(ExitCode.configuration.rawValue))
        #expect(helper.errors.contains("cannot read \(folder): Is a directory"), "\(helper.errors)")
    }

    @Test(
        "accept-new begins a line of its own behind one that has no end",
        arguments: ["libssh2", "auto"])
    func openLine(backend: String) throws {
        let served = try ServedPod()
        try served.pod.home.configure("pod.strictHostKeyChecking", "accept-new")
        let line = "other.example \(served.server.hostKeys[0].publicLine)"
        let helper = try fetch(served, backend, knownHosts: line)
        #expect(helper.succeeded, "\(helper.errors)")
        let lines = contents(served.knownHosts).split(separator: "\n")
        #expect(lines.count == 2 && lines[0] == line[...], "\(lines)")
    }
}

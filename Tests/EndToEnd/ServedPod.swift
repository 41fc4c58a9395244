// A pod that an operator can reach: real sshd, real bridge, and git configured as the docs say.

import Model
import POSIX
import TestSupport

/// The ways that a fetch can take to the same pod. Each is the name of a `[pod]` section, too.
enum Way: String, Sendable, CaseIterable {
    /// Our SSH client.
    case libssh2
    /// The user's `ssh`.
    case openssh
    /// A command that reaches the pod, here without leaving the machine.
    case command

    static let ssh: [Way] = [.libssh2, .openssh]
}

/// A ``PodFixture`` behind an sshd whose forced command is the bridge.
final class ServedPod: Sendable {
    let pod: PodFixture
    let server: SSHServer
    /// The operator's key, which the pod lets in.
    let key: SSHKey
    /// The operator's known_hosts file.
    let knownHosts: String

    /// The command that sshd forces: the bridge for the pod's root, with `options`.
    static func bridge(_ pod: PodFixture, _ options: [String] = []) -> String {
        ([Products.path("git-pod"), "bridge", "--root", pod.root] + options)
            .joined(separator: " ")
    }

    /// Starts it all. `bridge` is added to the bridge's command line, `prefix` put before it, and
    /// `sshd` are lines for sshd_config(5).
    init(
        key kind: SSHKey.Kind = .ed25519, hostKeys: [SSHKey.Kind] = [.ed25519],
        bridge options: [String] = [], prefix: String = "", sshd lines: [String] = []
    ) throws(Failure) {
        pod = try PodFixture()
        server = try SSHServer(hostKeys: hostKeys, lines: lines)
        key = try SSHKey(kind, at: pod.home.directory.file("operator_key"))
        let command = prefix + Self.bridge(pod, options)
        try server.authorize(key.publicLine, options: SSHServer.forced(command))
        knownHosts = pod.home.directory.file("known_hosts")
        try writeFile(knownHosts, server.knownHosts())
        try pod.home.configure("pod.identityFile", key.path)
        try pod.home.configure("pod.knownHosts", knownHosts)
        for way in Way.allCases { try name(way.rawValue, way: way) }
    }

    /// Writes a section `[pod "name"]` that leads to the gitdir, and makes it a remote of the
    /// operator's clone. `port` is the port of a proxy before sshd.
    func name(
        _ name: String, way: Way, port: UInt16? = nil, settings: [String: String] = [:]
    ) throws(Failure) {
        var lines = ["path": pod.gitdir]
        if way == .command {
            lines["transport"] = "command"
            lines["command"] = "env"
        } else {
            lines["transport"] = "ssh"
            lines["sshBackend"] = way.rawValue
            lines["host"] = "127.0.0.1"
            lines["port"] = "\(port ?? server.port)"
            lines["user"] = server.user
        }
        if let port, port != server.port {
            try appendToFile(knownHosts, server.knownHosts(port: port), mode: 0o644)
        }
        lines.merge(settings) { $1 }
        let section = lines.map { "\t\($0.key) = \($0.value)\n" }.joined()
        let remote =
            "[remote \"\(name)\"]\n\turl = pod://\(name)\n"
            + "\tfetch = +refs/heads/*:refs/remotes/\(name)/*\n"
        try appendToFile(
            pod.home.configuration, "[pod \"\(name)\"]\n\(section)\(remote)", mode: 0o644)
    }

    /// The address that needs no section.
    var address: String { "pod://\(server.user)@127.0.0.1:\(server.port)\(pod.gitdir)" }

    /// Runs git in the operator's clone and returns what it wrote.
    @discardableResult
    func git(_ arguments: String...) throws(Failure) -> String {
        try pod.home.attempt(arguments, at: pod.clone).check().output
    }

    /// Runs git in the operator's clone, whatever comes of it.
    func attempt(
        _ arguments: String..., environment: [String: String] = [:],
        timeout: Duration = longEnough
    ) throws(Failure) -> Finished {
        try pod.home.attempt(
            arguments, at: pod.clone, environment: environment, timeout: timeout)
    }

    /// Runs the helper as git would. Unless told otherwise, the conversation ends where git would
    /// ask for refs.
    func helper(
        _ address: String, service: String = "git-upload-pack", saying words: String = "0000",
        environment: [String: String] = [:], timeout: Duration = longEnough
    ) throws(Failure) -> Finished {
        try startHelper(address, service: service, saying: words, environment: environment)
            .finish(timeout: timeout)
    }

    /// Starts the helper beside the test.
    func startHelper(
        _ address: String, service: String = "git-upload-pack", saying words: String = "0000",
        environment: [String: String] = [:]
    ) throws(Failure) -> RunningCommand {
        var variables = environment
        variables["GIT_DIR"] = "\(pod.clone)/.git"
        return try RunningCommand(
            [Products.path("git-remote-pod"), "pod", address],
            environment: pod.home.environment(variables),
            input: Array("capabilities\nconnect \(service)\n\(words)".utf8))
    }

    /// What git would say to have all of a branch, in protocol version 0.
    func request(for branch: String) throws(Failure) -> String {
        let tip = try branches()[branch] ?? ""
        return packetLine("want \(tip) side-band-64k ofs-delta no-progress\n") + "0000"
            + packetLine("done\n")
    }

    /// The branches that the operator's clone has of a remote.
    func branches(of remote: Way) throws(Failure) -> [String: String] {
        try pod.refs(in: pod.clone, below: "refs/remotes/\(remote.rawValue)/")
    }

    /// The branches that the pod has.
    func branches() throws(Failure) -> [String: String] {
        try pod.refs(in: pod.gitdir, below: "refs/heads/")
    }
}

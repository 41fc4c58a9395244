// A real sshd on loopback with keys of its own: what a pod's sshd is to an operator.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// OpenSSH's server on 127.0.0.1, run by whoever runs the tests, root or not.
public final class SSHServer: Sendable {
    public let port: UInt16
    /// The one user it lets in: the one that runs the tests.
    public let user: String
    /// Its host keys, the first one first.
    public let hostKeys: [SSHKey]
    private let folder: TemporaryDirectory
    private let daemon: Locked<Daemon>

    /// What it wrote to its log.
    public var log: String { contents(folder.file("log")) }

    /// The process that listens.
    public var process: pid_t { daemon.with { $0.process } }

    /// Starts a server with a fresh host key of each of `hostKinds` and with `lines` added to its
    /// configuration (sshd_config(5)), ahead of its own.
    ///
    /// - Throws: ``Failure`` with the server's own words if it does not start.
    public init(hostKeys hostKinds: [SSHKey.Kind] = [.ed25519], lines: [String] = [])
        throws(Failure)
    {
        let folder = try TemporaryDirectory()
        self.folder = folder
        user = try run(["id", "-un"]).check().output
        var keys: [SSHKey] = []
        for kind in hostKinds {
            keys.append(try SSHKey(kind, at: folder.file("host_\(kind.rawValue)")))
        }
        hostKeys = keys
        try writeFile(folder.file("authorized_keys"), "", mode: 0o600)
        // Debian's sshd, run by root, wants this folder; its service makes it at each boot.
        if currentUser() == 0 { try run(["mkdir", "-p", "-m", "0755", "/run/sshd"]).check() }
        let started = try Self.start(keys: keys, lines: lines, in: folder)
        (port, daemon) = (started.0, Locked(started.1))
    }

    /// Starts it again where it was, after somebody has killed its process. Connections that the
    /// killed one had taken go on.
    public func restart() throws(Failure) {
        let deadline = Deadline.longEnough
        while !deadline.hasPassed {
            guard let next = try Self.listen(in: folder) else { continue }
            let killed = daemon.with { daemon in
                defer { daemon = next }
                return daemon
            }
            return killed.stop()
        }
        throw Failure(.failed, "sshd did not start again: \(log)")
    }

    /// Lets the owner of `publicLine` in, with the options of authorized_keys (sshd(8)).
    public func authorize(_ publicLine: String, options: [String] = []) throws(Failure) {
        let prefix = options.isEmpty ? "" : options.joined(separator: ",") + " "
        try appendToFile(folder.file("authorized_keys"), prefix + publicLine + "\n", mode: 0o600)
    }

    /// A forced command (`command="…"`), with nothing else allowed.
    public static func forced(_ command: String) -> [String] {
        let quoted = command.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return ["command=\"\(quoted)\"", "restrict"]
    }

    /// The lines that belong into a known_hosts file for this server, a line a host key.
    public func knownHosts(hashed: Bool = false, port: UInt16? = nil) throws(Failure) -> String {
        let lines = hostKeys.map { "[127.0.0.1]:\(port ?? self.port) \($0.publicLine)\n" }.joined()
        guard hashed else { return lines }
        let scratch = try TemporaryDirectory()
        try writeFile(scratch.file("known_hosts"), lines)
        try run(["ssh-keygen", "-q", "-H", "-f", scratch.file("known_hosts")]).check()
        return contents(scratch.file("known_hosts"))
    }

    /// Writes the configuration for a free port and starts the server; another try if somebody
    /// takes the port meanwhile.
    private static func start(
        keys: [SSHKey], lines: [String], in folder: TemporaryDirectory
    ) throws(Failure) -> (UInt16, Daemon) {
        for _ in 0..<5 {
            let port = try freePort()
            try writeFile(folder.file("config"), configuration(port, keys, lines, folder))
            if let daemon = try listen(in: folder) { return (port, daemon) }
        }
        throw Failure(.failed, "sshd did not start: \(contents(folder.file("log")))")
    }

    /// A server by the configuration that is there; nil if it cannot have its port.
    private static func listen(in folder: TemporaryDirectory) throws(Failure) -> Daemon? {
        try writeFile(folder.file("log"), "")
        let program = findProgram("sshd") ?? "/usr/sbin/sshd"
        let daemon = try Daemon(
            [program, "-D", "-f", folder.file("config"), "-E", folder.file("log")])
        let listens = eventually {
            contents(folder.file("log")).contains("Server listening") || !daemon.isRunning
        }
        return listens && daemon.isRunning ? daemon : nil
    }

    private static func freePort() throws(Failure) -> UInt16 {
        let listener = try Loopback.listener()
        return Loopback.port(of: listener.raw)
    }

    private static func configuration(
        _ port: UInt16, _ keys: [SSHKey], _ lines: [String], _ folder: TemporaryDirectory
    ) -> String {
        (lines + keys.map { "HostKey \($0.path)" } + [
            "ListenAddress 127.0.0.1",
            "Port \(port)",
            "PidFile none",
            "AuthorizedKeysFile \(folder.file("authorized_keys"))",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "StrictModes no",
            "UsePAM no",
            "MaxStartups 100",
            // Not the account's own: its shell's start-up files are none of ours, and may be slow.
            "SetEnv HOME=\(folder.path)",
            "LogLevel VERBOSE",
            "UseDNS no",
            "PrintMotd no",
            "PrintLastLog no",
            // bash then takes itself for a shell within a shell: what the machine's user has in
            // .bashrc is no part of a test, and a test that kills must not kill in there.
            "SetEnv SHLVL=1",
        ]).joined(separator: "\n") + "\n"
    }
}

// Keys and the agent that holds them, made by OpenSSH's own tools.

import Model
import POSIX

/// A key pair on disk, as `ssh-keygen` makes it.
public struct SSHKey: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case ed25519, ecdsa, rsa
    }

    public let kind: Kind
    /// The private key's file; the public one has `.pub` after it.
    public let path: String

    /// `TYPE BASE64`, without a comment.
    public var publicLine: String {
        contents(path + ".pub").split(separator: " ").prefix(2).joined(separator: " ")
            .replacing("\n", with: "")
    }

    /// Makes a key at `path`, encrypted if `passphrase` is not empty.
    public init(_ kind: Kind, at path: String, passphrase: String = "") throws(Failure) {
        self.kind = kind
        self.path = path
        let bits = kind == .rsa ? ["-b", "2048"] : []
        try run(
            ["ssh-keygen", "-q", "-t", kind.rawValue, "-C", "", "-N", passphrase, "-f", path] + bits
        ).check()
    }
}

/// An `ssh-agent` of a test's own.
public final class SSHAgent: Sendable {
    private let folder: TemporaryDirectory
    private let daemon: Daemon
    /// What `SSH_AUTH_SOCK` must say to reach it.
    public var socket: String { folder.file("agent") }

    /// Starts an agent and adds `keys` to it, which must not be encrypted.
    public init(_ keys: [SSHKey] = []) throws(Failure) {
        folder = try TemporaryDirectory()
        daemon = try Daemon(["ssh-agent", "-D", "-a", folder.file("agent")])
        // The socket's file is there before anybody listens on it. 2: nobody answers.
        let listens = eventually {
            (try? run(["ssh-add", "-l"], environment: ["SSH_AUTH_SOCK=\(folder.file("agent"))"]))
                .map { $0.status != .exited(2) } ?? false
        }
        guard listens else { throw Failure(.failed, "ssh-agent did not start") }
        for key in keys { try add(key) }
    }

    /// Adds a key.
    public func add(_ key: SSHKey) throws(Failure) {
        let environment = currentEnvironment() + ["SSH_AUTH_SOCK=\(socket)"]
        try run(["ssh-add", "-q", key.path], environment: environment).check()
    }
}

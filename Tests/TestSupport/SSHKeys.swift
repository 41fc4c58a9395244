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

    /// Starts an agent and adds `keys` to it, which must not be encrypted. With `question`, variables
    /// that name an askpass program, that is asked before each signature.
    public init(
        _ keys: [SSHKey] = [], confirmedBy question: [String: String]? = nil
    ) throws(Failure) {
        folder = try TemporaryDirectory()
        daemon = try Daemon(
            ["ssh-agent", "-D", "-a", folder.file("agent")],
            environment: currentEnvironment() + (question ?? [:]).map { "\($0.key)=\($0.value)" })
        // The socket's file is there before anybody listens on it. 2: nobody answers.
        let listens = eventually {
            (try? run(["ssh-add", "-l"], environment: ["SSH_AUTH_SOCK=\(folder.file("agent"))"]))
                .map { $0.status != .exited(2) } ?? false
        }
        guard listens else { throw Failure(.failed, "ssh-agent did not start") }
        for key in keys { try add(key, asking: question != nil) }
    }

    /// Adds a key; with `asking`, one that the agent's user is asked about each time.
    public func add(_ key: SSHKey, asking: Bool = false) throws(Failure) {
        let environment = currentEnvironment() + ["SSH_AUTH_SOCK=\(socket)"]
        let options = ["-q"] + (asking ? ["-c"] : [])
        try run(["ssh-add"] + options + [key.path], environment: environment).check()
    }
}

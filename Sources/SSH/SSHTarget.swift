// Everything that one SSH connection is made from. Transport fills it in from git config and
// `ssh -G`; nothing in this module looks at the environment.

import Model
import POSIX

/// What to do about a host whose key no known_hosts line has.
public enum HostKeyPolicy: Sendable, Equatable {
    /// Refuse.
    case strict
    /// Trust it, and write it down for the next time.
    case acceptNew
}

/// What messages call the far side, and the settings that a reader may have to change.
public struct SSHWords: Sendable {
    /// Who is over there: "the pod".
    public var peer: String
    /// What names the private key.
    public var keySetting: String
    /// Where the public key must be for us to be let in.
    public var keyPlace: String
    /// What says how long connecting may take.
    public var timeoutSetting: String

    public init(peer: String, keySetting: String, keyPlace: String, timeoutSetting: String) {
        self.peer = peer
        self.keySetting = keySetting
        self.keyPlace = keyPlace
        self.timeoutSetting = timeoutSetting
    }

    /// The far side is a pod's sshd.
    public static let pod = SSHWords(
        peer: "the pod", keySetting: "identityFile", keyPlace: "the pod's authorized_keys",
        timeoutSetting: "connectTimeout")

    /// The far side is origin, which an engine pushes to.
    public static let origin = SSHWords(
        peer: "origin", keySetting: "pod.deployKey (--deploy-key)",
        keyPlace: "origin's deploy keys", timeoutSetting: "pod.connectTimeout")
}

/// The algorithms that may be used with a host, by their names on the wire; nil is any.
public struct SSHAlgorithms: Sendable, Equatable {
    public var keyExchanges: [String]?
    public var hostKeys: [String]?
    public var ciphers: [String]?
    /// Message authentication codes.
    public var codes: [String]?

    public init(
        keyExchanges: [String]? = nil, hostKeys: [String]? = nil, ciphers: [String]? = nil,
        codes: [String]? = nil
    ) {
        self.keyExchanges = keyExchanges
        self.hostKeys = hostKeys
        self.ciphers = ciphers
        self.codes = codes
    }
}

/// A far sshd and who we are to it.
public struct SSHTarget: Sendable {
    public var host: String
    public var port: UInt16
    public var user: String
    /// The name to look up in known_hosts instead of the host (`HostKeyAlias`).
    public var hostKeyAlias: String?
    /// Searched in order; the first one takes new keys.
    public var knownHostsFiles: [String]
    public var policy: HostKeyPolicy
    /// Private key files, in the order to try them.
    public var identityFiles: [String]
    /// Whether the user named the files, so that a missing one is an error.
    public var identitiesAreExplicit: Bool
    /// Whether keys that only the agent has are left alone (`IdentitiesOnly`).
    public var identitiesOnly: Bool
    /// The agent's socket, if there is one.
    public var agentSocket: String?
    /// How often to show a sign of life on a quiet connection.
    public var keepAlive: Duration
    /// What the user's configuration allows.
    public var algorithms: SSHAlgorithms
    /// How messages speak of it.
    public var words: SSHWords

    public init(
        host: String, port: UInt16, user: String, hostKeyAlias: String? = nil,
        knownHostsFiles: [String], policy: HostKeyPolicy = .strict, identityFiles: [String] = [],
        identitiesAreExplicit: Bool = false, identitiesOnly: Bool = false,
        agentSocket: String? = nil, keepAlive: Duration = .seconds(15),
        algorithms: SSHAlgorithms = SSHAlgorithms(), words: SSHWords = .pod
    ) {
        self.host = host
        self.port = port
        self.user = user
        self.hostKeyAlias = hostKeyAlias
        self.knownHostsFiles = knownHostsFiles
        self.policy = policy
        self.identityFiles = identityFiles
        self.identitiesAreExplicit = identitiesAreExplicit
        self.identitiesOnly = identitiesOnly
        self.agentSocket = agentSocket
        self.keepAlive = keepAlive
        self.algorithms = algorithms
        self.words = words
    }

    /// For messages.
    var place: String { port == 22 ? host : "\(host) port \(port)" }
}

/// What the connection needs from a person, or tells one.
public protocol SSHConversationalist: AnyObject {
    /// The passphrase of an encrypted key; nil if there is nobody to ask. `again` after a wrong one.
    func passphrase(for keyFile: String, again: Bool) -> String?
    /// A line that only `-v` shows.
    func note(_ line: String)
}

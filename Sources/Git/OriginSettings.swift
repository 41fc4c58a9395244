// What the operations on origin are told: where it is, with what keys, and how long to wait. The
// engine fills it in from flags, environment and config.

import Model
import POSIX
import Transport

/// How far an operation on origin has come.
public struct OriginProgress: Sendable, Equatable {
    public enum Stage: String, Sendable {
        case receiving, resolving, sending
    }

    public let stage: Stage
    /// Objects so far.
    public let done: Int
    /// Objects in all; 0 while that is not known.
    public let total: Int
    /// Bytes so far; 0 where that is not told.
    public let bytes: Int

    public init(_ stage: Stage, done: Int, total: Int, bytes: Int) {
        self.stage = stage
        self.done = done
        self.total = total
        self.bytes = bytes
    }
}

/// One origin and how to deal with it.
public struct OriginSettings: Sendable {
    public var url: OriginURL
    /// The private key file for SSH. If set, no other key is offered: origin takes the first key
    /// that it knows, whoever's that is.
    public var deployKey: String?
    public var knownHosts: String?
    public var hostKeyCheck: HostKeyCheck?
    public var sshBackend: SSHBackend = .auto
    /// The file that holds the token for HTTPS: its first line.
    public var tokenFile: String?
    /// The user that goes with the token, unless the URL names one. What GitHub and Gitea take for
    /// any token; GitLab takes `oauth2` or the token's own name.
    public var tokenUser = "x-access-token"
    /// For the connection, and again for the start of the service over there.
    public var connectTimeout: Duration = .seconds(10)
    /// How long origin may be silent while we wait for it.
    public var idleTimeout: Duration = .seconds(60)
    /// How long one operation may take in all.
    public var operationTimeout = OriginSettings.longestOperation
    /// Whether the gitdir's own config may count for `git` children: proxies, certificate
    /// authorities, `http.*`. Only for a gitdir that we trust; the engine decides.
    public var configurationIsTrusted = false
    public var environment: Environment
    /// Told of each step, on the thread that called; many times a second.
    public var progress: (@Sendable (OriginProgress) -> Void)?
    /// Told what only a verbose log shows.
    public var note: (@Sendable (String) -> Void)?
    /// Asked several times a second; true calls the operation off.
    public var isCancelled: (@Sendable () -> Bool)?

    /// How long origin may take to list its refs, and how much that may be, in bytes: a far side that
    /// goes on for ever is not silent.
    static let longestListing = Duration.seconds(300)
    static let largestListing = 1 << 28

    /// Enough for a clone of some hundred gigabytes; silence ends an operation far sooner.
    public static let longestOperation = Duration.seconds(6 * 3600)

    public init(url: OriginURL, environment: Environment) {
        self.url = url
        self.environment = environment
    }
}

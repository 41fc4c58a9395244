// What an SSH connection is asked to be like, whoever asks: a pod's settings, or origin's.

import Model
import POSIX
import SSH

/// How to reach one host by SSH; what is not set here, ssh's own configuration supplies.
public struct SSHSettings: Sendable {
    /// For messages: a pod's name, or origin.
    public var name: String
    /// The host as the user wrote it; it obeys the rules of addresses.
    public var host: String
    public var user: String?
    public var port: UInt16?
    public var identityFile: String?
    /// Whether no other key than that file's may be offered.
    public var identityFileOnly: Bool
    public var knownHosts: String?
    public var hostKeyCheck: HostKeyCheck?
    public var backend: SSHBackend
    public var connectTimeout: Duration
    /// What stands before a setting's name in messages: "pod.prod.".
    public var settingPrefix: String
    public var words: SSHWords

    public init(
        name: String, host: String, user: String? = nil, port: UInt16? = nil,
        identityFile: String? = nil, identityFileOnly: Bool = false, knownHosts: String? = nil,
        hostKeyCheck: HostKeyCheck? = nil, backend: SSHBackend = .auto,
        connectTimeout: Duration = .seconds(10), settingPrefix: String = "pod.",
        words: SSHWords = .pod
    ) {
        self.name = name
        self.host = host
        self.user = user
        self.port = port
        self.identityFile = identityFile
        self.identityFileOnly = identityFileOnly
        self.knownHosts = knownHosts
        self.hostKeyCheck = hostKeyCheck
        self.backend = backend
        self.connectTimeout = connectTimeout
        self.settingPrefix = settingPrefix
        self.words = words
    }

    /// The settings of a pod at `address`.
    ///
    /// - Throws: ``Failure`` of kind `configuration` for a host or user out of git config that no
    ///   address could name.
    init(_ pod: PodSettings, at address: PodAddress) throws(Failure) {
        self.init(
            name: pod.name, host: pod.host ?? address.host, user: address.user ?? pod.user,
            port: address.port ?? pod.port, identityFile: pod.identityFile,
            knownHosts: pod.knownHosts, hostKeyCheck: pod.hostKeyCheck, backend: pod.backend,
            connectTimeout: pod.connectTimeout, settingPrefix: pod.settingPrefix, words: .pod)
        guard pod.host != nil || pod.user != nil else { return }
        let shown = host.contains(":") ? "[\(host)]" : host
        do throws(Failure) {
            _ = try PodAddress("pod://\(user.map { $0 + "@" } ?? "")\(shown)/")
        } catch {
            throw Failure(
                .configuration,
                "\(pod.host == nil ? "pod.user" : "pod.\(name)") names no usable host or user",
                hint: "correct \(settingPrefix)user"
                    + (pod.host == nil ? "" : " and \(settingPrefix)host"))
        }
    }
}

/// A connection that could not be had, and how far it had come.
public struct SSHRefusal: Error, Sendable, Equatable {
    /// What was under way.
    public enum Stage: Sendable, Equatable {
        /// Reading settings and files: nothing was sent.
        case configuration
        /// Connecting and talking at all.
        case reach
        /// The host showed a key that may not be trusted.
        case hostKey
        /// The host takes none of our keys.
        case authentication
        /// The host does not start what we ask for.
        case command
    }

    public let stage: Stage
    public let failure: Failure

    public init(_ stage: Stage, _ failure: Failure) {
        self.stage = stage
        self.failure = failure
    }
}

// One pod's settings: a `[pod "NAME"]` section over the `[pod]` defaults, checked.

import Model
import POSIX

/// How bytes reach a pod.
public enum Carrier: String, Sendable, CaseIterable { case ssh, kubectl, command }

/// Which SSH client carries them.
public enum SSHBackend: String, Sendable, CaseIterable { case auto, libssh2, openssh }

/// What is done about a host whose key is not known. There is no `no`: keys are always checked.
public enum HostKeyCheck: String, Sendable, CaseIterable {
    case yes
    case acceptNew = "accept-new"
}

/// Which of several pods a selector means.
public enum PodChoice: String, Sendable, CaseIterable { case newest, oldest }

/// Everything that git config says of one pod.
public struct PodSettings: Sendable {
    /// For messages: the section's name, or the host.
    public let name: String
    /// What stands before a setting's name in messages: `pod.prod.` for a section, `pod.` for an address
    /// that names a host.
    public let settingPrefix: String
    public let carrier: Carrier
    public let path: String?
    public let host: String?
    public let port: UInt16?
    public let user: String?
    public let identityFile: String?
    public let knownHosts: String?
    public let hostKeyCheck: HostKeyCheck?
    public let backend: SSHBackend
    public let kubernetes: KubernetesSettings
    /// An argument vector's beginning.
    public let command: [String]
    public let remoteCommand: [String]
    public let connectTimeout: Duration
    public let idleTimeout: Duration

    /// Variables that a section may set, in git's spelling.
    public static let variables = [
        "transport", "path", "host", "port", "user", "identityFile", "knownHosts",
        "strictHostKeyChecking", "sshBackend", "context", "namespace", "selector", "pod",
        "container", "select", "command", "remoteCommand", "connectTimeout", "idleTimeout",
    ]

    /// Those that `[pod]` may set for every pod, and for addresses that name a host.
    public static let shared: Set = [
        "user", "identityFile", "knownHosts", "strictHostKeyChecking", "sshBackend",
        "remoteCommand", "connectTimeout", "idleTimeout",
    ]

    /// Reads the settings for `name`; `isSection` says whether `[pod "name"]` is to be read.
    ///
    /// - Throws: ``Failure`` of kind `configuration`, naming the key and what it may be.
    public init(name: String, isSection: Bool, _ configuration: GitConfiguration) throws(Failure) {
        let reader = Reader(name: name, isSection: isSection, configuration: configuration)
        self.name = name
        settingPrefix = reader.prefix
        carrier = try reader.choice("transport") ?? .ssh
        path = try reader.text("path")
        host = try reader.text("host")
        port = try reader.port("port")
        user = try reader.text("user")
        identityFile = try reader.text("identityFile")
        knownHosts = try reader.text("knownHosts")
        hostKeyCheck = try reader.choice("strictHostKeyChecking")
        backend = try reader.choice("sshBackend") ?? .auto
        kubernetes = try KubernetesSettings(reader)
        command = try reader.words("command") ?? []
        remoteCommand = try reader.words("remoteCommand") ?? ["git-pod", "bridge"]
        connectTimeout = try reader.duration("connectTimeout") ?? .seconds(10)
        idleTimeout = try reader.duration("idleTimeout") ?? .seconds(60)
    }

    /// What to send instead of a bridge's request: plain git.
    public var wantsPlainGit: Bool { remoteCommand == ["git"] }

    /// Variables of the section that mean nothing, each with the nearest one that does.
    public static func unknownVariables(
        ofPod name: String, _ configuration: GitConfiguration
    ) -> [(variable: String, nearest: String)] {
        let known = Dictionary(
            uniqueKeysWithValues: variables.map { ($0.lowercased(), $0) })
        return configuration.variables(ofPod: name).filter { known[$0] == nil }.map {
            ($0, nearest(to: $0, among: variables) ?? "transport")
        }
    }

    fileprivate struct Reader {
        let name: String
        let isSection: Bool
        let configuration: GitConfiguration

        var prefix: String { isSection ? "pod.\(name)." : "pod." }

        func text(_ variable: String) throws(Failure) -> String? {
            let key = variable.lowercased()
            let own = isSection ? try configuration.text("pod.\(name).\(key)") : nil
            var value = own
            if own == nil, shared.contains(variable) {
                value = try configuration.text("pod.\(key)")
            }
            guard let value, !value.isEmpty else { return nil }
            guard value.harmless == value else {
                throw refusal(variable, value, "text without control characters")
            }
            guard !value.beginsLikeOption else {
                throw refusal(variable, value, "something that does not begin with \"-\"")
            }
            return value
        }

        func choice<Choice>(_ variable: String) throws(Failure) -> Choice?
        where Choice: RawRepresentable<String> & CaseIterable {
            guard let value = try text(variable) else { return nil }
            guard let choice = Choice(rawValue: value) else {
                let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw refusal(variable, value, "one of \(all)")
            }
            return choice
        }

        func port(_ variable: String) throws(Failure) -> UInt16? {
            guard let value = try text(variable) else { return nil }
            guard let port = UInt16(value), port > 0 else {
                throw refusal(variable, value, "a number from 1 to 65535")
            }
            return port
        }

        func duration(_ variable: String) throws(Failure) -> Duration? {
            guard let value = try text(variable) else { return nil }
            guard let duration = Duration(configuration: value), duration > .zero else {
                throw refusal(variable, value, Duration.configurationForm)
            }
            return duration
        }

        func words(_ variable: String) throws(Failure) -> [String]? {
            guard let value = try text(variable) else { return nil }
            guard let words = ShellWords.split(value), !words.isEmpty else {
                throw refusal(variable, value, "plain words: no shell runs it")
            }
            return words
        }

        private func refusal(_ variable: String, _ value: String, _ wanted: String) -> Failure {
            let isOwn =
                isSection && configuration.value("pod.\(name).\(variable.lowercased())") != nil
            return Failure(
                .configuration, "\(isOwn ? prefix : "pod.")\(variable) is \"\(value)\"",
                hint: "it must be \(wanted)")
        }
    }
}

/// What `transport = kubectl` wants to know: where a pod is, and which one it is.
public struct KubernetesSettings: Sendable {
    public let context: String?
    public let namespace: String?
    public let selector: String?
    public let pod: String?
    public let container: String?
    public let choice: PodChoice?

    fileprivate init(_ reader: PodSettings.Reader) throws(Failure) {
        context = try reader.text("context")
        namespace = try reader.text("namespace")
        selector = try reader.text("selector")
        pod = try reader.text("pod")
        container = try reader.text("container")
        choice = try reader.choice("select")
    }
}

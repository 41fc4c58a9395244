// The values of the settings, and where each came from: flags, environment, gitdir, git, default.

import EngineCore
import Model
import POSIX
import Transport

/// What the engine was told, checked when it is asked for.
public struct Settings: Sendable {
    /// Who set a value, strongest first.
    public enum Source: String, Sendable {
        case flag, environment, gitdir
        case git = "git config"
        case standard = "default"

        /// Whether it was said to this process alone.
        public var isOfThisRun: Bool { self == .flag || self == .environment }
    }

    private let values: [String: (text: String, source: Source)]
    /// The URL that the gitdir's or the user's configuration gives the remote.
    private let remoteURL: String?
    public let committer: (name: String, email: String)
    /// What is not followed, a line each.
    public let warnings: [String]
    /// Whether the gitdir's own configuration may count for git's children.
    public let gitdirIsTrusted: Bool
    /// One more user than ourselves and root whose gitdir is trusted.
    public let trustedOwner: UInt32?

    private static let wanted =
        "^(pod\\.[a-z0-9-]+$|remote\\..*\\.url$|user\\.(name|email)$|committer\\.(name|email)$|include)"

    /// - Parameters:
    ///   - flags: values by setting names.
    ///   - gitdir: whose configuration counts; nil where there is none yet.
    /// - Throws: ``Failure`` of kind `configuration`.
    public init(
        flags: [String: String], environment: Environment, gitdir: String?
    ) throws(Failure) {
        var configuration = ScopedConfiguration()
        var warnings: [String] = []
        var isTrusted = true
        var trusted: UInt32?
        if let gitdir {
            // Who owns it decides how it is read; its own word on that does not count.
            trusted = try Self.owner(flags["trustOwner"] ?? environment["GIT_POD_TRUST_OWNER"])
            var trust = try Trust(gitdir: gitdir, alsoTrusting: trusted)
            if trusted == nil, !trust.isTrusted, let owner = try Self.configuredOwner() {
                trusted = owner
                trust = try Trust(gitdir: gitdir, alsoTrusting: owner)
            }
            try trust.checkGround(gitdir)
            isTrusted = trust.isTrusted
            configuration = try Self.read(gitdir, followingIncludes: isTrusted)
            (configuration, warnings) = trust.filter(configuration)
        } else {
            configuration = try Self.read(nil, followingIncludes: true)
        }
        try Self.checkNames(environment)
        try Self.checkNames(configuration)
        var values: [String: (String, Source)] = [:]
        for setting in Setting.all {
            values[setting.name] = try Self.value(of: setting, flags, environment, configuration)
        }
        self.values = values
        self.warnings = warnings
        gitdirIsTrusted = isTrusted
        trustedOwner = trusted
        let remote = values["remote"]?.0 ?? "origin"
        remoteURL = try configuration.text("remote.\(remote).url")?.value
        committer = (
            environment["GIT_COMMITTER_NAME"] ?? configuration.last("committer.name")?.value
                ?? configuration.last("user.name")?.value ?? "git-pod",
            environment["GIT_COMMITTER_EMAIL"] ?? configuration.last("committer.email")?.value
                ?? configuration.last("user.email")?.value ?? "git-pod@localhost"
        )
        guard !remote.beginsLikeOption, RefName("refs/remotes/\(remote)/main") != nil else {
            throw refusal("remote", "a remote's name")
        }
    }

    /// How long git may take to read its configuration.
    private static let patience = Duration.seconds(30)

    private static func read(_ gitdir: String?, followingIncludes: Bool) throws(Failure)
        -> ScopedConfiguration
    {
        try ScopedConfiguration.read(
            gitdir: gitdir, matching: wanted, followingIncludes: followingIncludes,
            until: .after(patience))
    }

    /// The owner that the user's own configuration, or the system's, trusts.
    private static func configuredOwner() throws(Failure) -> UInt32? {
        let theirs = try ScopedConfiguration.read(
            gitdir: nil, matching: "^pod\\.trustowner$", followingIncludes: true,
            until: .after(patience))
        return try owner(theirs.last("pod.trustowner")?.value)
    }

    private static func owner(_ text: String?) throws(Failure) -> UInt32? {
        guard let text else { return nil }
        guard let owner = UInt32(text) else {
            throw Failure(
                .configuration, "trustOwner is \"\(text)\"", hint: "it must be a user's number")
        }
        return owner
    }

    private static func value(
        of setting: Setting, _ flags: [String: String], _ environment: Environment,
        _ configuration: ScopedConfiguration
    ) throws(Failure) -> (String, Source)? {
        if let text = flags[setting.name] { return (text, .flag) }
        if let text = environment[setting.variable] { return (text, .environment) }
        if let entry = try configuration.text(setting.key) {
            return (entry.value, entry.scope.isGitdirs ? .gitdir : .git)
        }
        return setting.standard.map { ($0, .standard) }
    }

    // MARK: values

    /// A setting's text and where it came from; nil if it is not set.
    public func value(_ name: String) -> (text: String, source: Source)? { values[name] }

    /// The same as it may be shown: of origin, what its remote's URL says where it is set by that
    /// alone, and no password.
    public func shown(_ name: String) -> (text: String, source: String)? {
        let value = values[name]
        guard name == "origin", let text = originURL else {
            return value.map { ($0.text, $0.source.rawValue) }
        }
        let shown = (try? OriginURL(text))?.description ?? "…"
        return (shown, value?.source.rawValue ?? "remote.\(remote).url")
    }

    /// Settings that decide what is done, and to which origin: where one of these is given to a verb, an
    /// engine that has another one is not asked.
    public static let decisive = [
        "origin", "remote", "deployKey", "knownHosts", "strictHostKeyChecking", "tokenFile",
        "onDivergence", "onRewrite",
    ]

    /// Whether two texts name the same origin.
    public static func isSameOrigin(_ one: String, _ other: String) -> Bool {
        guard let one = try? OriginURL(one), let other = try? OriginURL(other) else { return false }
        return one.isSame(as: other)
    }

    /// Where origin is; nil if nothing says so.
    public var originURL: String? { values["origin"]?.text ?? remoteURL }

    public var remote: String { values["remote"]?.text ?? "origin" }

    /// How long to wait for another git-pod.
    public func lockTimeout() throws(Failure) -> Duration {
        try duration("lockTimeout") ?? .seconds(10)
    }

    /// How the service writes its log.
    public func logFormat() throws(Failure) -> LogFormat { try choice("logFormat") ?? .text }

    func text(_ name: String) throws(Failure) -> String? {
        guard let (text, _) = values[name], !text.isEmpty else { return nil }
        guard text.harmless == text else { throw refusal(name, "text without control characters") }
        return text
    }

    func choice<Choice>(_ name: String) throws(Failure) -> Choice?
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = try text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw refusal(name, "one of \(all)")
        }
        return choice
    }

    func duration(_ name: String) throws(Failure) -> Duration? {
        guard let text = try text(name) else { return nil }
        guard let duration = Duration(configuration: text) else {
            throw refusal(name, Duration.configurationForm)
        }
        return duration
    }

    /// `true` or `false`, as git spells them; false if it is not set.
    func flag(_ name: String) throws(Failure) -> Bool {
        switch try text(name)?.lowercased() {
        case "true", "yes", "on", "1": return true
        case "false", "no", "off", "0", nil: return false
        default: throw refusal(name, "true or false")
        }
    }

    /// A whole number that is not negative; 0 if it is not set.
    func number(_ name: String) throws(Failure) -> Int {
        guard let text = try text(name) else { return 0 }
        guard let number = Int(text), number >= 0 else {
            throw refusal(name, "a number, or 0 for no limit")
        }
        return number
    }

    /// Whole days: `30d`, or `30`.
    func days(_ name: String) throws(Failure) -> Duration? {
        guard let text = try text(name) else { return nil }
        let digits = text.hasSuffix("d") ? text.dropLast() : text[...]
        guard let days = Int64(digits), (0...36_500).contains(days) else {
            throw refusal(name, "a number of days, such as 30d")
        }
        return .seconds(days * 86_400)
    }

    /// Bytes: a number, with K, M, G or T behind it for powers of 1024.
    func size(_ name: String) throws(Failure) -> Int64? {
        guard let text = try text(name) else { return nil }
        let unit = text.last.flatMap { "KMGT".firstIndex(of: $0) }
        let digits = unit == nil ? text[...] : text.dropLast()
        let power = unit.map { "KMGT".distance(from: "KMGT".startIndex, to: $0) + 1 } ?? 0
        guard let number = Int64(digits), (0..<(1 << 20)).contains(number) || power == 0,
            number >= 0
        else { throw refusal(name, "a size such as 256M or 2G") }
        return number << (10 * Int64(power))
    }

    func refusal(_ name: String, _ wanted: String) -> Failure {
        let value = values[name]
        let place: String
        let setting = Setting.all.first { $0.name == name }
        switch value?.source {
        case .flag: place = setting?.flag ?? name
        case .environment: place = setting?.variable ?? name
        default: place = "pod.\(name)"
        }
        return Failure(
            .configuration, "\(place) is \"\(value?.text ?? "")\"", hint: "it must be \(wanted)")
    }
}

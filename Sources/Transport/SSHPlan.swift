// From settings, address and ssh's own configuration to one connection: who, where, with what, and
// by which client.

import Model
import POSIX
import SSH

/// How an SSH connection will be made.
struct SSHPlan {
    let target: SSHTarget
    /// The host as the user wrote it, which is what an `ssh` child must be given.
    let alias: String
    let aliasPort: UInt16?
    let aliasUser: String?
    let settings: SSHSettings
    /// The user's own ssh command, which is run as it stands.
    let ownCommand: [String]?
    /// Why libssh2 cannot carry this, as the end of "libssh2 cannot do …".
    let beyondLibrary: String?
    /// Whether everything is about to be fetched, which OpenSSH's ciphers do faster.
    let fetchesEverything: Bool
    /// Options for an `ssh` child against what its configuration would have it do besides.
    let takenBack: [String]
    /// The way to the target, begun while ssh read its configuration.
    let begun: BegunConnection?

    /// Which client to begin with.
    enum Client: Equatable {
        case libssh2
        case openssh(why: String)
    }

    /// - Throws: ``Failure`` of kind `configuration` if `sshBackend = libssh2` asks for what that
    ///   cannot do.
    func client() throws(Failure) -> Client {
        switch settings.backend {
        case .openssh: return .openssh(why: "sshBackend = openssh")
        case .libssh2:
            if let beyondLibrary {
                throw Failure(
                    .configuration, "libssh2 cannot do \(beyondLibrary) for \(settings.name)",
                    hint: "set \(settings.settingPrefix)sshBackend = auto")
            }
            return .libssh2
        case .auto:
            if ownCommand != nil { return .openssh(why: "an ssh command is configured") }
            guard findProgram("ssh") != nil else { return .libssh2 }
            if let beyondLibrary { return .openssh(why: "libssh2 cannot do \(beyondLibrary)") }
            if fetchesEverything { return .openssh(why: "it is faster for a whole clone") }
            return .libssh2
        }
    }

    init(
        _ settings: SSHSettings, ownCommand: [String]?, fetchesEverything: Bool,
        environment: Environment, until deadline: Deadline
    ) throws(Failure) {
        self.settings = settings
        self.ownCommand = ownCommand
        self.fetchesEverything = fetchesEverything
        alias = settings.host
        aliasUser = settings.user
        aliasPort = settings.port
        // Only libssh2 takes a connection of ours.
        let isLibrary =
            settings.backend == .libssh2
            || settings.backend == .auto && ownCommand == nil && !fetchesEverything
        let begun =
            isLibrary ? BegunConnection(address: settings.host, port: settings.port ?? 22) : nil
        let asked = try SSHConfiguration.read(
            host: alias, user: aliasUser, port: aliasPort, until: deadline)
        takenBack = asked.takenBack
        let known = Self.knownHosts(settings, asked, environment)
        beyondLibrary =
            asked.beyondLibrary ?? (known == nil ? "blanks in UserKnownHostsFile" : nil)
        self.begun = beyondLibrary == nil ? begun : nil
        let named = settings.identityFile.map { [environment.expandingHome($0)] }
        let listed = asked.all("identityfile").map { Self.expand($0, environment) }
        target = SSHTarget(
            host: asked.value("hostname") ?? alias,
            port: aliasPort ?? asked.value("port").flatMap(UInt16.init) ?? 22,
            user: aliasUser ?? asked.value("user") ?? environment.accountName,
            hostKeyAlias: asked.value("hostkeyalias"),
            knownHostsFiles: known ?? [],
            policy: Self.policy(settings, asked),
            identityFiles: named ?? (listed.isEmpty ? Self.defaultKeys(environment) : listed),
            identitiesAreExplicit: named != nil,
            identitiesOnly: settings.identityFileOnly
                || asked.value("identitiesonly") == "yes",
            agentSocket: Self.agent(asked, environment), algorithms: Self.algorithms(asked),
            words: settings.words)
    }

    /// Nil where ssh's own list of them cannot be read: then nobody but ssh may judge a host key.
    private static func knownHosts(
        _ settings: SSHSettings, _ asked: SSHConfiguration, _ environment: Environment
    ) -> [String]? {
        if let file = settings.knownHosts { return [environment.expandingHome(file)] }
        return try? asked.knownHostsFiles(home: environment.accountHome)
            .map { expand($0, environment) }
    }

    /// OpenSSH's `ask` is `strict` here, as there is nobody to ask behind git; `no` still looks at
    /// the keys it knows.
    private static func policy(_ settings: SSHSettings, _ asked: SSHConfiguration) -> HostKeyPolicy
    {
        if let check = settings.hostKeyCheck { return check == .acceptNew ? .acceptNew : .strict }
        switch asked.value("stricthostkeychecking") {
        case "accept-new", "no", "off", "false": return .acceptNew
        default: return .strict
        }
    }

    private static func algorithms(_ asked: SSHConfiguration) -> SSHAlgorithms {
        SSHAlgorithms(
            keyExchanges: asked.names("kexalgorithms"), hostKeys: asked.names("hostkeyalgorithms"),
            ciphers: asked.names("ciphers"), codes: asked.names("macs"))
    }

    private static func agent(_ asked: SSHConfiguration, _ environment: Environment) -> String? {
        switch asked.value("identityagent") {
        case nil, "SSH_AUTH_SOCK": environment["SSH_AUTH_SOCK"]
        case let path?: expand(path, environment)
        }
    }

    private static func defaultKeys(_ environment: Environment) -> [String] {
        ["id_rsa", "id_ecdsa", "id_ed25519"].map { "\(environment.accountHome)/.ssh/\($0)" }
    }

    /// ssh means the password database's home by `~`, whatever `$HOME` says.
    private static func expand(_ path: String, _ environment: Environment) -> String {
        path.hasPrefix("~/") ? environment.accountHome + path.dropFirst() : path
    }
}

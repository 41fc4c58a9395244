// An address → a service that has begun to speak. The helper relays what follows; operator verbs use
// it the same way.

import Model
import POSIX
import PackProtocol
import SSH

/// What every connection of one run shares.
public struct PodConnector {
    public let configuration: GitConfiguration
    public let environment: Environment
    public let caller: any Caller

    public init(
        configuration: GitConfiguration, environment: Environment, caller: any Caller
    ) {
        self.configuration = configuration
        self.environment = environment
        self.caller = caller
    }

    /// The settings that `address` means, and the gitdir's path there.
    ///
    /// - Throws: ``Failure`` of kind `configuration`.
    public func settings(for address: PodAddress) throws(Failure) -> (PodSettings, path: String) {
        let isSection = address.isName && configuration.podNames.contains(address.host)
        let settings = try PodSettings(
            name: address.host, isSection: isSection, configuration)
        if isSection {
            for (variable, nearest) in PodSettings.unknownVariables(
                ofPod: address.host, configuration)
            {
                caller.warn(
                    "pod.\(address.host).\(variable) means nothing; did you mean \(nearest)?")
            }
        }
        guard let path = address.path ?? settings.path else {
            throw Failure(
                .configuration,
                isSection
                    ? "pod.\(address.host).path is not set"
                    : "\"\(address.host)\" is no [pod] section in git config, and no path follows it",
                hint: isSection
                    ? "set it to the gitdir's absolute path in the pod"
                    : "use pod://\(address.host)/absolute/path, or git pod add")
        }
        guard path.hasPrefix("/") else {
            throw Failure(
                .configuration, "pod.\(address.host).path is not absolute: \(path)",
                hint: "begin it with /")
        }
        // ssh and su hand the words that they are given to a shell, and an address can be anyone's.
        guard settings.carrier != .command || address.path == nil || ShellWords.isPlain(path) else {
            throw Failure(
                .configuration,
                "the path in pod://\(address.host)\(path) has more than letters, digits and "
                    + "._/@+=:,~-, which pod.\(address.host).command could take for a command",
                hint: "set it as pod.\(address.host).path, and fetch from pod://\(address.host)")
        }
        return (settings, withoutLastSlash(path))
    }

    /// Asks the pod at `address` for `service` and waits for its first bytes.
    ///
    /// Nothing of git's has been sent by then, so a far side without our bridge can still be asked
    /// for plain git instead.
    ///
    /// - Parameter near: a descriptor whose reader wants the answer; nothing more is waited for once
    ///   that has gone.
    /// - Throws: ``Failure`` of every kind, each with what to do next.
    public func open(
        _ address: PodAddress, service: Service, program: String? = nil, near: Int32? = nil
    ) throws(Failure) -> PodService {
        let (settings, path) = try settings(for: address)
        let call = ServiceCall(
            service: service, program: program, path: path, version: protocolVersion)
        let dialer = try dialer(address, settings)
        var far: FarCommand = settings.wantsPlainGit ? .plainGit : .bridge(settings.remoteCommand)
        if far != .plainGit, let program, program != service.rawValue,
            Service(rawValue: program) != nil
        {
            throw Failure(
                .refused, "\(program) is no \(service.rawValue)",
                hint: "leave --upload-pack and --exec out")
        }
        while true {
            switch try begin(dialer.dial(far, call), settings, call, near) {
            case .serves(let service): return service
            case .failed(let failure): throw failure
            case .lacksBridge(let failure):
                guard far != .plainGit else { throw failure }
                caller.warn(
                    "\(settings.name) has no \(settings.remoteCommand[0]): using plain git there "
                        + "(set \(settings.settingPrefix)remoteCommand = git to say so)")
                far = .plainGit
            }
        }
    }

    /// git's own default is 2; an unknown value is git's to complain about.
    private var protocolVersion: Int {
        configuration.value("protocol.version").flatMap { Int($0) }
            .flatMap { (0...2).contains($0) ? $0 : nil } ?? 2
    }

    private func dialer(_ address: PodAddress, _ settings: PodSettings) throws(Failure)
        -> any Dialer
    {
        switch settings.carrier {
        case .command: return try CommandDialer(settings: settings, caller: caller)
        case .kubectl: return KubectlDialer(settings: settings, caller: caller)
        case .ssh:
            let plan = try SSHPlan(
                SSHSettings(settings, at: address), ownCommand: ownSSHCommand(),
                fetchesEverything: environment["GIT_DIR"].map(hasNoRefs) ?? false,
                environment: environment, until: .after(settings.connectTimeout))
            return try SSHDialer(plan: plan, caller: caller)
        }
    }

    /// `GIT_SSH_COMMAND`, `core.sshCommand` or `GIT_SSH`, in git's order.
    private func ownSSHCommand() throws(Failure) -> [String]? {
        var command = try text("GIT_SSH_COMMAND")
        if command == nil { command = try configuration.text("core.sshcommand") }
        guard let command else { return try text("GIT_SSH").map { [$0] } }
        guard let words = ShellWords.split(command), !words.isEmpty else {
            throw Failure(
                .configuration, "the configured ssh command needs a shell: \(command)",
                hint: "use plain words in GIT_SSH_COMMAND or core.sshCommand; no shell runs it")
        }
        return words.map(environment.expandingHome)
    }

    private func text(_ variable: String) throws(Failure) -> String? {
        guard environment.isText(variable) else {
            throw noText(variable, environment[variable] ?? "")
        }
        return environment[variable]
    }

    // MARK: the first bytes

    private enum Beginning {
        case serves(PodService)
        case failed(Failure)
        case lacksBridge(Failure)
    }

    private func begin(
        _ connection: Connection, _ settings: PodSettings, _ call: ServiceCall, _ near: Int32?
    ) throws(Failure) -> Beginning {
        do throws(Failure) { return try listen(connection, settings, call, near) } catch {
            connection.giveUp()
            throw error
        }
    }

    private func listen(
        _ connection: Connection, _ settings: PodSettings, _ call: ServiceCall, _ near: Int32?
    ) throws(Failure) -> Beginning {
        let stream = connection.stream
        let reader = ConversationReader(service: call.service)
        let buffer = ByteBuffer(capacity: Relay.downCapacity)
        let patience = settings.connectTimeout + settings.idleTimeout
        let deadline = Deadline.after(patience)
        while true {
            switch try stream.read(into: buffer) {
            case .bytes(let count):
                buffer.withLast(count) { reader.received($0) }
                if let words = reader.conversation.protocolViolation {
                    throw notGit(settings.name, words)
                }
                connection.diagnostics.release()
                return .serves(
                    PodService(
                        connection: connection, reader: reader, first: buffer, settings: settings))
            case .end:
                let status = try stream.end(by: .after(.seconds(5)))
                connection.diagnostics.discard()
                return failed(connection, settings, status)
            case .wouldBlock:
                var requests = stream.interest(reading: true, writing: false)
                if let near { requests.append(PollRequest(near)) }
                let wake = min(deadline, stream.nextService)
                try wait(for: &requests, until: stream.holdsBytes ? .after(.zero) : wake)
                try stream.service()
                if requests.contains(where: { $0.descriptor == near && $0.hungUp }) {
                    throw nearGone(reader.conversation.stage)
                }
                if deadline.hasPassed {
                    throw silent(settings, for: patience, reader.conversation.stage)
                }
            }
        }
    }

    private func failed(_ connection: Connection, _ settings: PodSettings, _ status: ExitStatus)
        -> Beginning
    {
        let lines = connection.diagnostics.lines
        // First, as a carrier may name what is missing on the way: a container called git-pod.
        if let failure = connection.explain(status, lines) { return .failed(failure) }
        let missing =
            status == .exited(127)
            || lines.contains {
                $0.contains(settings.remoteCommand[0])
                    && ($0.contains("not found") || $0.contains("o such file"))
            }
        let failure = farFailure(settings.name, status, lines)
        return missing ? .lacksBridge(failure) : .failed(failure)
    }
}

/// `path` without the slash that people put behind a folder's name.
private func withoutLastSlash(_ path: String) -> String {
    path.utf8.count > 1 && path.utf8.last == UInt8(ascii: "/") ? String(path.dropLast()) : path
}

/// The failure for a far side that answers with something else than git's protocol.
func notGit(_ name: String, _ words: String) -> Failure {
    Failure(
        .failed, "\(name) answered with something that is not git: \(words)",
        hint: "silence what its login shell or remoteCommand prints")
}

/// The failure where git has gone, and nobody wants the answer any more.
func nearGone(_ stage: String) -> Failure { Failure(.failed, "git went away \(stage)") }

/// The failure for a far side that fell silent.
func silent(_ settings: PodSettings, for duration: Duration, _ stage: String) -> Failure {
    Failure(
        .unreachable, "\(settings.name) sent no byte for \(duration.spoken) \(stage)",
        hint: "look at the pod, or raise \(settings.settingPrefix)idleTimeout")
}

/// What the end of a far command with `status` means, in its own last words.
func farFailure(_ name: String, _ status: ExitStatus, _ lines: [String]) -> Failure {
    let kind: FailureKind =
        switch status {
        case .exited(ExitCode.unreachable.rawValue): .unreachable
        case .exited(ExitCode.refused.rawValue): .refused
        default: .failed
        }
    if let ours = lines.last(where: { $0.hasPrefix("git-pod: ") }) {
        return Failure(kind, "\(name): \(ours.dropFirst("git-pod: ".count))", hint: nil)
    }
    let fatal = lines.last { $0.hasPrefix("fatal: ") }?.dropFirst("fatal: ".count)
    let last = lines.last { !Kubectl.repeatsStatus($0) }
    let said = fatal ?? last.map { $0[...] }
    return Failure(
        kind, "\(name) ended without an answer (\(status))" + (said.map { ": \($0)" } ?? ""),
        hint: said == nil ? "look at what the pod logs" : nil)
}

/// Whether the repository at `gitDir` has no refs yet, so that a fetch will bring everything.
func hasNoRefs(_ gitDir: String) -> Bool {
    // A linked worktree has its refs elsewhere, and is not without them; other stores are not read.
    for name in ["packed-refs", "commondir", "reftable"]
    where fileStatus("\(gitDir)/\(name)") != nil { return false }
    var folders = ["\(gitDir)/refs"]
    while let folder = folders.popLast() {
        for name in directoryEntries(folder) ?? [] {
            let path = "\(folder)/\(name)"
            guard fileStatus(path)?.kind == .directory else { return false }
            folders.append(path)
        }
    }
    return true
}

// The steps of one request: understand, allow, count, run, relay. Called by Bridge.

import Model
import POSIX
import PackProtocol

/// One request on its way.
struct Serving {
    /// How long a service may write nothing after its client's end.
    static let linger = Duration.seconds(30)
    /// How long a child may take to end when it has nothing more to do.
    private static let grace = Duration.seconds(1)

    private let settings: BridgeSettings
    private let standard: BridgeStandard
    private var log: AuditLog?

    init(settings: BridgeSettings, standard: BridgeStandard) {
        self.settings = settings
        self.standard = standard
    }

    /// Serves the request; `record` has what is known of it, also if this throws.
    mutating func serve(_ caller: BridgeCaller, _ record: inout AuditRecord) throws(Failure)
        -> ExitCode
    {
        record.request = Self.shown(caller.words)
        let resolver = try RepositoryResolver(
            roots: settings.roots, repositories: settings.repositories)
        let request = try understand(caller.words)
        record.service = request.service.rawValue
        guard request.service != .uploadArchive || settings.allowArchive else {
            throw Failure(
                .refused, "this bridge serves no archives", hint: "fetch, and archive from that")
        }
        let gitdir = try resolver.resolve(request.path)
        record.repository = gitdir
        let version = request.protocolVersion ?? caller.protocolVersion
        record.protocolVersion = version ?? 0

        let log = AuditLog(logPath(gitdir: gitdir))
        self.log = log
        guard log.takePlace(of: settings.maximumRequests) else {
            throw Failure(
                .unreachable, "\(settings.maximumRequests) requests are being served already",
                hint: "try again")
        }
        record.request = nil
        return try run(request.service, gitdir, version, &record)
    }

    /// Writes the record where it belongs.
    func write(_ record: AuditRecord) {
        if let log = log ?? logPath(gitdir: nil).map({ AuditLog($0) }) {
            log.append(record)
        } else {
            systemLog(record.json.text)
        }
    }

    private func logPath(gitdir: String) -> String {
        logPath(gitdir: Optional(gitdir)) ?? "\(gitdir)/\(AuditLog.name)"
    }

    /// Nil if nothing is configured that a log could be beside.
    private func logPath(gitdir: String?) -> String? {
        settings.auditLog
            ?? (settings.roots.first ?? gitdir ?? settings.repositories.first?.directory)
            .map { "\($0)/\(AuditLog.name)" }
    }

    private func understand(_ words: BridgeCaller.Words) throws(Failure) -> ServiceRequest {
        switch words {
        case .login:
            throw Failure(
                .refused, "this bridge only serves fetches", hint: "there is no shell here")
        case .arguments(let arguments):
            return try ServiceRequest(arguments: arguments)
        case .sshCommand(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw ServiceRequest.notUnderstood(String(decoding: bytes, as: UTF8.self))
            }
            guard !settings.roots.isEmpty || !settings.repositories.isEmpty else {
                throw Failure(
                    .refused, "no repository is served here",
                    hint: "give the bridge a --root in the forced command")
            }
            return try ServiceRequest(parsing: text)
        }
    }

    private static func shown(_ words: BridgeCaller.Words) -> String? {
        switch words {
        case .login: nil
        case .arguments(let arguments):
            ServiceRequest.shown(arguments.joined(separator: " "))
        case .sshCommand(let bytes):
            ServiceRequest.shown(String(decoding: bytes.prefix(4096), as: UTF8.self))
        }
    }

    // MARK: the service

    private func run(
        _ service: Service, _ gitdir: String, _ version: Int?, _ record: inout AuditRecord
    ) throws(Failure) -> ExitCode {
        let deadline = Deadline.after(settings.maximumTime)
        let child = try start(service, gitdir, version, until: deadline)
        var complained = false
        let diagnostics = LineFilter { [standard] line in
            complained = true
            standard.passOn(line)
        }
        let stream = ProcessStream(child, diagnostics: diagnostics)
        let transcript = Transcript(service: service)
        defer { transcript.tell(&record) }
        let relay = Relay(
            input: standard.input, output: standard.output, far: stream, observer: transcript,
            limits: Relay.Limits(linger: Self.linger, total: deadline, stop: standard.stop))
        let end: RelayEnd
        do {
            end = try relay.run()
        } catch {
            child.end(grace: Self.grace)
            throw error
        }
        guard end == .farEnded else { return giveUp(end, child, &record) }
        let status = try stream.end(by: .after(Self.grace))
        record.result = status.isSuccess ? .served : .failed
        if !status.isSuccess, !complained {
            standard.complain("git could not serve the repository: \(status)")
        }
        return status.isSuccess ? .done : .failed
    }

    private func start(
        _ service: Service, _ gitdir: String, _ version: Int?, until deadline: Deadline
    ) throws(Failure) -> ChildProcess {
        guard let git = findProgram("git", path: servicePath) else {
            throw Failure(
                .configuration, "there is no git in \(servicePath)",
                hint: "install it in the image of the pod")
        }
        switch service {
        case .uploadPack:
            return try ChildProcess(
                [git, "upload-pack", "--strict", gitdir],
                environment: serviceEnvironment(gitdir: gitdir, protocolVersion: version))
        case .uploadArchive:
            let overrides = try archiveOverrides(git: git, gitdir: gitdir, until: deadline)
            return try ChildProcess(
                [git, "upload-archive", gitdir],
                environment: serviceEnvironment(
                    gitdir: gitdir, protocolVersion: version, adding: overrides))
        }
    }

    /// Ends the child for certain and says why, to whoever is still there to read it.
    private func giveUp(_ end: RelayEnd, _ child: ChildProcess, _ record: inout AuditRecord)
        -> ExitCode
    {
        let status = child.end(grace: Self.grace)
        switch end {
        case .timedOut:
            record.result = .timedOut
            standard.complain("the request took longer than \(settings.maximumTime.spoken)")
            return .unreachable
        case .nearVanished where status.isSuccess:
            // The client hung up because it had all it wanted.
            record.result = .served
            return .done
        case .nearVanished:
            record.result = .gaveUp
            return .failed
        case .stopped:
            record.result = .stopped
            standard.complain("the bridge was told to end, and gave this up; fetch again")
            return .unreachable
        case .farLingered, .farSilent, .farEnded:
            record.result = .gaveUp
            standard.complain("git wrote nothing for \(Self.linger.spoken) after your end")
            return .unreachable
        }
    }
}

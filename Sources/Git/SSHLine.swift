// The SSH under an origin's services: one connection, and what the end of each service on it means.
// SSHOrigin fetches over it, and PushLine pushes.

import Model
import POSIX
import Transport

/// A service of origin's under way, whatever carries it.
protocol FarService: AnyObject {
    /// Its input and output.
    var stream: any ByteStream { get }

    /// What it means that the stream came to `halt`. Ends what carries it.
    func explain(_ halt: PatientStream.Halt) -> OriginFailure
}

/// The connection to an SSH origin. Connects when the first service is asked for.
final class SSHLine {
    /// Origin, for messages.
    let name: String
    let settings: OriginSettings
    private var connection: OriginLine?

    init(_ origin: Origin) {
        name = origin.name
        settings = origin.settings
    }

    /// Starts `program`.
    func start(_ program: OriginProgram) throws(OriginFailure) -> SSHService {
        try connecting { () throws(SSHRefusal) in
            let line = try line()
            return SSHService(self, try line.start(program), program)
        }
    }

    /// Begins to start a `git-receive-pack`; waits for the connection, unless that is there.
    func begin() throws(OriginFailure) -> SSHServiceOpening {
        try connecting { () throws(SSHRefusal) in
            let line = try line()
            return SSHServiceOpening(self, try line.begin(.receivePack))
        }
    }

    /// Gives back to the far side what is used no more.
    func sweep() { connection?.sweep() }

    private func connecting<Result>(_ body: () throws(SSHRefusal) -> Result)
        throws(OriginFailure) -> Result
    {
        let connecting = Deadline.after(settings.connectTimeout)
        do throws(SSHRefusal) { return try body() } catch {
            throw OriginFailure(error, isLate: connecting.hasPassed)
        }
    }

    private func line() throws(SSHRefusal) -> OriginLine {
        if let connection { return connection }
        guard case .ssh(let user, let host, let port, let path) = settings.url.way else {
            preconditionFailure("an SSH origin has an SSH URL")
        }
        let made = try OriginLine(
            path: path, at: sshSettings(user, host, port),
            environment: settings.environment, caller: Notes(settings.note))
        connection = made
        return made
    }

    private func sshSettings(_ user: String?, _ host: String, _ port: UInt16?) -> SSHSettings {
        SSHSettings(
            name: name, host: host, user: user, port: port,
            identityFile: settings.deployKey, identityFileOnly: settings.deployKey != nil,
            knownHosts: settings.knownHosts, hostKeyCheck: settings.hostKeyCheck,
            backend: settings.sshBackend, connectTimeout: settings.connectTimeout)
    }
}

/// A `git-receive-pack` on its way.
final class SSHServiceOpening: ReceivePackOpening {
    private let line: SSHLine
    private let opening: OriginOpening

    fileprivate init(_ line: SSHLine, _ opening: OriginOpening) {
        self.line = line
        self.opening = opening
    }

    /// The service, once it runs. Never waits.
    func advance() throws(OriginFailure) -> (any FarService)? {
        do throws(SSHRefusal) {
            return try opening.advance().map { SSHService(line, $0, .receivePack) }
        } catch { throw OriginFailure(error) }
    }

    var interest: [PollRequest] { opening.interest }
    var holdsBytes: Bool { opening.holdsBytes }
}

/// A service over SSH, and what its end means.
final class SSHService: FarService {
    private let line: SSHLine
    private let service: OriginService
    private let program: OriginProgram

    /// How long the far side may take to say how it ended.
    private static let lastWords = Duration.seconds(3)

    fileprivate init(
        _ line: SSHLine, _ service: OriginService, _ program: OriginProgram
    ) {
        self.line = line
        self.service = service
        self.program = program
    }

    var stream: any ByteStream { service.stream }

    func explain(_ halt: PatientStream.Halt) -> OriginFailure {
        switch halt {
        case .cancelled: .cancelled(line.name)
        case .silent: .silent(line.name, line.settings.idleTimeout)
        case .late: .late(line.name, line.settings.operationTimeout)
        case .broken(let failure): explainEnd(failure.message)
        case .ended: explainEnd(nil)
        }
    }

    /// What the far side's end means, by its own last words.
    private func explainEnd(_ broken: String?) -> OriginFailure {
        let (status, lines) = service.farWords(by: .after(Self.lastWords))
        let words = OriginWords(lines)
        if let refusal = service.childRefusal(status, lines) {
            return OriginFailure(refusal, isLate: words.reason?.0 == .timeout)
        }
        return OriginFailure(
            endOf: program.rawValue, of: line.name, status: status, words: words, broken: broken)
    }
}

extension OriginFailure {
    fileprivate init(_ refusal: SSHRefusal, isLate: Bool = false) {
        let reason: PushFailureReason =
            switch refusal.stage {
            case .configuration, .authentication: .authentication
            case .hostKey: .hostKey
            case .reach: isLate ? .timeout : .unreachable
            case .command: .unknown
            }
        self.init(reason, refusal.failure)
    }

    /// A service that ended before it was done.
    init(
        endOf program: String, of origin: String, status: ExitStatus, words: OriginWords,
        broken: String?
    ) {
        if let (reason, line) = words.reason {
            self.init(reason, "\(origin): \(line)", hint: reason.hint)
            return
        }
        let said = words.telling ?? broken
        let how = "\(origin) ended \(program) early (\(status))"
        // A far side that gives its reason is there; one that breaks off is not.
        self.init(
            said == nil || broken != nil ? .unreachable : .unknown,
            said.map { "\(how): \($0)" } ?? how,
            hint: said == nil
                ? "look at what origin logs"
                : "check that the repository is there, and what git fsck says there")
    }
}

/// Where the SSH module's notes go. There is nobody to ask for a passphrase.
private final class Notes: Caller {
    private let write: (@Sendable (String) -> Void)?

    init(_ write: (@Sendable (String) -> Void)?) { self.write = write }

    let canAsk = false
    func note(_ line: String) { write?(line) }
    func warn(_ line: String) { write?(line) }
    func passphrase(for keyFile: String, again: Bool) -> String? { nil }
}

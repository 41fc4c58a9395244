// A git service of an origin reached by SSH. Module Git speaks git's protocol over it; the services
// that a pod offers are another list, which has no git-receive-pack.

import Model
import POSIX
import SSH

/// What an origin is asked for.
public enum OriginProgram: String, Sendable {
    case uploadPack = "git-upload-pack"
    case receivePack = "git-receive-pack"
}

/// A way to one origin, over which its services are started: one SSH connection where libssh2 speaks,
/// an `ssh` child for each where that does. Connects when the first service is asked for.
public final class OriginLine {
    private let carrier: SSHCarrier
    private let settings: SSHSettings
    private let path: String

    /// - Throws: ``SSHRefusal`` for a key or setting that cannot be used.
    public init(
        path: String, at settings: SSHSettings, environment: Environment, caller: any Caller
    ) throws(SSHRefusal) {
        var settings = settings
        settings.words = .origin
        self.settings = settings
        self.path = path
        do throws(Failure) {
            let plan = try SSHPlan(
                settings, ownCommand: nil, fetchesEverything: false, environment: environment,
                until: .after(settings.connectTimeout))
            if let file = settings.identityFile {
                try checkPrivateKey(
                    environment.expandingHome(file), setting: settings.words.keySetting,
                    hasAgent: plan.target.agentSocket != nil,
                    isForProgram: plan.client() != .libssh2)
            }
            carrier = try SSHCarrier(plan: plan, caller: caller)
        } catch { throw SSHRefusal(.configuration, error) }
    }

    /// Starts `program`. Takes up to the settings' connect timeout for the connection, unless that is
    /// there, and again for the start.
    ///
    /// - Throws: ``SSHRefusal``. What an `ssh` child cannot do is known only at its end:
    ///   ``OriginService/farWords(by:)``.
    public func start(_ program: OriginProgram) throws(SSHRefusal) -> OriginService {
        service(try carrier.start(command(program)))
    }

    /// Begins to start `program`: waits for the connection, unless that is there, and for no more.
    public func begin(_ program: OriginProgram) throws(SSHRefusal) -> OriginOpening {
        guard let opening = carrier.begin(command(program)) else {
            return OriginOpening(self, started: try start(program))
        }
        return OriginOpening(self, opening)
    }

    /// Gives back to the far side what is used no more.
    public func sweep() { carrier.sweep() }

    private func command(_ program: OriginProgram) -> String {
        "\(program.rawValue) \(ShellWords.quote(path))"
    }

    fileprivate func service(_ connection: Connection) -> OriginService {
        OriginService(connection, settings)
    }
}

/// A far service on its way; see ``OriginLine/begin(_:)``.
public final class OriginOpening {
    private let line: OriginLine
    private var opening: ConnectionOpening?
    private var started: OriginService?

    init(_ line: OriginLine, _ opening: ConnectionOpening) {
        self.line = line
        self.opening = opening
    }

    init(_ line: OriginLine, started: OriginService) {
        self.line = line
        self.started = started
    }

    /// The service, once it runs. Never waits.
    public func advance() throws(SSHRefusal) -> OriginService? {
        if let opening, let connection = try opening.advance() {
            started = line.service(connection)
            self.opening = nil
        }
        return started
    }

    /// What to poll for before ``advance()`` can get on.
    public var interest: [PollRequest] { opening?.interest ?? [] }

    /// Whether ``advance()`` may get on though no descriptor says so.
    public var holdsBytes: Bool { opening?.holdsBytes ?? true }
}

/// One far service under way.
public final class OriginService {
    /// The service's own input and output.
    public var stream: any ByteStream { connection.stream }
    private let connection: Connection
    private let settings: SSHSettings
    private var isChild: Bool { stream is ProcessStream }

    init(_ connection: Connection, _ settings: SSHSettings) {
        self.connection = connection
        self.settings = settings
    }

    /// An `ssh` whose far side hangs would not end by itself.
    deinit { (stream as? ProcessStream)?.child.signal(Signals.terminate) }

    /// Waits for the far side's end, at most until `deadline`, and says how it ended and what it
    /// wrote for a person. Ends the connection with it.
    public func farWords(by deadline: Deadline) -> (status: ExitStatus, lines: [String]) {
        let status = (try? stream.end(by: deadline)) ?? .unknown
        return (status, connection.diagnostics.lines)
    }

    /// What an `ssh` child failed at, if `status` says that it was ssh itself that failed.
    public func childRefusal(_ status: ExitStatus, _ lines: [String]) -> SSHRefusal? {
        guard isChild, status == .exited(255) else { return nil }
        return SSHPlan.explain(lines, settings)
    }
}

// An engine with everything that others ask it by: the addresses, which answer from the start, and the
// socket in the gitdir, once there is a gitdir.

import ControlAPI
import Engine
import EngineCore
import Model
import POSIX

/// What `git pod serve` runs.
final class Serving {
    private enum Stage {
        case boot(Boot)
        case service(Service)
    }

    /// Whom requests are for.
    private enum Desk: Sendable {
        case boot(BootDesk)
        case engine(ControlDesk)
    }

    private let line: EngineLine
    private let say: @Sendable (LogEntry) -> Void
    private let supervisor: Supervisor?
    private let events: EventBoard
    private let secretFile: String?
    private var stage: Stage
    private let desk: Locked<Desk?> = Locked(nil)
    private var listening = ControlDesk.Listening()
    private var servers: [ControlServer] = []
    private let routes = engineRoutes.map(\.route)

    /// Opens the gitdir, if it is there, and listens.
    ///
    /// - Throws: ``Failure``, of kind `configuration` for an address that was asked for and is not to be
    ///   had.
    init(
        _ line: EngineLine, _ settings: Settings, log: @escaping @Sendable (LogEntry) -> Void
    ) throws(Failure) {
        self.line = line
        let events = EventBoard(run: String(UInt32.random(in: 0 ... .max), radix: 36))
        self.events = events
        let say: @Sendable (LogEntry) -> Void = { entry in
            log(entry)
            guard entry.level > .debug else { return }
            let now = UTCTime(millisecondsSince1970: wallClockMilliseconds())
            events.post(entry.event, entry.json(at: now))
        }
        self.say = say
        supervisor = Supervisor(
            environment: .current(), process: processNumber(), log: say)
        forgetVariables(Supervisor.variables)
        // Before the gitdir is claimed: what is wrong with these is known at once.
        let (machine, anywhere) = (try settings.listen(), try settings.listenPublic())
        secretFile = try settings.webhookSecretFile()
        let boot = try Boot(
            path: line.gitdir(), flags: line.flags, environment: .current(), log: say)
        if let boot {
            stage = .boot(boot)
        } else {
            stage = .service(try Self.service(line, say))
        }
        try listen(machine, anywhere)
    }

    private static func service(_ line: EngineLine, _ say: @escaping @Sendable (LogEntry) -> Void)
        throws(Failure) -> Service
    {
        try Service(path: line.gitdir(), flags: line.flags, environment: .current(), log: say)
    }

    /// Serves until a signal ends it.
    ///
    /// - Returns: the refs whose tips origin lacks.
    func run(signals: SignalWaker) throws(Failure) -> [Watermark] {
        let service: Service
        var clone = CloneFigures()
        switch stage {
        case .service(let opened): service = opened
        case .boot(let boot):
            supervisor?.ready()
            guard try boot.run(signals: signals, supervisor: supervisor) else { return [] }
            clone = boot.figures
            service = try Self.service(line, say)
            // It is let go of by nobody: its threads may wait for long, and the end waits for none.
            stage = .service(service)
        }
        let desk = ControlDesk(
            engine: service.control, events: events, fetches: FetchTally(), clone: clone, log: say,
            secretFile: secretFile, listening: listening)
        self.desk.with { $0 = .engine(desk) }
        servers.append(
            try ControlServer(gitdir: service.gitdir, routes: routes) { answer($0, desk, $1) })
        supervisor?.ready()
        return try service.run(signals: signals, supervisor: supervisor)
    }

    func stop() { for server in servers { server.stop() } }

    // MARK: addresses

    private func listen(
        _ machine: (address: ListenAddress, isAsked: Bool)?, _ anywhere: ListenAddress?
    ) throws(Failure) {
        let own = try machine.flatMap { machine throws(Failure) in
            try listener(machine.address, isAsked: machine.isAsked, "listen")
        }
        let open = try anywhere.flatMap { address throws(Failure) in
            try listener(address, isAsked: true, "listenPublic")
        }
        listening = .init(machine: own?.address, anywhere: open?.address)
        if case .boot(let boot) = stage {
            let first = BootDesk(boot: boot.control, events: events, listening: listening)
            desk.with { $0 = .boot(first) }
        }
        if let own {
            try serve(own, isPublic: false, "listening on http://\(own.address)")
        }
        if let open {
            let what = "probes, metrics and the webhook"
            try serve(open, isPublic: true, "listening on http://\(open.address) for \(what)")
        }
    }

    private func serve(_ listener: TCPListener, isPublic: Bool, _ text: String) throws(Failure) {
        let desk = desk
        servers.append(
            try ControlServer(on: listener, isPublic: isPublic, routes: routes) { request, reply in
                switch desk.with({ $0 }) {
                case .boot(let desk): answer(request, desk, reply)
                case .engine(let desk): answer(request, desk, reply)
                case nil: reply(.error(503, "the engine is starting"))
                }
            })
        say(
            LogEntry(
                .info, "listening", text,
                [("address", .string(listener.address)), ("public", .bool(isPublic))]))
    }

    /// Nil, and a warning, if nobody has asked for an address that is not to be had.
    private func listener(_ address: ListenAddress, isAsked: Bool, _ setting: String)
        throws(Failure) -> TCPListener?
    {
        do throws(Failure) { return try TCPListener(address) } catch {
            let failure = Failure(
                .configuration, error.message,
                hint: "see who has it with ss -ltnp, or set \(setting) to another, or to none")
            guard !isAsked else { throw failure }
            say(LogEntry(.warning, "listening", failure.description))
            return nil
        }
    }
}

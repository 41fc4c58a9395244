// An engine with everything that others ask it by: the socket in the gitdir, and the addresses.

import ControlAPI
import Engine
import Model
import POSIX

/// What `git pod serve` runs.
final class Serving {
    let service: Service
    private var servers: [ControlServer] = []

    /// Opens the gitdir and listens.
    ///
    /// - Throws: ``Failure``, of kind `configuration` for an address that was asked for and is not to be
    ///   had.
    init(
        _ line: EngineLine, _ settings: Settings, log: @escaping @Sendable (LogEntry) -> Void
    ) throws(Failure) {
        let events = EventBoard(run: String(UInt32.random(in: 0 ... .max), radix: 36))
        let say: @Sendable (LogEntry) -> Void = { entry in
            log(entry)
            guard entry.level > .debug else { return }
            let now = UTCTime(millisecondsSince1970: wallClockMilliseconds())
            events.post(entry.event, entry.json(at: now))
        }
        // Before the gitdir is claimed: what is wrong with these is known at once.
        let (machine, anywhere) = (try settings.listen(), try settings.listenPublic())
        let secretFile = try settings.webhookSecretFile()
        service = try Service(
            path: line.gitdir(), flags: line.flags, environment: .current(), log: say)
        let own = try machine.flatMap { machine throws(Failure) in
            try Self.listener(machine.address, isAsked: machine.isAsked, "listen", say)
        }
        let open = try anywhere.flatMap { address throws(Failure) in
            try Self.listener(address, isAsked: true, "listenPublic", say)
        }
        let desk = ControlDesk(
            engine: service.control, events: events, fetches: FetchTally(), log: say,
            secretFile: secretFile,
            listening: .init(machine: own?.address, anywhere: open?.address))
        let routes = engineRoutes.map(\.route)
        servers.append(
            try ControlServer(gitdir: service.gitdir, routes: routes) { answer($0, desk, $1) })
        if let own {
            servers.append(
                try ControlServer(on: own, isPublic: false, routes: routes) {
                    answer($0, desk, $1)
                })
            Self.say("listening on http://\(own.address)", own, isPublic: false, say)
        }
        if let open {
            servers.append(
                try ControlServer(on: open, isPublic: true, routes: routes) {
                    answer($0, desk, $1)
                })
            let what = "probes, metrics and the webhook"
            Self.say("listening on http://\(open.address) for \(what)", open, isPublic: true, say)
        }
    }

    func stop() { for server in servers { server.stop() } }

    private static func say(
        _ text: String, _ listener: TCPListener, isPublic: Bool,
        _ say: @Sendable (LogEntry) -> Void
    ) {
        say(
            LogEntry(
                .info, "listening", text,
                [("address", .string(listener.address)), ("public", .bool(isPublic))]))
    }

    /// Nil, and a warning, if nobody has asked for an address that is not to be had.
    private static func listener(
        _ address: ListenAddress, isAsked: Bool, _ setting: String,
        _ say: @Sendable (LogEntry) -> Void
    ) throws(Failure) -> TCPListener? {
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

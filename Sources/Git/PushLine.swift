// Pushes to one origin by our own client of the protocol: once, or over and over with the next
// `git-receive-pack` started and its advertisement read before there is anything to push.

import Model
import POSIX
import Transport

/// A connection to an origin that pushes go over. Connects at the first push, or when it is warmed.
/// Used by one thread at a time.
public final class PushLine {
    /// How many are kept ready while nothing is pushed, those on their way among them.
    private static let readyAtRest = 2
    /// The same during a push. One takes two round trips to be ready, and a push takes one: with two
    /// on their way, there is one for each push of those that follow each other at once.
    private static let readyInPush = 3
    private static let openingAtOnce = 2
    /// How many a connection has whose hooks still run; OpenSSH's `MaxSessions` is 10 unless told
    /// otherwise. Those of further pushes go over another one.
    static let lingeringAtMost = 4
    /// The same of all connections. Origin's hooks lose their output if there are more.
    static let lingeringInAll = 32

    let origin: Origin
    /// The connection to an SSH origin; made anew after every failure.
    var ssh: SSHLine
    /// Ready, or on their way, oldest first.
    var spares: [ReceivePack] = []
    /// Those that have reported and still run hooks over there, and the connection of each.
    var lingering: [(pack: ReceivePack, line: SSHLine)] = []
    /// Whether what is there now was there before the push at hand: it may have been cut off since.
    var wasOpen = false
    /// Whether origin may have been told of the push at hand.
    var wasTold = false
    /// Whether it was our own repository that had no pack for it.
    var hadNoPack = false
    var isPushing = false
    /// Whether there is to be another one beside the one that pushes, and origin allows that.
    private var keepsSpares = false
    var allowsSpares = true
    var names: [RefName] = []
    var settings: OriginSettings { origin.settings }

    /// Nil for an origin that takes pushes only through git itself (HTTP).
    public init?(_ origin: Origin) {
        if case .http = origin.settings.url.way { return nil }
        self.origin = origin
        let rested = origin.takeRested()
        ssh = rested ?? SSHLine(origin)
        wasOpen = rested != nil
    }

    /// Has the next push's far side ready before it is needed, as far as that goes without waiting
    /// for more than a connection.
    ///
    /// Does nothing where origin lets us have but one service at a time: there each push begins anew.
    ///
    /// - Parameter names: the refs that will be pushed.
    public func warm(for names: [RefName]) throws(OriginFailure) {
        self.names = names
        keepsSpares = true
        makeRoom()
        // What is there, and ends meanwhile, would be readable for ever if nobody looked after it.
        guard allowsSpares || !attended.isEmpty else { return }
        do throws(OriginFailure) {
            if spares.isEmpty, allowsSpares { try openSpare() }
            try attend()
        } catch {
            reset()
            throw error
        }
    }

    /// Whether there is a connection, or one is being made.
    public var isOpen: Bool { !spares.isEmpty }

    /// What origin has of `names` now, by a new advertisement.
    public func look(at names: [RefName]) throws(OriginFailure) -> [RefName: ObjectID] {
        self.names = Set(self.names + names).sorted()
        do throws(OriginFailure) {
            // One that was kept ready knows only what was there then.
            if spares.count >= Self.readyAtRest { spares.removeFirst().dismiss() }
            try open()
            let fresh = spares.removeLast()
            try wait(for: fresh, until: .after(settings.operationTimeout)) { $0.isReady }
            spares.append(fresh)
            let names = Set(names)
            return fresh.refs.filter { names.contains($0.key) }
        } catch {
            reset()
            throw error
        }
    }

    /// Whether a push would go out at once.
    public var isWarm: Bool { spares.contains { $0.isReady } }

    /// Goes on with what is under way beside pushes. Never waits.
    ///
    /// - Throws: ``OriginFailure`` if what was kept ready is of no use any more; it is gone then.
    public func attend() throws(OriginFailure) {
        do throws(OriginFailure) { try tend() } catch {
            reset()
            throw error
        }
    }

    func tend() throws(OriginFailure) {
        lingering.removeAll { (try? $0.pack.advance()) == nil || $0.pack.hasEnded }
        ssh.sweep()
        for spare in spares {
            do throws(OriginFailure) { try spare.advance() } catch {
                // Origin is there, and lets us have no more services than it has given.
                guard !spare.isOpen, error.failure.kind == .refused else { throw error }
                spares.removeAll { $0 === spare }
                allowsSpares = false
            }
        }
        let enough = isPushing ? Self.readyInPush : Self.readyAtRest
        while keepsSpares, allowsSpares, spares.count < enough,
            spares.count(where: { !$0.isOpen }) < Self.openingAtOnce,
            lingeringHere < Self.lingeringAtMost
        {
            try openSpare()
        }
    }

    var lingeringHere: Int { lingering.count { $0.line === ssh } }

    private var attended: [ReceivePack] { spares + lingering.map(\.pack) }

    /// What to poll for before ``attend()`` can get on.
    public var interest: [PollRequest] { attended.flatMap(\.interest) }

    /// When ``attend()`` is due though nothing happened.
    public var nextService: Deadline {
        attended.map { $0.holdsBytes ? .after(.zero) : $0.nextService }.min() ?? .never
    }

    /// Says that nothing more will come.
    public func close() {
        for spare in spares { spare.dismiss() }
        lingering = []
        reset()
    }

    /// Forgets the connection, but for hooks that still run at its other end: the next push makes a
    /// new one.
    func reset() {
        spares = []
        ssh = SSHLine(origin)
        (allowsSpares, wasOpen) = (true, false)
    }

    /// Opens one beside what the connection has already, if origin allows that.
    private func openSpare() throws(OriginFailure) {
        let isFirst = !wasOpen
        do throws(OriginFailure) { try open() } catch {
            guard !isFirst, error.failure.kind == .refused else { throw error }
            allowsSpares = false
        }
    }

    func open() throws(OriginFailure) {
        let opening: any ReceivePackOpening =
            if case .path(let path) = settings.url.way {
                try LocalReceivePack(origin, path)
            } else {
                try ssh.begin()
            }
        let spare = ReceivePack(origin, opening, of: names)
        try spare.advance()
        spares.append(spare)
        wasOpen = true
    }
}

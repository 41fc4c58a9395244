// Pushes to one origin by our own client of the protocol: once, or over and over with the next
// `git-receive-pack` started and its advertisement read before there is anything to push.

import Model
import POSIX
import Transport

/// A connection to an origin that pushes go over. Connects at the first push, or when it is warmed.
/// Used by one thread at a time.
public final class PushLine {
    /// How many are kept ready: one that is opened while another pushes takes two round trips, and a
    /// push takes one.
    private static let readyAtMost = 2
    /// How many a connection has whose hooks still run; OpenSSH's `MaxSessions` is 10 unless told
    /// otherwise. Those of further pushes go over another one.
    private static let lingeringAtMost = 5
    /// The same of all connections. Origin's hooks lose their output if there are more.
    private static let lingeringInAll = 32

    private let origin: Origin
    /// The connection to an SSH origin; made anew after every failure.
    private var ssh: SSHLine
    /// Ready, or on their way, oldest first.
    private var spares: [ReceivePack] = []
    /// Those that have reported and still run hooks over there, and the connection of each.
    private var lingering: [(pack: ReceivePack, line: SSHLine)] = []
    /// Whether what is there now was there before the push at hand: it may have been cut off since.
    private var wasOpen = false
    /// Whether origin may have been told of the push at hand.
    private var wasTold = false
    /// Whether there is to be another one beside the one that pushes, and origin allows that.
    private var keepsSpares = false
    private var allowsSpares = true
    private var names: [RefName] = []
    private var settings: OriginSettings { origin.settings }

    /// Nil for an origin that takes pushes only through git itself (HTTP).
    public init?(_ origin: Origin) {
        if case .http = origin.settings.url.way { return nil }
        self.origin = origin
        ssh = SSHLine(origin)
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
        guard allowsSpares else { return }
        do throws(OriginFailure) {
            if spares.isEmpty { try openSpare() }
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
            if spares.count >= Self.readyAtMost { spares.removeFirst().dismiss() }
            try open()
            let fresh = spares.removeLast()
            try wait(for: fresh, until: .after(settings.operationTimeout)) { $0.isReady }
            spares.append(fresh)
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

    private func tend() throws(OriginFailure) {
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
        guard keepsSpares, allowsSpares, spares.count < Self.readyAtMost,
            spares.allSatisfy(\.isOpen), lingeringHere < Self.lingeringAtMost
        else { return }
        try openSpare()
    }

    private var lingeringHere: Int { lingering.count { $0.line === ssh } }

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
    private func reset() {
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

    private func open() throws(OriginFailure) {
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

extension PushLine {
    /// Moves refs on origin; see ``Origin/push(_:)``, which this is for updates that may be sent.
    ///
    /// - Parameter isLast: whether to wait until origin has run its hooks, too.
    func push(_ updates: [RefUpdate], isLast: Bool) throws(OriginFailure)
        -> [RefName: PushResult]
    {
        names = Set(names + updates.map(\.name)).sorted()
        makeRoom()
        let couldBeCut = wasOpen
        wasTold = false
        do throws(OriginFailure) { return try pushOnce(updates, isLast: isLast) } catch {
            reset()
            // What was kept open may have been cut off long ago, or take no more services. Origin may
            // have taken the push, too: the new advertisement says so.
            let mayBeAge = error.reason == .unreachable || error.reason == .unknown && !wasTold
            guard couldBeCut, mayBeAge, settings.isCancelled?() != true else { throw error }
        }
        do throws(OriginFailure) { return try pushOnce(updates, isLast: isLast) } catch {
            reset()
            throw error
        }
    }

    private func pushOnce(_ updates: [RefUpdate], isLast: Bool) throws(OriginFailure)
        -> [RefName: PushResult]
    {
        let deadline = Deadline.after(settings.operationTimeout)
        let wasWarm = isWarm
        if spares.isEmpty { try open() }
        let chosen = spares.remove(at: spares.firstIndex { $0.isReady } ?? 0)
        try wait(for: chosen, until: deadline) { $0.isReady }
        // Only a new advertisement says where the refs are.
        let isCurrent =
            !wasWarm && !chosen.isOutdated && updates.allSatisfy { chosen.knows($0.name) }
        var (results, due) = ([RefName: PushResult](), updates)
        if isCurrent { (results, due) = sorted(updates, by: chosen.refs) }
        guard !due.isEmpty else {
            spares.insert(chosen, at: 0)
            return results
        }
        try send(due, to: chosen, until: deadline, isLast: isLast)
        results.merge(chosen.results) { $1 }
        // What origin has may be other than the advertisement says by now: the next one is new.
        if !isCurrent, results.values.contains(where: \.isUnexplained) { spares = [] }
        return results
    }

    private func send(
        _ updates: [RefUpdate], to chosen: ReceivePack, until deadline: Deadline, isLast: Bool
    ) throws(OriginFailure) {
        let known = updates.compactMap(\.old) + chosen.refs.values
        let pack: PackSource
        do throws(Failure) {
            pack = try PackSource(
                updates.map(\.new), hiding: known.filter(origin.repository.hasCommit),
                origin: origin)
        } catch { throw OriginFailure(.unknown, error) }
        wasTold = true
        try chosen.command(updates, pack)
        try wait(for: chosen, until: deadline) { isLast ? $0.hasEnded : $0.hasReported }
        for spare in spares { spare.isOutdated = true }
        // One that gave up half-way has left half a packet in the connection's way.
        guard chosen.hasEverything else { return reset() }
        if !chosen.hasEnded { lingering.append((chosen, ssh)) }
    }

    /// Has the push go over another connection if this one has too many hooks to wait for.
    private func makeRoom() {
        if spares.isEmpty, lingeringHere >= Self.lingeringAtMost { reset() }
        if lingering.count > Self.lingeringInAll { lingering.removeFirst() }
    }

    /// What needs no push, or can have none, by what origin has.
    private func sorted(_ updates: [RefUpdate], by refs: [RefName: ObjectID])
        -> ([RefName: PushResult], due: [RefUpdate])
    {
        var results: [RefName: PushResult] = [:]
        var due: [RefUpdate] = []
        for update in updates {
            let have = refs[update.name]
            if have == update.new {
                results[update.name] = .done
            } else if have != update.old {
                results[update.name] = .refused(.nonFastForward, origin.moved(update, now: have))
            } else {
                due.append(update)
            }
        }
        return (results, due)
    }

    /// Waits until `isDone`, and meanwhile has the next one started.
    private func wait(
        for chosen: ReceivePack, until deadline: Deadline, _ isDone: (ReceivePack) -> Bool
    ) throws(OriginFailure) {
        var silence = Deadline.after(settings.idleTimeout)
        var traffic = chosen.traffic
        while true {
            try chosen.advance()
            if isDone(chosen) || chosen.hasEnded { return }
            if chosen.traffic != traffic {
                (traffic, silence) = (chosen.traffic, .after(settings.idleTimeout))
            }
            if chosen.awaitsPack { silence = .after(settings.idleTimeout) }
            if let halt = halt(silence, deadline) {
                if chosen.hasReported { return }
                throw chosen.explain(halt)
            }
            // A spare's failure is not this push's, unless the connection itself has failed.
            if (try? tend()) == nil { (spares, allowsSpares) = ([], false) }
            guard !chosen.holdsBytes else { continue }
            var until = min(silence, deadline, chosen.nextService, nextService)
            if settings.isCancelled != nil { until = min(until, .after(Self.attention)) }
            do throws(Failure) {
                var requests = chosen.interest + interest
                try POSIX.wait(for: &requests, until: until)
            } catch { throw OriginFailure(.unknown, error) }
        }
    }

    private func halt(_ silence: Deadline, _ deadline: Deadline) -> PatientStream.Halt? {
        if silence.hasPassed { return .silent }
        if deadline.hasPassed { return .late }
        return settings.isCancelled?() == true ? .cancelled : nil
    }

    /// How often ``OriginSettings/isCancelled`` is asked.
    private static let attention = Duration.milliseconds(200)
}

extension PushResult {
    /// Whether the refusal has no reason that would be the same for a new connection.
    fileprivate var isUnexplained: Bool {
        if case .refused(.unknown, _) = self { true } else { false }
    }
}

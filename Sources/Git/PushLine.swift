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
    /// OpenSSH's `MaxSessions` is 10 unless told otherwise.
    private static let openAtMost = 5

    private let origin: Origin
    /// The connection to an SSH origin; made anew after every failure.
    private var ssh: SSHLine
    /// Ready, or on their way, oldest first.
    private var spares: [ReceivePack] = []
    /// Those that have reported and still run hooks over there.
    private var lingering: [ReceivePack] = []
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
    /// - Parameter names: the refs that will be pushed.
    public func warm(for names: [RefName]) throws(OriginFailure) {
        self.names = names
        keepsSpares = true
        do throws(OriginFailure) {
            if spares.isEmpty { try open() }
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
    /// - Throws: ``OriginFailure`` if what was kept ready is of no use any more.
    public func attend() throws(OriginFailure) {
        lingering.removeAll { linger in
            (try? linger.advance()) == nil || linger.hasEnded
        }
        ssh.sweep()
        for spare in spares { try spare.advance() }
        guard keepsSpares, allowsSpares, spares.count < Self.readyAtMost,
            spares.allSatisfy(\.isOpen), spares.count + lingering.count < Self.openAtMost
        else { return }
        try open()
    }

    /// What to poll for before ``attend()`` can get on.
    public var interest: [PollRequest] { (spares + lingering).flatMap(\.interest) }

    /// When ``attend()`` is due though nothing happened.
    public var nextService: Deadline {
        (spares + lingering).map { $0.holdsBytes ? .after(.zero) : $0.nextService }.min() ?? .never
    }

    /// Says that nothing more will come.
    public func close() {
        for spare in spares { spare.dismiss() }
        reset()
    }

    /// Forgets the connection: the next push makes a new one.
    private func reset() {
        (spares, lingering) = ([], [])
        allowsSpares = true
        ssh = SSHLine(origin)
    }

    private func open() throws(OriginFailure) {
        let opening: any ReceivePackOpening =
            if case .path(let path) = settings.url.way {
                try LocalReceivePack(origin, path)
            } else {
                try ssh.begin()
            }
        spares.append(ReceivePack(origin, opening, of: names))
    }
}

extension PushLine {
    /// Moves refs on origin; see ``Origin/push(_:)``, which this is for updates that may be sent.
    ///
    /// - Parameter isLast: whether to wait until origin has run its hooks, too.
    func push(_ updates: [RefUpdate], isLast: Bool) throws(OriginFailure)
        -> [RefName: PushResult]
    {
        let wasWarm = isWarm
        names = Set(names + updates.map(\.name)).sorted()
        do throws(OriginFailure) {
            return try pushOnce(updates, knowingOrigin: !wasWarm, isLast: isLast)
        } catch {
            reset()
            // What was kept ready may have been cut off long ago. Origin may have taken the push, too:
            // the new advertisement says so.
            guard wasWarm, error.reason == .unreachable else { throw error }
        }
        do throws(OriginFailure) {
            return try pushOnce(updates, knowingOrigin: true, isLast: isLast)
        } catch {
            reset()
            throw error
        }
    }

    /// - Parameter knowingOrigin: whether the advertisement is new enough to say where the refs are.
    private func pushOnce(_ updates: [RefUpdate], knowingOrigin: Bool, isLast: Bool)
        throws(OriginFailure) -> [RefName: PushResult]
    {
        let deadline = Deadline.after(settings.operationTimeout)
        if spares.isEmpty { try open() }
        let chosen = spares.remove(at: spares.firstIndex { $0.isReady } ?? 0)
        try wait(for: chosen, until: deadline) { $0.isReady }
        var (results, due) = ([RefName: PushResult](), updates)
        if knowingOrigin { (results, due) = sorted(updates, by: chosen.refs) }
        guard !due.isEmpty else {
            spares.insert(chosen, at: 0)
            return results
        }
        let known = due.compactMap(\.old) + chosen.refs.values
        let pack: PackSource
        do throws(Failure) {
            pack = try PackSource(
                due.map(\.new), hiding: known.filter(origin.repository.hasCommit),
                origin: origin)
        } catch { throw OriginFailure(.unknown, error) }
        try chosen.command(due, pack)
        try wait(for: chosen, until: deadline) { isLast ? $0.hasEnded : $0.hasReported }
        if !chosen.hasEnded { lingering.append(chosen) }
        return results.merging(chosen.results) { $1 }
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
            if silence.hasPassed { throw chosen.explain(.silent) }
            if deadline.hasPassed { throw chosen.explain(.late) }
            if settings.isCancelled?() == true { throw chosen.explain(.cancelled) }
            // A spare's failure is not this push's, unless the connection itself has failed.
            if (try? attend()) == nil { (spares, allowsSpares) = ([], false) }
            guard !chosen.holdsBytes else { continue }
            var until = min(silence, deadline, chosen.nextService, nextService)
            if settings.isCancelled != nil { until = min(until, .after(Self.attention)) }
            do throws(Failure) {
                var requests = chosen.interest + interest
                try POSIX.wait(for: &requests, until: until)
            } catch { throw OriginFailure(.unknown, error) }
        }
    }

    /// How often ``OriginSettings/isCancelled`` is asked.
    private static let attention = Duration.milliseconds(200)
}

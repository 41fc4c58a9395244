// One push over a line: which far side takes it, what has to be sent at all, and how long we wait.

import Model
import POSIX
import Transport

extension PushLine {
    /// Moves refs on origin; see ``Origin/push(_:)``, which this is for updates that may be sent.
    ///
    /// - Parameter isLast: whether to wait until origin has run its hooks, too.
    func push(_ updates: [RefUpdate], isLast: Bool) throws(OriginFailure)
        -> [RefName: PushResult]
    {
        names = Set(names + updates.map(\.name)).sorted()
        makeRoom()
        isPushing = true
        defer { isPushing = false }
        let couldBeCut = wasOpen
        (wasTold, hadNoPack) = (false, false)
        do throws(OriginFailure) { return try pushOnce(updates, isLast: isLast) } catch {
            // That was not the connection's fault.
            guard !hadNoPack else { throw error }
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
        } catch {
            hadNoPack = true
            spares.insert(chosen, at: 0)
            throw OriginFailure(.unknown, error)
        }
        wasTold = true
        try chosen.command(updates, pack)
        try wait(for: chosen, until: deadline) { isLast ? $0.hasEnded : $0.hasReported }
        for spare in spares { spare.isOutdated = true }
        // One that gave up half-way has left half a packet in the connection's way.
        guard chosen.hasEverything else { return reset() }
        if !chosen.hasEnded { lingering.append((chosen, ssh)) }
    }

    /// Has the push go over another connection if this one has too many hooks to wait for.
    func makeRoom() {
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

    /// How long git may think about a pack before its first byte, or the next: some minutes for what is
    /// large, and no longer where a volume has stalled.
    private static let packingAtMost = Duration.seconds(600)

    /// Waits until `isDone`, and meanwhile has the next one started.
    func wait(
        for chosen: ReceivePack, until deadline: Deadline, _ isDone: (ReceivePack) -> Bool
    ) throws(OriginFailure) {
        var silence = Deadline.after(settings.idleTimeout)
        var packing = Deadline.after(Self.packingAtMost)
        var traffic = chosen.traffic
        while true {
            try chosen.advance()
            if isDone(chosen) || chosen.hasEnded { return }
            if chosen.traffic != traffic {
                (traffic, silence) = (chosen.traffic, .after(settings.idleTimeout))
                packing = .after(Self.packingAtMost)
            }
            if chosen.awaitsPack {
                guard !packing.hasPassed else {
                    throw OriginFailure(
                        .timeout,
                        "git pack-objects has said nothing for "
                            + "\(Self.packingAtMost.spoken)",
                        hint: "look at the volume of \(origin.repository.path)")
                }
                silence = .after(settings.idleTimeout)
            }
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

// What the push service does for its machine, and what comes back from those who do it.

import EngineCore
import Git
import Model
import POSIX

extension Service {
    /// Carries out what the machine wants; what comes of it is told to the machine as an event.
    func carryOut(_ action: PushMachine.Action) {
        switch action {
        case .send(let updates, let attempt):
            let names = updates.map(\.name.description).joined(separator: ", ")
            log(LogEntry(.debug, "send", "sending \(names), attempt \(attempt)"))
            sent(updates)
            refsUnderWay = updates.count
            tell({ $0.send(updates) }, orAnswer: Courier.Answer.failed)
        case .look(let names): look(names)
        case .save(let name, let tip, let conflict): save(name, tip, on: conflict)
        case .reconcile(let name): reconcile(name)
        case .announce(let notice): announce(notice)
        case .wake: break
        }
    }

    /// Gives the courier an order. If there is none, which can be after a reload that failed half-way,
    /// one is taken on, or the machine learns that it did not come to that.
    func tell(
        _ order: (Courier) -> Void, orAnswer answer: (OriginFailure) -> Courier.Answer
    ) {
        do throws(Failure) {
            if courier == nil { try connect() }
            if let courier { order(courier) }
        } catch { mailbox.post(.answer(generation, answer(OriginFailure(.unknown, error)))) }
    }

    private func save(_ name: RefName, _ tip: ObjectID, on conflict: RefName?) {
        let (steward, mailbox) = (steward, mailbox)
        stewardLane.add {
            let kept: Result<RefName?, Failure>
            do throws(Failure) {
                kept = .success(try steward.save(name, tip, on: conflict))
            } catch { kept = .failure(error) }
            mailbox.post(.saved(name, tip, kept))
        }
    }

    /// Keeps what the application has moved a branch off.
    func keep(_ old: ObjectID, leftBy name: RefName, for new: ObjectID?) {
        let (steward, log, ended) = (steward, log, errand())
        stewardLane.add {
            defer { ended() }
            do throws(Failure) { try steward.keep(old, leftBy: name, for: new) } catch {
                let text = "\(old.short), which \(name) stood on, is not kept: \(error.description)"
                log(LogEntry(.error, "keep", text))
            }
        }
    }

    /// Begins something that an end waits for. The result is to be called, on any thread, when it is over.
    func errand() -> @Sendable () -> Void {
        let (errands, mailbox) = (errands, mailbox)
        errands.with { $0 += 1 }
        return {
            errands.with { $0 -= 1 }
            mailbox.post(.asked { _, _ in })
        }
    }

    /// Whether what is to be written down waits: upkeep would have to end for it, and on a busy branch
    /// never come to its end.
    var isSettlingLater: Bool { upkeep.isRunning && !isDraining }

    /// Has refs here say what origin has confirmed: all that came while the last of that was written.
    func settle() {
        guard !unsettled.isEmpty, settling.isEmpty, settleFrom.hasPassed, !isSettlingLater else {
            return
        }
        let (steward, mailbox, generation) = (steward, mailbox, generation)
        // What failed the last time comes last.
        let due = unsettled.values.sorted {
            let isLate = (settleTroubles[$0.name] != nil, settleTroubles[$1.name] != nil)
            return isLate.0 == isLate.1 ? $0.name < $1.name : isLate.1
        }
        (settling, unsettled) = (Set(unsettled.keys), [:])
        stewardLane.add {
            let (left, why) = steward.settle(due)
            mailbox.post(.settled(generation, left, why))
        }
    }

    // MARK: what comes back

    func take(_ message: Message, _ events: inout [PushMachine.Event]) {
        switch message {
        case .answer(let number, _) where number != generation: break
        case .answer(_, .report(let results)):
            originTrouble = nil
            tally.reported(results, at: now)
            events.append(.report(results))
        case .answer(_, .failed(let failure)):
            tally.failed(failure.reason, refs: refsUnderWay)
            events.append(.failed(failure.reason, failure.message))
        case .answer(_, .lookFailed(let failure)):
            isLooking = false
            // What waits for it has come no further by that.
            let waiting = machine.lacking.count
            if waiting > 0 { tally.failed(failure.reason, refs: waiting) }
            events.append(.lookFailed(failure.reason, failure.message))
        case .answer(_, .found(let found)):
            (isLooking, originTrouble) = (false, nil)
            tally.heard(at: now)
            looked(found)
            let hearsay = Hearsay(gitdir: gitdir)
            takeDown(found, hearsay)
            // Origin is reached at last.
            reconcile(unreconciled.intersection(found.keys).sorted(), &events)
            unreconciled.subtract(found.keys)
            for (name, tip) in found.sorted(by: { $0.key < $1.key }) {
                let seen = name.space == nil ? seen(of: name, hearsay) : seen(ofLog: name, at: tip)
                events.append(.sighted(name, Sighting(origin: tip, seen: seen)))
            }
        case .reconciled(let number, let name, let report):
            if number == generation {
                reconciled(name, report, &events)
            } else {
                takeConflict(of: report, &events)
            }
        case .surveyed(let number, let survey):
            if number == generation { surveyed(survey, &events) }
        case .saved(let name, let tip, .success(let conflict)):
            if let conflict { conflicts.insert(conflict) }
            events.append(.saved(name, tip: tip, on: conflict))
        case .saved(let name, let tip, .failure(let failure)):
            events.append(.notSaved(name, tip: tip, failure.description))
        case .settled(let number, _, _) where number != generation: settling = []
        case .settled(_, let left, let why):
            for (name, text) in why where settleTroubles[name] != text {
                log(LogEntry(.warning, "settle", text))
            }
            let names = Set(left.map(\.name))
            settleTroubles = settleTroubles.filter { names.contains($0.key) }
                .merging(why) { $1 }
            // It is written down again: another git-pod may have had the lock for long.
            for update in left where unsettled[update.name] == nil {
                unsettled[update.name] = update
            }
            settling = []
            if !left.isEmpty { settleFrom = .after(Self.settlePause) }
        case .asked(let question): question(self, &events)
        }
    }

    /// What of origin's branch was acted on last: what is not written down yet counts.
    private func seen(of name: RefName, _ hearsay: Hearsay) -> ObjectID? {
        let seen = machine.watermark(of: name)?.seen ?? written(name)
        let heard = hearsay.tip(of: name, seen: seen)
        return (try? repository.lastSeen(seen, heard: heard, by: tips[name])) ?? seen
    }
}

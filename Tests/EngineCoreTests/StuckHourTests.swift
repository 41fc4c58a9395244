// A branch that is stuck for an hour, and a commit each minute: each is on origin before the next, by the
// machine's own clock, and in the end there is one history.

import EngineCore
import Model
import Testing

private let main = branch("main")
private let conflict = branch("conflicts/2026-03-01T04-05-06Z")

@Suite("A branch that is stuck for an hour")
struct StuckHourTests {
    /// What a life of an hour has led to.
    private struct Hour {
        var stage = PushStage(inSync: main, at: commit(1))
        /// Tips that origin has confirmed on the conflict branch, in their order.
        var saved: [ObjectID] = []
        /// How often main itself was sent, and when the last time was.
        var tries = 0
        var loud: [PushFailureReason] = []
        let refusal: PushFailureReason
        /// What origin has on the conflict branch.
        var there: ObjectID?

        init(_ refusal: PushFailureReason) { self.refusal = refusal }

        /// Plays the engine and origin, which takes the conflict branch alone, until nothing is to be done.
        mutating func answer() {
            loud += stage.errors
            for action in stage.last {
                switch action {
                case .save(let name, let tip, let former):
                    #expect(name == main && (former ?? conflict) == conflict)
                    stage.tell(.saved(main, tip: tip, on: conflict))
                    return answer()
                case .look(let names):
                    #expect(names == [main])
                    stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
                    return answer()
                case .send(let updates, attempt: _):
                    stage.tell(.report(results(of: updates)))
                    return answer()
                default: break
                }
            }
        }

        private mutating func results(of updates: [RefUpdate]) -> [RefName: PushResult] {
            var results: [RefName: PushResult] = [:]
            for update in updates {
                if update.name == main {
                    tries += 1
                    results[main] = .refused(refusal, "no")
                } else {
                    #expect(update.old == there, "\(update) is no fast-forward")
                    there = update.new
                    saved.append(update.new)
                    results[update.name] = .done
                }
            }
            return results
        }

        mutating func commitsEachMinute() {
            for minute in 1...60 {
                stage.tell(.local(main, commit(minute + 1)))
                answer()
                for _ in 1...60 {
                    stage.pass(.seconds(1))
                    answer()
                }
            }
        }
    }

    @Test(
        "is saved on origin commit by commit, is loud once, and comes back to one history",
        arguments: [PushFailureReason.nonFastForward, .rejected, .unknown])
    func hour(refusal: PushFailureReason) throws {
        var hour = Hour(refusal)
        hour.commitsEachMinute()
        let commits = (2...61).map { commit($0) }
        if refusal == .unknown {
            // The first ten minutes it may be a moment's bad luck.
            #expect(Array(commits.suffix(hour.saved.count)) == hour.saved)
            #expect((49...51).contains(hour.saved.count))
        } else {
            #expect(hour.saved == commits)
        }
        #expect(hour.loud == [refusal == .unknown ? .rejected : refusal])
        switch refusal {
        case .nonFastForward: #expect(hour.tries == 1)
        case .rejected: #expect((6...9).contains(hour.tries))
        default: #expect((15...25).contains(hour.tries))
        }
        let mark = try #require(hour.stage.machine.watermark(of: main))
        #expect(mark.state == .stuck)
        #expect(mark.durable == commit(1))
        #expect(mark.saved?.tip == commit(61) && mark.saved?.on == conflict)
        #expect(hour.stage.machine.lacking == [])
        #expect(hour.stage.machine.isQuiet)

        let end = ReconcileEnd(
            outcome: .rebased, escaped: false, local: commit(161),
            sighting: Sighting(origin: commit(100), seen: commit(100)))
        hour.stage.tell(.reconcileBegan(main))
        hour.stage.tell(.reconcileEnded(main, end))
        #expect(hour.stage.sent == [RefUpdate(main, from: commit(100), to: commit(161))])
        hour.stage.tell(.report([main: .done]))
        #expect(hour.stage.state(main) == .inSync)
        #expect(hour.stage.machine.watermarks.map(\.name) == [main])
        #expect(hour.stage.machine.watermark(of: main)?.saved == nil)
        // What comes now goes to the branch again, and nowhere else.
        hour.stage.tell(.local(main, commit(162)))
        #expect(hour.stage.sent == [RefUpdate(main, from: commit(161), to: commit(162))])
        hour.stage.tell(.report([main: .done]))
        #expect(hour.stage.saves == [])
        #expect(hour.stage.machine.isQuiet && hour.stage.machine.lacking == [])
    }
}

// Refs that origin refuses: what is tried again and when, and that no ref holds up another.

import EngineCore
import Model
import Testing

private let main = branch("main")
private let other = branch("other")

@Suite("The push machine and refused refs")
struct RefusedRefTests {
    /// Two branches in sync, of which `main` has a commit that was refused.
    private func refused(
        _ reason: PushFailureReason, _ policy: PushPolicy = PushPolicy(saveStuck: false)
    ) -> PushStage {
        var stage = PushStage(inSync: main, at: commit(1), policy)
        stage.tell(
            .local(other, commit(1)),
            .sighted(other, Sighting(origin: commit(1), seen: commit(1))))
        stage.tell(.local(main, commit(2)))
        stage.tell(.report([main: .refused(reason, "no")]))
        return stage
    }

    @Test("no ref's trouble holds up another", arguments: PushFailureReason.allCases)
    func others(reason: PushFailureReason) {
        var stage = refused(reason)
        stage.tell(.local(other, commit(9)))
        #expect(stage.sent == [RefUpdate(other, from: commit(1), to: commit(9))])
        stage.tell(.report([other: .done]))
        #expect(stage.pushed.map(\.name) == [other])
        #expect(stage.machine.lacking.map(\.name) == [main])
    }

    @Test(
        "a ref that is refused for another reason is tried again alone, after waits that grow",
        arguments: [PushFailureReason.unknown, .diskFull, .unreachable])
    func backsOff(reason: PushFailureReason) throws {
        var stage = refused(reason)
        for whole in [1, 2, 4] {
            let retry = try #require(stage.retries.first)
            #expect(retry.name == main)
            #expect(retry.wait.isJittered(.seconds(whole)))
            #expect(stage.state(main) == .waiting)
            stage.tell(.local(main, commit(2 + whole)))
            #expect(stage.sent == nil)
            stage.pass(retry.wait)
            #expect(stage.sent?.map(\.name) == [main])
            stage.tell(.report([main: .refused(reason, "no")]))
        }
        #expect(stage.errors == [])
        stage.tell(.triggered)
        #expect(stage.sent?.map(\.name) == [main])
        stage.tell(.report([main: .done]))
        stage.tell(.local(main, commit(20)))
        stage.tell(.report([main: .refused(reason, "no")]))
        #expect(try #require(stage.retries.first).wait.isJittered(.seconds(1)))
    }

    @Test("a ref has its own count of retries")
    func maximumRetries() throws {
        var policy = PushPolicy(saveStuck: false)
        policy.retry.maximumRetries = 1
        var stage = refused(.unknown, policy)
        stage.pass(try #require(stage.alarm))
        stage.tell(.report([main: .refused(.unknown, "no")]))
        #expect(stage.notices.first == .stopped(.maxRetries(main)))
        #expect(stage.errors == [.rejected])
        stage.pass(.seconds(100_000))
        #expect(stage.sent == nil)
        #expect(stage.machine.isQuiet)
        stage.tell(.local(other, commit(2)))
        #expect(stage.sent?.map(\.name) == [other])
        stage.tell(.report([other: .done]), .triggered)
        #expect(stage.sent?.map(\.name) == [main])
    }

    @Test(
        "what origin refuses for no reason that can be told is rejected after its time, and saved")
    func stuckAfter() throws {
        var stage = refused(.unknown, PushPolicy())
        var attempts = 1
        while stage.now < .seconds(600) {
            #expect(stage.state(main) == .waiting)
            #expect(stage.errors == [] && stage.saves == [])
            stage.pass(try #require(stage.alarm))
            #expect(stage.sent?.map(\.name) == [main])
            attempts += 1
            stage.tell(.report([main: .refused(.unknown, "locked")]))
        }
        // As the waits grow: 1 + 2 + … + 256 s, and the rest.
        #expect((10...13).contains(attempts))
        #expect(stage.now <= .seconds(602))
        #expect(stage.errors == [.rejected])
        #expect(stage.state(main) == .stuck)
        #expect(stage.machine.watermark(of: main)?.lastFailure?.text == "locked")
        #expect(stage.saves == [.save(main, tip: commit(2), on: nil)])
        #expect(try #require(stage.alarm).isJittered(.seconds(600)))
        stage.tell(.triggered)
        #expect(stage.sent?.map(\.name) == [main])
        stage.tell(.report([main: .refused(.unknown, "locked")]))
        #expect(stage.errors == [])
        #expect(try #require(stage.alarm).isJittered(.seconds(600)))
        // The lock has gone; the next one has a time of its own.
        stage.tell(.triggered)
        stage.tell(.report([main: .done]))
        #expect(stage.state(main) == .inSync)
        stage.tell(.local(main, commit(3)))
        stage.tell(.report([main: .refused(.unknown, "locked")]))
        #expect(stage.state(main) == .waiting)
        #expect(stage.errors == [])
        #expect(try #require(stage.alarm).isJittered(.seconds(1)))
    }

    @Test("a reason that can be told keeps its name, however long it lasts")
    func keepsReason() throws {
        for reason in [PushFailureReason.diskFull, .readOnlyKey] {
            var stage = refused(reason, PushPolicy())
            for _ in 1...20 {
                stage.pass(try #require(stage.alarm))
                stage.tell(.report([main: .refused(reason, "no")]))
                #expect(stage.machine.watermark(of: main)?.lastFailure?.reason == reason)
            }
            #expect(stage.now > .seconds(3600))
            #expect(stage.saves == [])
        }
    }

    @Test("the time of one refusal begins anew after origin has given a reason")
    func otherReason() throws {
        var stage = refused(.unknown, PushPolicy())
        stage.pass(.seconds(500))
        stage.tell(.report([main: .refused(.diskFull, "full")]))
        stage.pass(.seconds(500))
        stage.tell(.report([main: .refused(.unknown, "locked")]))
        #expect(stage.errors == [] && stage.saves == [])
    }

    @Test("what is given up after maxRetries is saved, too")
    func savedWhenGivenUp() throws {
        var policy = PushPolicy()
        policy.retry.maximumRetries = 2
        var stage = refused(.unknown, policy)
        for _ in 1...2 {
            #expect(stage.saves == [])
            stage.pass(try #require(stage.alarm))
            stage.tell(.report([main: .refused(.unknown, "locked")]))
        }
        #expect(stage.notices.contains(.stopped(.maxRetries(main))))
        #expect(stage.saves == [.save(main, tip: commit(2), on: nil)])
    }

    @Test("a process that is to end does not wait so long before it saves")
    func stuckWhileDraining() throws {
        var stage = refused(.unknown, PushPolicy())
        stage.tell(.drain)
        #expect(stage.sent?.map(\.name) == [main])
        stage.tell(.report([main: .refused(.unknown, "locked")]))
        #expect(!stage.machine.isQuiet)
        stage.pass(.seconds(1))
        stage.tell(.report([main: .refused(.unknown, "locked")]))
        #expect(stage.saves == [.save(main, tip: commit(2), on: nil)])
        let conflict = branch("conflicts/2026-03-01T04-05-06Z")
        stage.tell(.saved(main, tip: commit(2), on: conflict))
        stage.tell(.report([conflict: .done]))
        #expect(stage.machine.isQuiet)
        #expect(stage.machine.lacking == [])
    }

    @Test("rejected is said loud once, and tried again at the cap only, or on a trigger")
    func rejected() throws {
        var stage = refused(.rejected)
        #expect(stage.errors == [.rejected])
        #expect(stage.retries.isEmpty)
        #expect(stage.state(main) == .stuck)
        for _ in 1...3 {
            let wait = try #require(stage.alarm)
            #expect(wait.isJittered(.seconds(600)))
            stage.tell(.local(main, commit(Int(stage.now.components.seconds) + 3)))
            #expect(stage.sent == nil)
            stage.pass(wait)
            #expect(stage.sent?.map(\.name) == [main])
            stage.tell(.report([main: .refused(.rejected, "no")]))
            #expect(stage.errors == [])
            #expect(stage.retries.map(\.name) == [main])
        }
        stage.tell(.triggered)
        #expect(stage.sent?.map(\.name) == [main])
        stage.tell(.report([main: .done]))
        #expect(stage.state(main) == .inSync)
    }

    @Test("rejected is loud again after it was durable")
    func rejectedAgain() {
        var stage = refused(.rejected)
        stage.tell(.triggered)
        stage.tell(.report([main: .done]))
        stage.tell(.local(main, commit(7)))
        stage.tell(.report([main: .refused(.rejected, "no")]))
        #expect(stage.errors == [.rejected])
    }

    @Test("non-fast-forward is final until a reconcile: no trigger, no time, no commit sends it")
    func nonFastForward() {
        var stage = refused(.nonFastForward)
        #expect(stage.errors == [.nonFastForward])
        #expect(stage.looks == [main])
        stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
        #expect(stage.last == [])
        for number in 3...5 {
            stage.tell(.local(main, commit(number)))
            #expect(stage.sent == nil)
            stage.pass(.seconds(10_000))
            #expect(stage.sent == nil)
            stage.tell(.triggered)
            #expect(stage.sent == nil)
            #expect(stage.looks == [main])
            stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
            #expect(stage.sent == nil)
            #expect(stage.errors == [])
        }
        #expect(stage.state(main) == .stuck)
        #expect(stage.machine.lacking.first?.local == commit(5))
        #expect(stage.machine.isQuiet)
        stage.tell(.reconcileBegan(main))
        stage.tell(
            .reconcileEnded(
                main,
                ReconcileEnd(
                    outcome: .rebased, escaped: false, local: commit(15),
                    sighting: Sighting(origin: commit(10), seen: commit(10)))))
        #expect(stage.sent == [RefUpdate(main, from: commit(10), to: commit(15))])
        #expect(stage.state(main) == .pushing)
    }

    @Test("a reconcile that brought nothing together leaves the branch stuck")
    func reconcileInVain() {
        let ends = [
            ReconcileEnd(outcome: nil, escaped: false, local: commit(2), sighting: nil),
            ReconcileEnd(outcome: .fetchFailed, escaped: false, local: commit(2), sighting: nil),
            ReconcileEnd(
                outcome: .stopped, escaped: false, local: commit(2),
                sighting: Sighting(origin: commit(1), seen: commit(1))),
            ReconcileEnd(
                outcome: .rewritten, escaped: false, local: commit(2),
                sighting: Sighting(origin: commit(8), seen: commit(1))),
        ]
        for end in ends {
            var stage = refused(.nonFastForward)
            stage.tell(.reconcileBegan(main))
            stage.tell(.reconcileEnded(main, end))
            #expect(stage.sent == nil, "after \(end)")
            #expect(stage.errors == [])
            #expect(stage.state(main) == .stuck)
        }
    }

    @Test("origin found where we acted on it last is tried again, and loud only for another tip")
    func knownAnew() {
        var stage = refused(.nonFastForward)
        stage.tell(.sighted(main, Sighting(origin: commit(8), seen: commit(1))))
        #expect(stage.sent == nil)
        // Somebody took it back.
        stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
        #expect(stage.sent == [RefUpdate(main, from: commit(1), to: commit(2))])
        stage.tell(.report([main: .refused(.nonFastForward, "no")]))
        #expect(stage.errors == [])
        stage.tell(.local(main, commit(3)))
        stage.tell(.sighted(main, Sighting(origin: commit(8), seen: commit(1))))
        stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
        #expect(stage.sent?.map(\.new) == [commit(3)])
        stage.tell(.report([main: .refused(.nonFastForward, "no")]))
        #expect(stage.errors == [.nonFastForward])
    }

    @Test(
        "a branch that goes back to what origin has is in sync, and its next commit goes at once",
        arguments: [PushFailureReason.nonFastForward, .rejected])
    func goesBack(reason: PushFailureReason) {
        var stage = refused(reason)
        stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
        stage.tell(.local(main, commit(1)))
        #expect(stage.state(main) == .inSync)
        #expect(stage.machine.isQuiet)
        stage.tell(.local(main, commit(3)))
        #expect(stage.sent == [RefUpdate(main, from: commit(1), to: commit(3))])
    }

    @Test("what was seen during an attempt is looked at again if the attempt does not settle it")
    func seenMeanwhile() {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.local(main, commit(2)))
        stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
        stage.tell(.report([main: .done]))
        #expect(stage.looks == [])
        #expect(stage.machine.watermark(of: main)?.origin == commit(2))
        stage.tell(.local(main, commit(3)))
        stage.tell(.sighted(main, Sighting(origin: commit(8), seen: commit(2))))
        stage.tell(.report([main: .refused(.unknown, "locked")]))
        #expect(stage.looks == [main])
    }

    @Test("a branch is not sent while it is reconciled")
    func reconciling() {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.reconcileBegan(main))
        #expect(!stage.machine.isQuiet)
        stage.tell(.local(main, commit(2)))
        #expect(stage.sent == nil)
        stage.tell(.triggered)
        #expect(stage.sent == nil)
        let end = ReconcileEnd(
            outcome: .pushedAhead, escaped: false, local: commit(3),
            sighting: Sighting(origin: commit(2), seen: commit(2)))
        stage.tell(.reconcileEnded(main, end))
        #expect(stage.sent == [RefUpdate(main, from: commit(2), to: commit(3))])
    }
}

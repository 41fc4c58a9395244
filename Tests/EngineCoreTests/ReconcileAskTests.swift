// Reconciles that the machine asks for by itself, and when it stops to.

import EngineCore
import Model
import Testing

private let main = branch("main")
private let other = branch("other")

@Suite("The push machine and reconciles")
struct ReconcileAskTests {
    private static let wanting = PushPolicy(saveStuck: false, autoReconcile: true)

    private func end(
        _ name: RefName, _ outcome: Outcome?, local: Int, origin: Int?, escaped: Bool = false
    ) -> PushMachine.Event {
        let sighting = origin.map { Sighting(origin: commit($0), seen: commit($0)) }
        return .reconcileEnded(
            name,
            ReconcileEnd(
                outcome: outcome, escaped: escaped || outcome == .conflictEscaped,
                local: commit(local), sighting: sighting))
    }

    /// A machine that asked for a reconcile of `main`, which was refused at commit 2.
    private func asking(_ policy: PushPolicy = wanting) -> PushStage {
        var stage = PushStage(inSync: main, at: commit(1), policy)
        stage.tell(.local(main, commit(2)))
        stage.tell(.report([main: .refused(.nonFastForward, "no")]))
        return stage
    }

    @Test("with autoReconcile a refused branch is reconciled, and sent from there")
    func asks() {
        var stage = asking()
        #expect(stage.reconciles == [main])
        #expect(stage.errors == [.nonFastForward])
        #expect(!stage.machine.isQuiet)
        stage.tell(.reconcileBegan(main))
        #expect(stage.last == [])
        stage.tell(end(main, .rebased, local: 12, origin: 10))
        #expect(stage.reconciles == [])
        #expect(stage.sent == [RefUpdate(main, from: commit(10), to: commit(12))])
    }

    @Test("without autoReconcile none is asked for")
    func doesNotAsk() {
        var stage = asking(PushPolicy(saveStuck: false))
        #expect(stage.reconciles == [])
        stage.tell(.sighted(main, Sighting(origin: commit(8), seen: commit(1))))
        #expect(stage.reconciles == [])
    }

    @Test("with autoReconcile a branch follows an origin that was found elsewhere")
    func originMoved() {
        var stage = PushStage(inSync: main, at: commit(1), Self.wanting)
        stage.tell(.sighted(main, Sighting(origin: commit(8), seen: commit(1))))
        #expect(stage.last == [.reconcile(main)])
        stage.tell(end(main, .fastForwarded, local: 8, origin: 8))
        #expect(stage.last == [])
        #expect(stage.state(main) == .inSync)
        #expect(stage.machine.watermark(of: main)?.durable == commit(8))
    }

    @Test("one reconcile is under way at a time, of whoever's asking")
    func oneAtATime() {
        var stage = asking()
        stage.tell(
            .local(other, commit(2)),
            .sighted(other, Sighting(origin: commit(8), seen: commit(1))))
        #expect(stage.reconciles == [])
        stage.tell(.reconcileBegan(main))
        #expect(stage.reconciles == [])
        stage.tell(end(main, .fastForwarded, local: 10, origin: 10))
        #expect(stage.reconciles == [other])

        stage = PushStage(inSync: main, at: commit(1), Self.wanting)
        stage.tell(.reconcileBegan(main))
        stage.tell(
            .local(other, commit(2)),
            .sighted(other, Sighting(origin: commit(8), seen: commit(1))))
        #expect(stage.reconciles == [])
        stage.tell(end(main, .inSync, local: 1, origin: 1))
        #expect(stage.reconciles == [other])
    }

    @Test("a reconcile that did not reach origin is asked for again, after waits that grow")
    func fetchFailed() throws {
        var stage = asking()
        for whole in [1, 2, 4, 8] {
            stage.tell(.reconcileBegan(main))
            stage.tell(end(main, .fetchFailed, local: 2, origin: nil))
            #expect(stage.reconciles == [])
            let wait = try #require(stage.alarm)
            #expect(wait.isJittered(.seconds(whole)))
            stage.pass(wait)
            #expect(stage.reconciles == [main])
        }
        stage.tell(end(main, .fetchFailed, local: 2, origin: nil))
        stage.tell(.triggered)
        #expect(stage.reconciles == [main])
    }

    @Test("a branch that is refused after each reconcile is not reconciled without a wait")
    func contended() throws {
        var stage = asking()
        stage.tell(end(main, .rebased, local: 12, origin: 10))
        stage.tell(.report([main: .refused(.nonFastForward, "again")]))
        #expect(stage.reconciles == [])
        stage.tell(.sighted(main, Sighting(origin: commit(11), seen: commit(10))))
        #expect(stage.reconciles == [])
        stage.pass(try #require(stage.alarm))
        #expect(stage.reconciles == [main])
        // A push that came through begins the count anew.
        stage.tell(end(main, .rebased, local: 22, origin: 20))
        stage.tell(.report([main: .done]))
        stage.tell(.local(main, commit(23)))
        stage.tell(.report([main: .refused(.nonFastForward, "again")]))
        #expect(stage.reconciles == [main])
    }

    @Test(
        "a reconcile that leaves it to a person is not asked for again until something changes",
        arguments: [Outcome.stopped, .originDeleted])
    func needsPerson(outcome: Outcome) {
        var stage = asking()
        stage.tell(end(main, outcome, local: 2, origin: 1))
        for _ in 1...3 {
            stage.pass(.seconds(10_000))
            #expect(stage.reconciles == [])
        }
        stage.tell(.triggered)
        #expect(stage.reconciles == [main])
        stage.tell(end(main, outcome, local: 2, origin: 1))
        stage.pass(.seconds(10_000))
        #expect(stage.reconciles == [])
        stage.tell(.sighted(main, Sighting(origin: commit(8), seen: commit(1))))
        #expect(stage.reconciles == [main])
    }

    /// Ends a reconcile of `main` in an escape, with origin at `number`.
    private func escape(_ stage: inout PushStage, _ number: Int, _ outcome: Outcome) {
        stage.tell(end(main, outcome, local: number, origin: number, escaped: true))
    }

    @Test(
        "more than three escapes in ten minutes end the asking until a trigger, and pushing goes on",
        arguments: [Outcome.conflictEscaped, .rewritten])
    func escapeStorm(outcome: Outcome) {
        var stage = PushStage(inSync: main, at: commit(1), PushPolicy(autoReconcile: true))
        for number in 10..<14 {
            stage.now += .seconds(100)
            escape(&stage, number, outcome)
            #expect(stage.notices == (number == 13 ? [.stopped(.escapeStorm)] : []))
        }
        #expect(stage.machine.isStorming)
        escape(&stage, 14, outcome)
        #expect(stage.notices == [])

        stage.tell(.local(main, commit(15)))
        #expect(stage.sent == [RefUpdate(main, from: commit(14), to: commit(15))])
        stage.tell(.report([main: .refused(.nonFastForward, "no")]))
        #expect(stage.reconciles == [])
        #expect(stage.saves == [.save(main, tip: commit(15), on: nil)])
        stage.pass(.seconds(100_000))
        #expect(stage.reconciles == [])
        stage.tell(.triggered)
        #expect(!stage.machine.isStorming)
        #expect(stage.reconciles == [main])
    }

    @Test("four escapes in more than ten minutes are no storm")
    func slowEscapes() {
        var stage = PushStage(inSync: main, at: commit(1), Self.wanting)
        for number in 10..<30 {
            stage.now += .seconds(201)
            escape(&stage, number, .conflictEscaped)
            #expect(stage.notices == [])
        }
        #expect(!stage.machine.isStorming)
    }
}

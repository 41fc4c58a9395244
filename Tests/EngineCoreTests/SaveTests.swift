// Stuck branches: one conflict branch for each incident, sent before everything else.

import EngineCore
import Model
import Testing

private let main = branch("main")
private let other = branch("other")
private let first = branch("conflicts/2026-03-01T04-05-06Z")
private let second = branch("conflicts/2026-03-01T05-05-06Z")

@Suite("The push machine and stuck branches")
struct SaveTests {
    /// A machine with `main` at commit 2, refused.
    private func stuck(
        _ reason: PushFailureReason = .nonFastForward, _ policy: PushPolicy = PushPolicy()
    ) -> PushStage {
        var stage = PushStage(inSync: main, at: commit(1), policy)
        stage.tell(.local(main, commit(2)))
        stage.tell(.report([main: .refused(reason, "no")]))
        return stage
    }

    private func settled(_ outcome: Outcome, local: Int, origin: Int) -> PushMachine.Event {
        .reconcileEnded(
            main,
            ReconcileEnd(
                outcome: outcome, escaped: outcome == .conflictEscaped, local: commit(local),
                sighting: Sighting(origin: commit(origin), seen: commit(origin))))
    }

    @Test(
        "a stuck branch is saved on one conflict branch, commit by commit",
        arguments: [PushFailureReason.nonFastForward, .rejected])
    func saves(reason: PushFailureReason) {
        var stage = stuck(reason)
        #expect(stage.saves == [.save(main, tip: commit(2), on: nil)])
        #expect(!stage.machine.isQuiet)
        stage.tell(.saved(main, tip: commit(2), on: first))
        #expect(stage.sent == [RefUpdate(first, from: nil, to: commit(2))])
        #expect(stage.machine.lacking.map(\.name) == [main])
        stage.tell(.report([first: .done]))
        #expect(stage.notices == [.saved(branch: main, tip: commit(2), on: first)])
        for number in 3...6 {
            stage.tell(.local(main, commit(number)))
            #expect(stage.last == [.save(main, tip: commit(number), on: first)])
            stage.tell(.saved(main, tip: commit(number), on: first))
            #expect(stage.sent == [RefUpdate(first, from: commit(number - 1), to: commit(number))])
            stage.tell(.report([first: .done]))
            let mark = stage.machine.watermark(of: main)
            #expect(mark?.saved?.tip == commit(number))
            #expect(mark?.saved?.on == first)
            #expect(mark?.durable == commit(1))
            #expect(mark?.state == .stuck)
            #expect(stage.machine.lacking.isEmpty)
            #expect(stage.machine.isQuiet)
        }
    }

    @Test("tips that come while one is being saved are saved together")
    func coalesces() {
        var stage = stuck()
        for number in 3...6 {
            stage.tell(.local(main, commit(number)))
            #expect(stage.saves == [])
        }
        stage.tell(.saved(main, tip: commit(2), on: first))
        #expect(stage.saves == [.save(main, tip: commit(6), on: first)])
        #expect(stage.sent == [RefUpdate(first, from: nil, to: commit(2))])
    }

    @Test("conflict branches are sent before everything else")
    func firstOfAll() {
        var stage = stuck()
        stage.tell(.local(other, commit(9)), .sighted(other, Sighting(origin: nil, seen: nil)))
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.local(branch("a"), commit(9)))
        stage.tell(.sighted(branch("a"), Sighting(origin: nil, seen: nil)))
        stage.tell(.report([other: .done]))
        #expect(stage.sent?.map(\.name) == [first, branch("a")])
    }

    @Test("with saveStuck = false nothing is saved")
    func notWanted() {
        var stage = stuck(.nonFastForward, PushPolicy(saveStuck: false))
        #expect(stage.saves == [])
        stage.tell(.local(main, commit(3)))
        #expect(stage.saves == [])
        #expect(stage.machine.lacking.map(\.name) == [main])
    }

    @Test("what the engine finds needless to save is not asked for again")
    func needless() {
        var stage = stuck()
        stage.tell(.saved(main, tip: commit(2), on: nil))
        #expect(stage.last == [])
        stage.pass(.seconds(10_000))
        #expect(stage.saves == [])
        stage.tell(.local(main, commit(3)))
        #expect(stage.saves == [.save(main, tip: commit(3), on: nil)])
    }

    @Test("a save that failed is asked for again after a wait")
    func saveFailed() throws {
        var stage = stuck()
        stage.tell(.notSaved(main, tip: commit(2), "disk full"))
        #expect(stage.saves == [])
        let retry = try #require(stage.retries.first)
        #expect(retry.name == main && retry.trouble.text == "disk full")
        #expect(!stage.machine.isQuiet)
        stage.tell(.local(main, commit(3)))
        #expect(stage.saves == [])
        stage.pass(retry.wait)
        #expect(stage.saves == [.save(main, tip: commit(3), on: nil)])
        stage.tell(.notSaved(main, tip: commit(3), "disk full"))
        stage.tell(.triggered)
        #expect(stage.saves == [.save(main, tip: commit(3), on: nil)])
    }

    @Test("after a reconcile, a new incident takes a new conflict branch")
    func newIncident() {
        var stage = stuck()
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.report([first: .done]))
        stage.tell(settled(.rebased, local: 22, origin: 20))
        #expect(stage.sent?.map(\.new) == [commit(22)])
        #expect(stage.machine.watermark(of: first) == nil)
        stage.tell(.report([main: .refused(.nonFastForward, "again")]))
        #expect(stage.errors == [.nonFastForward])
        #expect(stage.saves == [.save(main, tip: commit(22), on: nil)])
    }

    @Test("a branch that becomes durable ends its incident")
    func durableEnds() {
        var stage = stuck(.rejected)
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.report([first: .done]))
        stage.tell(.triggered)
        stage.tell(.report([main: .done]))
        #expect(stage.state(main) == .inSync)
        #expect(stage.machine.watermark(of: main)?.saved == nil)
        #expect(stage.machine.watermarks.map(\.name) == [main])
        stage.tell(.local(main, commit(3)))
        stage.tell(.report([main: .refused(.rejected, "no")]))
        #expect(stage.saves == [.save(main, tip: commit(3), on: nil)])
    }

    @Test("a branch that goes back to what origin has ends its incident")
    func goesBack() {
        var stage = stuck()
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.report([first: .done]))
        stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
        stage.tell(.local(main, commit(1)))
        #expect(stage.machine.watermarks.map(\.name) == [main])
        stage.tell(.local(main, commit(3)))
        stage.tell(.report([main: .refused(.rejected, "no")]))
        #expect(stage.saves == [.save(main, tip: commit(3), on: nil)])
    }

    @Test("a conflict branch is sent also after its incident has ended")
    func orphan() throws {
        var stage = stuck()
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.report([first: .refused(.unknown, "locked")]))
        let wait = try #require(stage.alarm)
        stage.tell(settled(.fastForwarded, local: 20, origin: 20))
        #expect(stage.state(main) == .inSync)
        #expect(stage.machine.lacking.map(\.name) == [first])
        stage.pass(wait)
        #expect(stage.sent == [RefUpdate(first, from: nil, to: commit(2))])
        stage.tell(.report([first: .done]))
        #expect(stage.notices == [.saved(branch: main, tip: commit(2), on: first)])
        #expect(stage.machine.watermarks.map(\.name) == [main])
    }

    @Test("a save that was made for an incident that has ended is sent, and kept from the next one")
    func lateSave() {
        var stage = stuck()
        stage.tell(settled(.rebased, local: 22, origin: 20))
        stage.tell(.report([main: .refused(.nonFastForward, "again")]))
        #expect(stage.saves == [.save(main, tip: commit(22), on: nil)])
        stage.tell(.saved(main, tip: commit(2), on: first))
        #expect(stage.looks == [first])
        stage.tell(.sighted(first, Sighting(origin: nil, seen: nil)))
        #expect(stage.sent?.map(\.name) == [first])
        stage.tell(.saved(main, tip: commit(22), on: second))
        stage.tell(.report([first: .done]))
        #expect(stage.sent?.map(\.name) == [second])
        stage.tell(.report([second: .done]))
        #expect(stage.machine.watermark(of: main)?.saved?.on == second)
        #expect(stage.machine.watermark(of: first) == nil)
    }

    @Test(
        "a conflict branch that could not be fast-forwarded is followed by another, and both are sent"
    )
    func cannotFollow() {
        var stage = stuck()
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.report([first: .refused(.unknown, "locked")]))
        stage.tell(.local(main, commit(12)))
        stage.tell(.saved(main, tip: commit(12), on: second))
        #expect(stage.sent?.map(\.name) == [second])
        stage.tell(.report([second: .done]), .triggered)
        #expect(stage.sent?.map(\.name) == [first])
        stage.tell(.report([first: .done]))
        #expect(stage.machine.watermarks.map(\.name) == [second, main].sorted())
        stage.tell(.local(main, commit(13)))
        #expect(stage.saves == [.save(main, tip: commit(13), on: second)])
        stage.tell(.saved(main, tip: commit(13), on: branch("conflicts/2026-03-01T06-05-06Z")))
        #expect(stage.machine.watermark(of: second) == nil, "origin has all that is on it")
    }

    @Test("a conflict branch that origin rejects waits like any other, whatever comes meanwhile")
    func conflictRejected() {
        var stage = stuck(.rejected)
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.report([first: .refused(.rejected, "no")]))
        #expect(stage.errors == [.rejected])
        #expect(stage.saves == [])
        var attempts = 0
        for number in 3..<103 {
            stage.tell(.local(main, commit(number)))
            stage.tell(.saved(main, tip: commit(number), on: first))
            stage.pass(.seconds(12))
            if let sent = stage.sent {
                attempts += 1
                let refusals = sent.map { ($0.name, PushResult.refused(.rejected, "no")) }
                stage.tell(.report(Dictionary(uniqueKeysWithValues: refusals)))
                #expect(stage.errors == [])
            }
        }
        // 20 minutes: both refs come up two or three times.
        #expect(attempts <= 6)
    }

    @Test("a name that somebody else has on origin is given up for another, with a wait between")
    func nameTaken() throws {
        var stage = stuck()
        stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.report([first: .refused(.nonFastForward, "already exists")]))
        #expect(stage.looks == [first])
        // It is somebody's: not what was thought, so it may be ours of an earlier run; the engine knows.
        stage.tell(.sighted(first, Sighting(origin: commit(99), seen: nil)))
        stage.pass(try #require(stage.alarm))
        #expect(stage.sent == [RefUpdate(first, from: commit(99), to: commit(2))])
        stage.tell(.report([first: .refused(.nonFastForward, "no ancestor")]))
        stage.tell(.sighted(first, Sighting(origin: commit(99), seen: nil)))
        #expect(stage.saves == [.save(first, tip: commit(2), on: nil)])
        #expect(stage.errors == [])
        stage.tell(.saved(first, tip: commit(2), on: second))
        #expect(stage.sent == nil)
        stage.pass(try #require(stage.alarm))
        #expect(stage.sent == [RefUpdate(second, from: nil, to: commit(2))])
        stage.tell(.report([second: .done]))
        #expect(stage.notices == [.saved(branch: main, tip: commit(2), on: second)])
        #expect(stage.machine.watermark(of: main)?.saved?.on == second)
        #expect(stage.machine.watermark(of: first) == nil)
        stage.tell(.local(main, commit(3)))
        #expect(stage.saves == [.save(main, tip: commit(3), on: second)])
    }

    @Test("tips that are saved while the conflict branch gets another name are saved there, too")
    func renamedMeanwhile() {
        var stage = stuck()
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.report([first: .refused(.nonFastForward, "already exists")]))
        stage.tell(.sighted(first, Sighting(origin: nil, seen: nil)))
        #expect(stage.saves == [.save(first, tip: commit(2), on: nil)])
        stage.tell(.local(main, commit(3)))
        #expect(stage.saves == [.save(main, tip: commit(3), on: first)])
        stage.tell(.saved(main, tip: commit(3), on: first))
        stage.tell(.saved(first, tip: commit(2), on: second))
        #expect(stage.saves == [.save(main, tip: commit(3), on: second)])
    }

    @Test("a conflict branch of an earlier run is sent when it is known what origin has")
    func earlierRun() {
        var stage = PushStage()
        stage.tell(.local(first, commit(5)))
        #expect(stage.last == [.look([first])])
        stage.tell(.sighted(first, Sighting(origin: commit(4), seen: nil)))
        #expect(stage.sent == [RefUpdate(first, from: commit(4), to: commit(5))])
        stage.tell(.report([first: .done]))
        #expect(stage.notices == [.saved(branch: nil, tip: commit(5), on: first)])
        #expect(stage.machine.watermarks == [])
    }

    @Test(
        "a conflict branch that origin has confirmed and somebody deleted there is not made again")
    func deletedThere() {
        var stage = stuck()
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.report([first: .done]))
        stage.tell(.sighted(first, Sighting(origin: nil, seen: nil)))
        #expect(stage.sent == nil)
        stage.tell(.local(main, commit(3)))
        stage.tell(.saved(main, tip: commit(3), on: first))
        #expect(stage.sent == nil)
        #expect(stage.saves == [.save(first, tip: commit(3), on: nil)])
    }

    @Test("the number of conflict branches that wait is bounded")
    func bounded() {
        var stage = PushStage()
        let names = (1...PushLimits.conflictBranches).map {
            branch("conflicts/2026-03-01T04-05-06Z-\($0)")
        }
        _ = stage.machine.take(names.map { .local($0, commit(1)) }, at: .zero)
        stage.tell(.local(main, commit(2)))
        stage.tell(.sighted(main, Sighting(origin: commit(8), seen: commit(1))))
        #expect(stage.saves == [])
        #expect(stage.retries.map(\.name) == [main])
    }

    @Test("a conflict branch that is locked on origin for long gets another name, once")
    func lockedConflict() throws {
        var stage = stuck()
        stage.tell(.saved(main, tip: commit(2), on: first))
        func refuse(_ name: RefName, _ stage: inout PushStage) throws {
            let end = stage.now + .seconds(600)
            stage.tell(.report([name: .refused(.unknown, "locked")]))
            while stage.now < end {
                #expect(stage.saves == [])
                stage.pass(try #require(stage.alarm))
                #expect(stage.sent?.map(\.name) == [name])
                stage.tell(.report([name: .refused(.unknown, "locked")]))
            }
        }
        try refuse(first, &stage)
        #expect(stage.saves == [.save(first, tip: commit(2), on: nil)])
        stage.tell(.saved(first, tip: commit(2), on: second))
        #expect(stage.sent == [RefUpdate(second, from: nil, to: commit(2))])
        try refuse(second, &stage)
        #expect(stage.saves == [])
        stage.pass(try #require(stage.alarm))
        stage.tell(.report([second: .done]))
        #expect(stage.machine.watermark(of: main)?.saved?.on == second)
        #expect(stage.machine.lacking.isEmpty)
    }

    @Test("a conflict branch that a rule refuses keeps its name")
    func refusedConflict() {
        var stage = stuck()
        stage.tell(.saved(main, tip: commit(2), on: first))
        stage.tell(.report([first: .refused(.rejected, "no")]))
        #expect(stage.saves == [])
    }
}

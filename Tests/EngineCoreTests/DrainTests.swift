// The end of a process: everything is tried, and it is known what is left.

import EngineCore
import Model
import Testing

private let main = branch("main")
private let conflict = branch("conflicts/2026-03-01T04-05-06Z")

@Suite("The push machine, draining")
struct DrainTests {
    @Test("draining cuts every wait short, and no wait after that is longer than a second")
    func shortWaits() throws {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.local(main, commit(2)))
        for _ in 1...10 {
            stage.tell(.failed(.unreachable, "no"))
            stage.pass(try #require(stage.alarm))
        }
        stage.tell(.failed(.unreachable, "no"))
        #expect(try #require(stage.alarm) > .seconds(400))
        stage.tell(.drain)
        #expect(stage.machine.isDraining)
        #expect(stage.sent?.count == 1)
        for _ in 1...20 {
            stage.tell(.failed(.unreachable, "no"))
            #expect(!stage.machine.isQuiet)
            let wait = try #require(stage.alarm)
            #expect(wait <= .seconds(1))
            stage.pass(wait)
            #expect(stage.sent?.count == 1)
        }
        stage.tell(.report([main: .done]))
        #expect(stage.machine.isQuiet)
        #expect(stage.machine.lacking == [])
    }

    @Test("a rejected branch is tried each second then, and holds nothing up once it is saved")
    func rejected() throws {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.local(main, commit(2)))
        stage.tell(.report([main: .refused(.rejected, "no")]))
        stage.tell(.drain)
        stage.tell(.report([main: .refused(.rejected, "no")]))
        #expect(try #require(stage.alarm) <= .seconds(1))
        #expect(!stage.machine.isQuiet)
        stage.tell(.saved(main, tip: commit(2), on: conflict))
        #expect(!stage.machine.isQuiet)
        stage.tell(.report([conflict: .done]))
        #expect(stage.machine.isQuiet)
        #expect(stage.machine.lacking == [])
    }

    @Test("maxRetries counts for nothing while draining")
    func maximumRetries() throws {
        var policy = PushPolicy()
        policy.retry.maximumRetries = 1
        var stage = PushStage(inSync: main, at: commit(1), policy)
        stage.tell(.drain)
        stage.tell(.local(main, commit(2)))
        for _ in 1...5 {
            stage.tell(.failed(.unreachable, "no"))
            stage.pass(try #require(stage.alarm))
            #expect(stage.sent?.count == 1)
        }
    }

    @Test("what cannot be sent is named, and is not waited for")
    func lacking() {
        var stage = PushStage(inSync: main, at: commit(1), PushPolicy(saveStuck: false))
        stage.tell(.local(main, commit(2)))
        stage.tell(.report([main: .refused(.nonFastForward, "no")]))
        stage.tell(.drain)
        #expect(stage.machine.isQuiet)
        #expect(stage.machine.lacking.map(\.name) == [main])
        #expect(stage.machine.lacking.map(\.local) == [commit(2)])
        #expect(stage.machine.lacking.map(\.durable) == [commit(1)])
    }

    @Test("commits that come while draining are sent, too")
    func lateCommits() {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.drain)
        #expect(stage.machine.isQuiet)
        for number in 2...5 {
            stage.tell(.local(main, commit(number)))
            #expect(!stage.machine.isQuiet)
            stage.tell(.report([main: .done]))
            #expect(stage.machine.isQuiet)
        }
    }

    @Test("an attempt is waited for also when the branch has gone back meanwhile")
    func goneBack() {
        var stage = PushStage(inSync: main, at: commit(1), PushPolicy(saveStuck: false))
        stage.tell(.drain)
        stage.tell(.local(main, commit(2)))
        stage.tell(.local(main, commit(1)))
        #expect(!stage.machine.isQuiet)
        stage.tell(.report([main: .refused(.unknown, "locked")]))
        #expect(stage.machine.isQuiet)
    }

    @Test("a reconcile that goes on is waited for")
    func reconciling() {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.reconcileBegan(main))
        stage.tell(.drain)
        #expect(!stage.machine.isQuiet)
        let end = ReconcileEnd(
            outcome: .inSync, escaped: false, local: commit(1),
            sighting: Sighting(origin: commit(1), seen: commit(1)))
        stage.tell(.reconcileEnded(main, end))
        #expect(stage.machine.isQuiet)
    }
}

// What is sent when: attempts, coalescing, and failures of origin as a whole.

import EngineCore
import Model
import Testing

private let main = branch("main")
private let other = branch("other")

@Suite("The push machine")
struct PushMachineTests {
    @Test("a commit is sent at once, onto what origin has, and is durable when origin says so")
    func commitIsSent() {
        var stage = PushStage(inSync: main, at: commit(1))
        #expect(stage.state(main) == .inSync)
        stage.tell(.local(main, commit(2)))
        #expect(
            stage.last == [.send([RefUpdate(main, from: commit(1), to: commit(2))], attempt: 1)])
        #expect(stage.state(main) == .pushing)
        #expect(stage.machine.watermark(of: main)?.durable == commit(1))
        #expect(!stage.machine.isQuiet)

        stage.now = .seconds(3)
        stage.tell(.report([main: .done]))
        #expect(stage.pushed == [RefUpdate(main, from: commit(1), to: commit(2))])
        let mark = stage.machine.watermark(of: main)
        #expect(mark?.durable == commit(2))
        #expect(mark?.seen == commit(2))
        #expect(mark?.lastSuccess == .seconds(3))
        #expect(mark?.state == .inSync)
        #expect(stage.machine.isQuiet)
        #expect(stage.machine.lacking.isEmpty)
    }

    @Test("nothing is sent before it is known what origin has, and that is asked for")
    func unknownOrigin() {
        var stage = PushStage()
        stage.tell(.local(main, commit(1)))
        #expect(stage.last == [.look([main])])
        #expect(stage.state(main) == .waiting)
        #expect(!stage.machine.isQuiet)
        stage.tell(.local(main, commit(2)))
        #expect(stage.last == [])
        stage.tell(.sighted(main, Sighting(origin: nil, seen: nil)))
        #expect(stage.sent == [RefUpdate(main, from: nil, to: commit(2))])
    }

    @Test("a look that failed is tried again after the wait")
    func failedLook() throws {
        var stage = PushStage()
        stage.tell(.local(main, commit(1)))
        stage.tell(.lookFailed(.unreachable, "no route"))
        #expect(stage.looks == [])
        let wait = try #require(stage.alarm)
        #expect(wait.isJittered(.seconds(1)))
        stage.pass(wait)
        #expect(stage.looks == [main])
    }

    @Test(
        "what arrives during an attempt goes together in the next, as soon as the report is there")
    func coalesces() {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.local(other, commit(1)), .sighted(other, Sighting(origin: nil, seen: nil)))
        stage.tell(.report([other: .done]))
        stage.tell(.local(main, commit(2)))
        for number in 3...6 {
            stage.tell(.local(main, commit(number)))
            #expect(stage.last == [])
        }
        stage.tell(.local(other, commit(9)))
        #expect(stage.last == [])
        stage.tell(.report([main: .done]))
        #expect(
            stage.sent == [
                RefUpdate(main, from: commit(2), to: commit(6)),
                RefUpdate(other, from: commit(1), to: commit(9)),
            ])
    }

    @Test("what happened together is sent together")
    func batch() {
        var stage = PushStage()
        stage.tell(
            .local(main, commit(2)), .local(other, commit(3)),
            .sighted(other, Sighting(origin: commit(1), seen: commit(1))),
            .sighted(main, Sighting(origin: commit(1), seen: commit(1))))
        #expect(stage.sent?.map(\.name) == [main, other])
    }

    @Test("a report without an attempt, and on refs that were not sent, changes nothing")
    func strayReport() {
        var stage = PushStage(inSync: main, at: commit(1))
        #expect(stage.tell(.report([main: .done])) == [])
        #expect(stage.tell(.failed(.timeout, "late")) == [])
        stage.tell(.local(main, commit(2)))
        stage.tell(.report([main: .done, other: .done]))
        #expect(stage.pushed.map(\.name) == [main])
        #expect(stage.machine.watermark(of: other) == nil)
    }

    @Test("a ref that the report leaves out is not durable, and is tried again")
    func silentReport() throws {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.local(main, commit(2)))
        stage.tell(.report([:]))
        #expect(stage.machine.watermark(of: main)?.durable == commit(1))
        #expect(stage.retries.map(\.name) == [main])
        stage.pass(try #require(stage.alarm))
        #expect(stage.sent?.count == 1)
    }

    @Test(
        "a branch that is gone here is not deleted on origin, and what it waited for is forgotten")
    func gone() {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.local(main, commit(2)))
        stage.tell(.local(main, nil))
        stage.tell(.failed(.unreachable, "gone"))
        #expect(stage.machine.isQuiet)
        #expect(stage.machine.watermark(of: main) == nil)
        stage.tell(.triggered)
        #expect(stage.sent == nil)
    }

    @Test("a branch that origin had and has no more is not made there again")
    func deletedOnOrigin() {
        var stage = PushStage(inSync: main, at: commit(1), PushPolicy(saveStuck: false))
        stage.tell(.sighted(main, Sighting(origin: nil, seen: commit(1))))
        #expect(stage.last == [])
        #expect(stage.state(main) == .originMoved)
        stage.tell(.local(main, commit(2)))
        #expect(stage.sent == nil)
        #expect(stage.errors == [.nonFastForward])
        #expect(stage.state(main) == .stuck)
    }

    @Test("nothing is sent onto a tip that was not acted on, even if ours continues it")
    func originMoved() {
        var stage = PushStage(inSync: main, at: commit(5))
        // Rewound: what was dropped there must not come back with the next commit.
        stage.tell(.sighted(main, Sighting(origin: commit(3), seen: commit(5))))
        #expect(stage.last == [])
        stage.tell(.local(main, commit(6)))
        #expect(stage.sent == nil)
        #expect(stage.errors == [.nonFastForward])
        #expect(stage.machine.watermark(of: main)?.origin == commit(3))
    }

    @Test("a commit that origin has from somebody else is durable, and its being seen is told")
    func pushedByAnother() {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.local(main, commit(2)))
        stage.tell(.failed(.unreachable, "no route"))
        stage.tell(.sighted(main, Sighting(origin: commit(2), seen: commit(1))))
        #expect(stage.pushed.map(\.new) == [commit(2)])
        #expect(stage.state(main) == .inSync)
    }

    @Test("a tip that is doubted is looked at once more, until origin has said where it is")
    func doubted() throws {
        var stage = PushStage(inSync: main, at: commit(1))
        #expect(stage.machine.watermark(of: main)?.lastHeard == .zero)
        stage.now = .seconds(100)
        stage.tell(.doubted(main))
        #expect(stage.looks == [main])
        // Whoever asks meanwhile waits for the same look.
        #expect(stage.tell(.doubted(main)) == [])
        stage.tell(.lookFailed(.unreachable, "no route"))
        #expect(stage.looks == [])
        stage.pass(try #require(stage.alarm))
        #expect(stage.looks == [main])
        let heard = stage.now
        stage.tell(.sighted(main, Sighting(origin: commit(9), seen: commit(1))))
        #expect(stage.looks == [])
        #expect(stage.machine.watermark(of: main)?.lastHeard == heard)
        #expect(stage.state(main) == .originMoved)
        #expect(stage.tell(.doubted(branch("none"))) == [])
    }

    @Test("thousands of refs go in lists of a bounded length")
    func boundedList() {
        var stage = PushStage()
        let names = (0..<1500).map { branch("b\($0)") }
        let events = names.flatMap { name in
            [
                PushMachine.Event.local(name, commit(1)),
                .sighted(name, Sighting(origin: nil, seen: nil)),
            ]
        }
        stage.last = stage.machine.take(events, at: .zero)
        #expect(stage.sent?.count == PushLimits.commands)
        let report = Dictionary(
            uniqueKeysWithValues: (stage.sent ?? []).map { ($0.name, PushResult.done) })
        stage.tell(.report(report))
        #expect(stage.sent?.count == 500)
    }
}

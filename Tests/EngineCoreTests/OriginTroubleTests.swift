// Failures of origin as a whole: waits, what cuts them short, and where they end.

import EngineCore
import Model
import Testing

private let main = branch("main")

@Suite("The push machine and an origin in trouble")
struct OriginTroubleTests {
    /// A machine whose first attempt has just failed.
    private func failed(
        _ policy: PushPolicy = PushPolicy(), _ reason: PushFailureReason = .unreachable
    ) -> PushStage {
        var stage = PushStage(inSync: main, at: commit(1), policy)
        stage.tell(.local(main, commit(2)))
        stage.tell(.failed(reason, "it failed"))
        return stage
    }

    @Test(
        "any failure as a whole is retried after a wait that grows",
        arguments: PushFailureReason.allCases)
    func grows(reason: PushFailureReason) throws {
        var stage = failed(PushPolicy(), reason)
        for (index, whole) in [1, 2, 4, 8].enumerated() {
            let retry = try #require(stage.retries.first)
            #expect(stage.retries.count == 1)
            #expect(retry.name == nil)
            #expect(retry.wait.isJittered(.seconds(whole)))
            #expect(retry.trouble.reason == reason)
            #expect(retry.trouble.attempt == index + 1)
            #expect(stage.alarm == retry.wait)
            #expect(stage.machine.watermark(of: main)?.nextAttempt == stage.now + retry.wait)
            #expect(stage.state(main) == .waiting)
            stage.pass(retry.wait - .milliseconds(1))
            #expect(stage.sent == nil)
            stage.pass(.milliseconds(1))
            let update = RefUpdate(main, from: commit(1), to: commit(2))
            #expect(stage.last == [.send([update], attempt: index + 2)])
            stage.tell(.failed(reason, "it failed"))
        }
        #expect(stage.machine.watermark(of: main)?.lastFailure?.text == "it failed")
    }

    @Test("a new commit does not cut the wait short, and goes with what has waited")
    func newCommit() throws {
        var stage = failed()
        let wait = try #require(stage.alarm)
        stage.tell(.local(main, commit(3)))
        #expect(stage.last == [])
        stage.pass(wait)
        #expect(stage.sent == [RefUpdate(main, from: commit(1), to: commit(3))])
    }

    @Test("a success resets the wait")
    func reset() throws {
        var stage = failed()
        for _ in 1...4 {
            stage.pass(try #require(stage.alarm))
            stage.tell(.failed(.unreachable, "no"))
        }
        stage.pass(try #require(stage.alarm))
        stage.tell(.report([main: .done]))
        stage.tell(.local(main, commit(3)))
        stage.tell(.failed(.unreachable, "no"))
        #expect(try #require(stage.retries.first).wait.isJittered(.seconds(1)))
    }

    @Test("a trigger cuts the wait short")
    func trigger() {
        var stage = failed()
        stage.tell(.triggered)
        #expect(stage.sent == [RefUpdate(main, from: commit(1), to: commit(2))])
    }

    @Test(
        "what somebody has to mend is said loud once, however often it is retried",
        arguments: [
            (PushFailureReason.authentication, 1), (.readOnlyKey, 1), (.hostKey, 1),
            (.diskFull, 1), (.unreachable, 0), (.timeout, 0), (.unknown, 0),
        ])
    func loud(reason: PushFailureReason, count: Int) throws {
        var stage = failed(PushPolicy(), reason)
        #expect(stage.errors == Array(repeating: reason, count: count))
        for _ in 1...3 {
            stage.pass(try #require(stage.alarm))
            stage.tell(.failed(reason, "again"))
            #expect(stage.errors == [])
        }
        stage.tell(.triggered)
        stage.tell(.report([main: .done]))
        stage.tell(.local(main, commit(3)))
        stage.tell(.failed(reason, "later"))
        #expect(stage.errors.count == count)
    }

    @Test("after maxRetries nothing is sent until a trigger, or draining")
    func maximumRetries() throws {
        var policy = PushPolicy()
        policy.retry.maximumRetries = 2
        for resume in [PushMachine.Event.triggered, .drain] {
            var stage = failed(policy)
            for _ in 1...2 {
                stage.pass(try #require(stage.alarm))
                #expect(stage.sent != nil)
                stage.tell(.failed(.unreachable, "no"))
            }
            #expect(stage.notices == [.stopped(.maxRetries(nil))])
            #expect(stage.alarm == nil)
            #expect(stage.machine.isStopped)
            #expect(stage.machine.watermark(of: main)?.nextAttempt == nil)
            stage.pass(.seconds(100_000))
            stage.tell(.local(main, commit(3)))
            #expect(stage.sent == nil)
            #expect(stage.machine.isQuiet)
            #expect(stage.machine.lacking.map(\.name) == [main])
            stage.tell(resume)
            #expect(stage.sent?.map(\.new) == [commit(3)])
        }
    }

    @Test(
        "a look and a push that fail together are one try, whichever fails first",
        arguments: [true, false])
    func together(lookFirst: Bool) throws {
        var policy = PushPolicy()
        policy.retry.maximumRetries = 3
        var stage = PushStage(inSync: main, at: commit(1), policy)
        let push = PushMachine.Event.failed(.unreachable, "no")
        let look = PushMachine.Event.lookFailed(.unreachable, "no")
        stage.tell(.local(main, commit(2)), .local(branch("other"), commit(1)))
        for whole in [1, 2, 4] {
            #expect(stage.sent?.map(\.name) == [main])
            #expect(stage.looks == [branch("other")])
            stage.tell(lookFirst ? look : push)
            let retry = try #require(stage.retries.first)
            #expect(retry.wait.isJittered(.seconds(whole)))
            stage.pass(.milliseconds(500))
            stage.tell(lookFirst ? push : look)
            #expect(stage.last == [])
            let mark = stage.machine.watermark(of: main)
            #expect(mark?.lastFailure?.attempt == retry.trouble.attempt)
            stage.pass(try #require(stage.alarm))
        }
        stage.tell(push)
        #expect(stage.notices == [.stopped(.maxRetries(nil))])
        stage.tell(look)
        #expect(stage.last == [])
    }

    @Test("a ref is not sent before it is known what it would be sent onto")
    func lookFirst() throws {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.local(main, commit(2)))
        stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
        stage.tell(.failed(.unreachable, "no"))
        stage.pass(try #require(stage.alarm))
        #expect(stage.last == [.look([main])])
        stage.tell(.sighted(main, Sighting(origin: commit(1), seen: commit(1))))
        let update = RefUpdate(main, from: commit(1), to: commit(2))
        #expect(stage.last == [.send([update], attempt: 2)])
    }

    @Test("a look that nothing waits for is no try: it stops nothing, and holds nothing up")
    func idleLooks() {
        var policy = PushPolicy()
        policy.retry.maximumRetries = 1
        var stage = PushStage(inSync: main, at: commit(1), policy)
        for _ in 1...5 {
            stage.tell(.lookFailed(.unreachable, "no"))
            #expect(stage.last == [])
        }
        stage.tell(.lookFailed(.authentication, "no such key"))
        #expect(stage.errors == [.authentication])
        stage.tell(.lookFailed(.authentication, "no such key"))
        #expect(stage.last == [])
        stage.tell(.local(main, commit(2)))
        #expect(stage.sent != nil)
        // Nor does it make a wait longer that goes on.
        stage.tell(.failed(.unreachable, "no"))
        let wait = stage.alarm
        stage.tell(.lookFailed(.unreachable, "no"))
        #expect(stage.alarm == wait)
        #expect(!stage.machine.isStopped)
    }

    @Test("what an attempt without an answer has brought to origin is known for ours")
    func lostReport() throws {
        var stage = failed(PushPolicy(), .timeout)
        stage.tell(.local(main, commit(3)))
        stage.pass(try #require(stage.alarm))
        #expect(stage.sent == [RefUpdate(main, from: commit(1), to: commit(3))])
        // Origin has commit 2 since the first attempt.
        stage.tell(.report([main: .refused(.nonFastForward, "stale info")]))
        #expect(stage.errors == [])
        #expect(stage.saves == [])
        #expect(stage.looks == [main])
        #expect(stage.state(main) == .waiting)
        #expect(!stage.machine.isQuiet)
        stage.tell(.sighted(main, Sighting(origin: commit(2), seen: commit(1))))
        #expect(stage.pushed == [RefUpdate(main, from: commit(1), to: commit(2))])
        #expect(stage.sent == [RefUpdate(main, from: commit(2), to: commit(3))])
    }

    @Test("a doubt that a look does not lift is a refusal like any other")
    func lostReportInVain() throws {
        var stage = failed(PushPolicy(), .timeout)
        stage.pass(try #require(stage.alarm))
        stage.tell(.report([main: .refused(.nonFastForward, "stale info")]))
        stage.tell(.sighted(main, Sighting(origin: commit(8), seen: commit(1))))
        #expect(stage.errors == [.nonFastForward])
        #expect(stage.state(main) == .stuck)
        #expect(stage.sent == nil)
    }

    @Test("the first tip that may have arrived is known after any number of failures")
    func manyLostReports() throws {
        var stage = failed(PushPolicy(), .timeout)
        for number in 3...100 {
            stage.tell(.local(main, commit(number)))
            stage.tell(.triggered)
            stage.tell(.failed(.unreachable, "no"))
        }
        stage.tell(.sighted(main, Sighting(origin: commit(2), seen: commit(1))))
        #expect(stage.pushed.map(\.new) == [commit(2)])
    }

    @Test("origin's words are cut")
    func cutText() {
        var stage = PushStage(inSync: main, at: commit(1))
        stage.tell(.local(main, commit(2)))
        stage.tell(.failed(.unknown, String(repeating: "e\u{301}", count: 10_000)))
        let text = stage.machine.watermark(of: main)?.lastFailure?.text
        #expect(text?.unicodeScalars.count == PushLimits.text)
    }
}

// How waits grow, and where they end.

import EngineCore
import Testing

@Suite("Backoff")
struct BackoffTests {
    private func waits(_ policy: RetryPolicy, count: Int, seed: UInt64 = 1) -> [Duration?] {
        var generator = SeededGenerator(seed: seed)
        var backoff = Backoff()
        return (0..<count).map { _ in backoff.fail(at: .zero, policy, using: &generator) }
    }

    @Test("waits double from one second to ten minutes, and no wait is longer")
    func grows() throws {
        let expected = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600].map {
            Duration.seconds($0)
        }
        for (wait, whole) in zip(waits(RetryPolicy(), count: 12), expected) {
            #expect(try #require(wait).isJittered(whole))
        }
        #expect(waits(RetryPolicy(jitterPercent: 0), count: 12) == expected)
    }

    @Test("a thousand failures wait no longer than eleven")
    func bounded() throws {
        let last = try #require(waits(RetryPolicy(), count: 1000).last)
        #expect(try #require(last).isJittered(.seconds(600)))
    }

    @Test("a seed makes the same jitter again, and another makes another")
    func jitter() {
        let policy = RetryPolicy()
        #expect(waits(policy, count: 8, seed: 7) == waits(policy, count: 8, seed: 7))
        #expect(waits(policy, count: 8, seed: 7) != waits(policy, count: 8, seed: 8))
    }

    @Test("after maxRetries there is no next try until it is released")
    func stops() {
        var generator = SeededGenerator(seed: 1)
        var backoff = Backoff()
        let policy = RetryPolicy(maximumRetries: 2)
        #expect(backoff.fail(at: .zero, policy, using: &generator) != nil)
        #expect(backoff.fail(at: .zero, policy, using: &generator) != nil)
        #expect(backoff.fail(at: .zero, policy, using: &generator) == nil)
        #expect(backoff.holds(at: .seconds(1_000_000)))
        backoff.release()
        #expect(!backoff.holds(at: .zero))
        #expect(backoff.failures == 0)
    }

    @Test(
        "odd policies wait, and do not loop or trap",
        arguments: [
            RetryPolicy(first: .zero), RetryPolicy(factor: 1), RetryPolicy(factor: 0),
            RetryPolicy(first: .seconds(900)), RetryPolicy(jitterPercent: 1000),
            RetryPolicy(jitterPercent: -5),
        ])
    func odd(policy: RetryPolicy) {
        for wait in waits(policy, count: 100) {
            #expect(wait.map { $0 >= .zero && $0 <= policy.cap } ?? false)
        }
    }
}

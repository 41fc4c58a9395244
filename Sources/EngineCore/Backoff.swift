// How long to wait after a failure, and when to give up. The push machine has one of these for origin
// and one for each ref that origin refuses alone.

/// Waits that grow from `first` by `factor` up to `cap`.
public struct RetryPolicy: Sendable, Equatable {
    public var first: Duration
    public var factor: Int
    /// No wait is longer.
    public var cap: Duration
    /// Up to so many percent of each wait are taken off by chance, so that many engines that lost the
    /// same origin do not come back to it together.
    public var jitterPercent: Int
    /// After so many retries without a success there are no more; 0: without end.
    public var maximumRetries: Int

    public init(
        first: Duration = .seconds(1), factor: Int = 2, cap: Duration = .seconds(600),
        jitterPercent: Int = 20, maximumRetries: Int = 0
    ) {
        self.first = first
        self.factor = factor
        self.cap = cap
        self.jitterPercent = jitterPercent
        self.maximumRetries = maximumRetries
    }

    /// The same, without an end and with no wait longer than `limit`.
    func shortened(to limit: Duration) -> RetryPolicy {
        var policy = self
        policy.first = min(first, limit)
        policy.cap = min(cap, limit)
        policy.maximumRetries = 0
        return policy
    }

    /// The wait after the `failures`th failure in a row, counted from 1.
    func wait(after failures: Int, using generator: inout SeededGenerator) -> Duration {
        var wait = min(first, cap)
        var left = failures - 1
        while left > 0, factor > 1, .zero < wait, wait < self.cap {
            wait = min(wait * factor, cap)
            left -= 1
        }
        return jittered(wait, using: &generator)
    }

    /// A wait as long as the longest.
    func longestWait(using generator: inout SeededGenerator) -> Duration {
        jittered(cap, using: &generator)
    }

    private func jittered(_ wait: Duration, using generator: inout SeededGenerator) -> Duration {
        let percent = min(max(jitterPercent, 0), 100)
        return wait - wait * Int.random(in: 0...(percent * 10), using: &generator) / 1000
    }
}

/// Failures in a row, and what they say about the next try.
public struct Backoff: Sendable, Equatable {
    public private(set) var failures = 0
    /// When the next try may be made; nil: at once, or never.
    public private(set) var due: Duration?
    /// Whether there is no next try until ``release()``.
    public private(set) var isStopped = false

    public init() {}

    /// Whether no try may be made at `now`.
    public func holds(at now: Duration) -> Bool { isStopped || due.map { $0 > now } ?? false }

    /// Counts a failure and gives the wait until the next try; nil: there is none.
    ///
    /// - Parameters:
    ///   - atCap: whether the wait is the longest at once.
    ///   - longest: no wait is longer, but for the first.
    public mutating func fail(
        at now: Duration, _ policy: RetryPolicy, atCap: Bool = false, longest: Duration? = nil,
        using generator: inout SeededGenerator
    ) -> Duration? {
        failures += 1
        guard policy.maximumRetries == 0 || failures <= policy.maximumRetries else {
            due = nil
            isStopped = true
            return nil
        }
        var wait =
            atCap
            ? policy.longestWait(using: &generator)
            : policy.wait(after: failures, using: &generator)
        if let longest { wait = min(wait, max(longest, policy.first)) }
        due = now + wait
        return wait
    }

    /// Ends the wait, and lets a stopped one begin anew.
    public mutating func release() {
        due = nil
        if isStopped { self = Backoff() }
    }

    /// After a success.
    public mutating func reset() { self = Backoff() }
}

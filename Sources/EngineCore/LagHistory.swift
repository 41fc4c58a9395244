// How much was not durable in the last hour: a fixed number of samples. Pure: time comes with each call.
// The engine adds to it, the status page shows it.

/// The lag of the last hour, coarse enough to be kept in a few kilobytes.
public struct LagHistory: Sendable {
    public struct Sample: Sendable, Equatable {
        /// When its interval began.
        public let time: Duration
        /// The most commits that origin lacked; nil: nobody could tell.
        public internal(set) var commits: Int?
    }

    /// A sample stands for so long.
    public static let interval = Duration.seconds(15)
    /// Older ones are forgotten.
    public static let period = Duration.seconds(3600)
    /// Those of a period, and the one that has begun.
    static let mostSamples = Int(period / interval) + 1

    /// Oldest first.
    public private(set) var samples: [Sample] = []

    public init() {}

    /// So many commits are not durable at `now`, which never goes back. Within one interval the most
    /// counts.
    public mutating func add(_ commits: Int?, at now: Duration) {
        samples.removeAll { now - $0.time > Self.period }
        if let last = samples.last, now - last.time < Self.interval {
            let most = [last.commits, commits].compactMap { $0 }.max()
            samples[samples.count - 1].commits = most
            return
        }
        // On the interval's own beginning, so that samples follow one another without gaps.
        let begun = now - .seconds(now.components.seconds % Self.interval.components.seconds)
        samples.append(Sample(time: max(begun, samples.last?.time ?? begun), commits: commits))
        if samples.count > Self.mostSamples { samples.removeFirst() }
    }
}

// What is done now and then, at times that chance spreads: many engines that started together, or that
// lost the same origin together, do not all come to it at the same moment.

/// The times of something that is repeated.
public struct Spread: Sendable {
    /// Up to so many percent of each interval are taken off.
    public static let percent = 20

    private var generator: SeededGenerator

    public init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// How long to wait for the first time: anything up to the interval.
    public mutating func first(of interval: Duration) -> Duration {
        interval - part(of: interval, upTo: 100)
    }

    /// How long to wait for the next time: never longer than the interval.
    public mutating func next(after interval: Duration) -> Duration {
        interval - part(of: interval, upTo: Self.percent)
    }

    private mutating func part(of interval: Duration, upTo percent: Int) -> Duration {
        interval * Int.random(in: 0...(percent * 10), using: &generator) / 1000
    }
}

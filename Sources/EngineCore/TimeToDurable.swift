// How long commits take to be durable: from a ref seen moving to origin's report. Pure: time comes with
// each call. The engine asks it at each move and each report, metrics show it.

import Model

/// A distribution of times, with fixed bounds.
public struct TimeHistogram: Sendable, Equatable {
    /// Upper bounds in seconds, rising: from a round trip nearby to a retry at its cap.
    public static let bounds = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600,
    ]

    private var counts = [Int](repeating: 0, count: bounds.count)
    public private(set) var count = 0
    /// In seconds.
    public private(set) var sum = 0.0

    public init() {}

    public mutating func add(_ time: Duration) {
        let (whole, rest) = time.components
        let seconds = Double(whole) + Double(rest) / 1e18
        count += 1
        sum += seconds
        if let index = Self.bounds.firstIndex(where: { seconds <= $0 }) { counts[index] += 1 }
    }

    /// Each bound, with how many were at most that.
    public var buckets: [(bound: Double, count: Int)] {
        var total = 0
        return zip(Self.bounds, counts).map { bound, count in
            total += count
            return (bound, total)
        }
    }
}

/// The moves of refs that origin has not confirmed yet, and how long the others took.
public struct TimeToDurable: Sendable {
    private struct Move {
        var tip: ObjectID
        let seen: Duration
    }

    /// Moves that are remembered of one ref; the last one stands for those beyond.
    static let moves = 256

    private var waiting: [RefName: [Move]] = [:]
    public private(set) var times = TimeHistogram()

    public init() {}

    /// A ref was seen at `tip`.
    public mutating func moved(_ name: RefName, to tip: ObjectID, at now: Duration) {
        var moves = waiting[name] ?? []
        if moves.count < Self.moves {
            moves.append(Move(tip: tip, seen: now))
        } else {
            moves[moves.count - 1].tip = tip
        }
        waiting[name] = moves
    }

    /// Origin has confirmed `tip`: so all that came before it are durable, too, as it or behind it.
    public mutating func confirmed(_ name: RefName, _ tip: ObjectID, at now: Duration) {
        for move in take(name, upTo: tip) { times.add(now - move.seen) }
    }

    /// `tip` is where origin is without a push of ours: moves up to there are not counted.
    public mutating func found(_ name: RefName, _ tip: ObjectID) { _ = take(name, upTo: tip) }

    public mutating func forget(_ name: RefName) { waiting[name] = nil }

    private mutating func take(_ name: RefName, upTo tip: ObjectID) -> [Move] {
        guard let moves = waiting[name], let last = moves.lastIndex(where: { $0.tip == tip }) else {
            return []
        }
        let rest = Array(moves[(last + 1)...])
        waiting[name] = rest.isEmpty ? nil : rest
        return Array(moves[...last])
    }
}

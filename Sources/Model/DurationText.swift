// Durations as configuration spells them: `10s`, `500ms`, `2m`, `1h`.

/// 24 hours.
private let longestMilliseconds: Int64 = 86_400_000

extension Duration {
    /// Reads a whole number with a unit (`ms`, `s`, `m`, `h`); a bare number is seconds.
    ///
    /// Nil for anything else, and for more than 24 hours: a longer wait is a typing error.
    /// ``configurationForm`` says so to a person.
    public init?(configuration text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int64(digits), number <= longestMilliseconds else { return nil }
        let milliseconds: Int64
        switch text.dropFirst(digits.count) {
        case "ms": milliseconds = number
        case "", "s": milliseconds = number * 1000
        case "m": milliseconds = number * 60_000
        case "h": milliseconds = number * 3_600_000
        default: return nil
        }
        guard milliseconds <= longestMilliseconds else { return nil }
        self = .milliseconds(milliseconds)
    }

    /// What ``init(configuration:)`` takes.
    public static let configurationForm = "a time such as 500ms, 10s, 2m or 1h, and at most 24h"

    /// Whole milliseconds, rounded up so that a wait never ends early.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }

    /// For a person: `60 s`, `1.5 s`, `250 ms`.
    public var spoken: String {
        let total = milliseconds
        if total < 1000 { return "\(total) ms" }
        if total % 1000 == 0 || total >= 10_000 { return "\(total / 1000) s" }
        return "\(total / 1000).\(total % 1000 / 100) s"
    }
}

// A moment of the wall clock as text, always in UTC.

/// A moment, to the millisecond, on the proleptic Gregorian calendar without leap seconds.
public struct UTCTime: Sendable, Equatable {
    private let date: (year: Int64, month: Int64, day: Int64)
    private let milliseconds: Int64

    /// The moment so many milliseconds after 1970 began.
    public init(millisecondsSince1970 moment: Int64) {
        let day = 86_400_000 as Int64
        let days = moment >= 0 ? moment / day : (moment - day + 1) / day
        milliseconds = moment - days * day
        date = Self.date(days)
    }

    /// The moment that a clock on the wall shows in UTC; nil for a date that does not exist.
    public init?(
        year: Int64, month: Int64, day: Int64, hour: Int64, minute: Int64, second: Int64
    ) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...31).contains(day),
            (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second)
        else { return nil }
        date = (year, month, day)
        milliseconds = ((hour * 60 + minute) * 60 + second) * 1000
        guard Self.date(Self.days(date)) == date else { return nil }
    }

    /// Milliseconds since 1970 began.
    public var millisecondsSince1970: Int64 { Self.days(date) * 86_400_000 + milliseconds }

    public static func == (left: UTCTime, right: UTCTime) -> Bool {
        left.date == right.date && left.milliseconds == right.milliseconds
    }

    /// `2026-03-01T04:05:06.789Z` (RFC 3339, section 5.6).
    public var rfc3339: String {
        let seconds = milliseconds / 1000
        return Self.padded(date.year, 4) + "-" + Self.padded(date.month, 2) + "-"
            + Self.padded(date.day, 2) + "T" + Self.padded(seconds / 3600, 2) + ":"
            + Self.padded(seconds / 60 % 60, 2) + ":" + Self.padded(seconds % 60, 2) + "."
            + Self.padded(milliseconds % 1000, 3) + "Z"
    }

    /// The date of a day counted from 1970-01-01. Years are reckoned from March, so that a leap day
    /// is the last of its year; 400 of them have 146,097 days.
    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let march = (5 * ofYear + 2) / 153
        let month = march < 10 ? march + 3 : march - 9
        return (era * 400 + year + (month <= 2 ? 1 : 0), month, ofYear - (153 * march + 2) / 5 + 1)
    }

    /// The inverse of ``date(_:)``.
    private static func days(_ date: (year: Int64, month: Int64, day: Int64)) -> Int64 {
        let year = date.month <= 2 ? date.year - 1 : date.year
        let era = (year >= 0 ? year : year - 399) / 400
        let ofEra = year - era * 400
        let march = (date.month + 9) % 12
        let ofYear = (153 * march + 2) / 5 + date.day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

// Moments as text, next to dates that are known.

import Model
import TestSupport
import Testing

@Suite("UTC times")
struct UTCTimeTests {
    @Test(
        "a moment is written as RFC 3339",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1, "1970-01-01T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (1_772_337_906_789, "2026-03-01T04:05:06.789Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func rfc3339(moment: Int64, text: String) {
        #expect(UTCTime(millisecondsSince1970: moment).rfc3339 == text)
    }

    @Test("date(1) agrees, on any day")
    func date() throws {
        var numbers = SeededNumbers(seed: 5)
        let moments = (0..<200).map { _ in
            Int64.random(in: -2_000_000_000...9_000_000_000, using: &numbers)
        }
        let input = moments.map { "@\($0)\n" }.joined()
        let printed = try run(
            ["date", "-u", "-f", "-", "+%Y-%m-%dT%H:%M:%S.000Z"], input: Array(input.utf8)
        ).check()
        #expect(
            printed.lines
                == moments.map { UTCTime(millisecondsSince1970: $0 * 1000).rfc3339 })
    }

    @Test("two of the same moment are equal")
    func equality() {
        #expect(UTCTime(millisecondsSince1970: 5) == UTCTime(millisecondsSince1970: 5))
        #expect(UTCTime(millisecondsSince1970: 5) != UTCTime(millisecondsSince1970: 6))
        #expect(UTCTime(millisecondsSince1970: 0) != UTCTime(millisecondsSince1970: 86_400_000))
    }
}

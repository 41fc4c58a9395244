// Durations as configuration spells them.

import Model
import Testing

@Suite("Durations as text")
struct DurationTextTests {
    @Test(
        "a whole number with a unit is read",
        arguments: [
            ("10s", 10_000), ("10", 10_000), ("500ms", 500), ("2m", 120_000), ("1h", 3_600_000),
            ("0", 0), ("007s", 7000), ("24h", 86_400_000), ("86400s", 86_400_000),
        ] as [(String, Int64)])
    func reads(text: String, milliseconds: Int64) {
        #expect(Duration(configuration: text) == .milliseconds(milliseconds))
    }

    @Test(
        "anything else is refused, and so is more than a day",
        arguments: [
            "", "s", "-1s", "+1s", "1.5s", "10 s", " 10s", "10s ", "10S", "10d", "25h", "86401s",
            "86400001ms", "99999999999999999999s", "9223372036854775807h", "\u{661}0s", "1e3",
            "0x10", "10s\n", "ten",
        ])
    func refuses(text: String) { #expect(Duration(configuration: text) == nil) }

    @Test("milliseconds are rounded up, so that a wait never ends early")
    func roundsUp() {
        #expect(Duration.nanoseconds(1).milliseconds == 1)
        #expect(Duration.microseconds(1001).milliseconds == 2)
        #expect(Duration.milliseconds(2).milliseconds == 2)
        #expect(Duration.zero.milliseconds == 0)
    }

    @Test(
        "a person reads them in the unit that fits",
        arguments: [
            (0, "0 ms"), (250, "250 ms"), (999, "999 ms"), (1000, "1 s"), (1500, "1.5 s"),
            (9999, "9.9 s"), (10_500, "10 s"), (60_000, "60 s"),
        ] as [(Int64, String)])
    func spoken(milliseconds: Int64, text: String) {
        #expect(Duration.milliseconds(milliseconds).spoken == text)
    }
}

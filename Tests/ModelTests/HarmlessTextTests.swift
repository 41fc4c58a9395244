// Text from a peer, before a person sees it.

import Model
import TestSupport
import Testing

@Suite("Harmless text")
struct HarmlessTextTests {
    @Test(
        "what could act on a terminal is spelled out",
        arguments: [
            ("\u{1b}[31mred", "\\x1b[31mred"), ("a\nb", "a\\x0ab"), ("a\r\nb", "a\\x0d\\x0ab"),
            ("\0", "\\x00"), ("\u{7f}", "\\x7f"), ("\u{9b}2J", "\\x9b2J"), ("\u{80}", "\\x80"),
            ("a\tb", "a\\x09b"), ("\u{200e}\u{200f}", "\\u{200e}\\u{200f}"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"), ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
            ("\u{2066}\u{2069}", "\\u{2066}\\u{2069}"), ("\u{61c}x", "\\u{61c}x"),
            ("e\u{301}\u{8}", "e\u{301}\\x08"),
        ])
    func spelled(text: String, shown: String) {
        #expect(Array(text.harmless.utf8) == Array(shown.utf8))
    }

    @Test(
        "everything else stays as it is",
        arguments: ["", "plain", "Zürich 日本 👩‍👩‍👧", "back\\slash", "\u{a0}", "e\u{301}"])
    func untouched(text: String) { #expect(Array(text.harmless.utf8) == Array(text.utf8)) }

    @Test("whatever bytes come, no control is left")
    func random() {
        var numbers = SeededNumbers(seed: 7)
        for _ in 0..<200 {
            let text = String(decoding: numbers.bytes(64), as: UTF8.self).harmless
            #expect(text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control })
            #expect(text.harmless == text)
        }
    }
}

// Lines from a far side's standard error.

import POSIX
import TestSupport
import Testing

@Suite("Line filter")
struct LineFilterTests {
    private func lines(_ pieces: [String]) -> [String] {
        var lines: [String] = []
        let filter = LineFilter { lines.append($0) }
        for piece in pieces { filter.append(Array(piece.utf8)) }
        filter.finish()
        return lines
    }

    @Test(
        "bytes become lines, however they are cut",
        arguments: [
            ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]),
            ("a\r\nb\r\n", ["a", "b"]),
            ("10%\r20%\rdone\n", ["10%", "20%", "done"]), ("\n\n\r\n", []), (" \n", [" "]),
            ("\u{1b}[31mred\u{7}\n", ["\\x1b[31mred\\x07"]), ("é日\n", ["é日"]),
            ("a\0b\n", ["a\\x00b"]),
        ])
    func cut(text: String, expected: [String]) {
        #expect(lines([text]) == expected)
        var each: [String] = []
        let filter = LineFilter { each.append($0) }
        for byte in text.utf8 { filter.append([byte]) }
        filter.finish()
        #expect(each == expected)
    }

    @Test("a line without an end is cut into pieces, and costs no more memory than one")
    func long() {
        let pieces = lines([String(repeating: "x", count: 3 * LineFilter.maximumLine + 5)])
        #expect(pieces.map(\.utf8.count) == [4096, 4096, 4096, 5])
    }

    @Test("bytes that are no text are shown as what they are not")
    func badBytes() {
        var lines: [String] = []
        let filter = LineFilter { lines.append($0) }
        filter.append([0x61, 0xff, 0x0a, 0xc3, 0x0a])
        #expect(lines == ["a\u{fffd}", "\u{fffd}"])
    }

    @Test("each line is handed on as it ends, and nothing twice")
    func timing() {
        var lines: [String] = []
        let filter = LineFilter { lines.append($0) }
        filter.append(Array("a\nb".utf8))
        #expect(lines == ["a"])
        filter.finish()
        filter.finish()
        #expect(lines == ["a", "b"])
    }
}

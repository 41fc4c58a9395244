// Authors and messages as people and programs write them, odd ones among them.

/// Who wrote a commit and what it says.
struct CommitWords: Equatable {
    var author: [UInt8]
    var encoding: String?
    var message: [UInt8]
}

extension RandomSource {
    mutating func words(_ number: Int) -> CommitWords {
        var words = CommitWords(
            author: Array(
                "\(name()) <\(one(of: ["a@example.com", "", "x y@z", "é@example.com"]))> ".utf8),
            encoding: nil, message: Array(message(number).utf8))
        if oneIn(20) { words.author = Array("Jos".utf8) + [0xe9] + Array(" <j@x> ".utf8) }
        words.author += Array(
            "\(one(of: [0, 1, 1_700_000_000 + below(1000), 4_102_444_800])) \(zone())".utf8)
        if oneIn(8) {
            words.encoding = one(
                of: [
                    "ISO-8859-1", "latin-1", "windows-1252", "EUC-JP", "nonsense", "utf8", "UTF-16",
                    "Shift_JIS", "iso8859-15", "UTF-7", "US-ASCII",
                ])
            words.message += [0xe9, 0x20, 0xa4, 0xb3, 0x0a]
        } else if oneIn(12) {
            words.message += one(
                of: [
                    [0xe9, 0x0a], [0xed, 0xa0, 0x80, 0x0a], [0xef, 0xbf, 0xbe], [0xc0, 0x80, 0x0a],
                    [0xf8, 0x88, 0x80, 0x80, 0x80], [0xef, 0xb7, 0x90], [0xf4, 0x90, 0x80, 0x80],
                    [0xe2, 0x82],
                ])
        }
        return words
    }

    private mutating func name() -> String {
        one(of: [
            "Ada", "Ada", "Grace Hopper", "", "O'Neil \"x\"", "李", ". dot .", "a\\b",
            "back`tick $HOME",
        ])
    }

    private mutating func zone() -> String {
        one(of: ["+0000", "+0000", "-0130", "+0545", "-1200", "+1400"])
    }

    private mutating func message(_ number: Int) -> String {
        one(
            of: [
                "commit \(number)\n", "commit \(number)\n", "commit \(number)\n\nbody\n\n\nmore\n",
                "",
                "\n\n  \ncommit \(number)\n", "no newline \(number)", "trailing  \t\n\n\n",
                "# looks like a comment\n", "fixup! commit 1\n", "squash! commit 2\n", "\n",
                "  indented\n", "amend! x\n", "tab\tand é and 李 \(number)\n",
                "---\ndiff --git a/x b/x\n",
                "commit\r\n\r\nwith returns\r\n", "  \n\t\n", "one\n\nSigned-off-by: A <a@b>\n",
            ])
    }
}

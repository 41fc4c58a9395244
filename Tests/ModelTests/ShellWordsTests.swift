// Splitting and quoting, next to a real shell.

import Model
import TestSupport
import Testing

@Suite("Shell words")
struct ShellWordsTests {
    static let plain = [
        ("", []), ("  \t ", []), ("a", ["a"]), ("  a\t b  ", ["a", "b"]), ("''", [""]),
        (#""" ''"#, ["", ""]), ("a''b", ["ab"]), ("'a b'", ["a b"]), (#""a b""#, ["a b"]),
        (#"'it'\''s'"#, ["it's"]), (#"a\ b"#, ["a b"]), (#"\\"#, ["\\"]), (#"'\n'"#, ["\\n"]),
        (#""\n""#, ["\\n"]), (#""\"\\\$\`""#, [#""\$`"#]), (#"\$HOME \| \;"#, ["$HOME", "|", ";"]),
        (#"'$HOME' '|' '*'"#, ["$HOME", "|", "*"]), (#""a'b" 'c"d'"#, ["a'b", "c\"d"]),
        (#"--x="y z""#, ["--x=y z"]), (#"a"b"'c'\d"#, ["abcd"]), (#""*?<>""#, ["*?<>"]),
        ("podman exec -i shop-git-pod", ["podman", "exec", "-i", "shop-git-pod"]),
        ("é 日本", ["é", "日本"]), ("a=b,c:d@e%f+g", ["a=b,c:d@e%f+g"]), (#"'[a]'"#, ["[a]"]),
    ]

    @Test("text is split as written", arguments: plain)
    func split(text: String, words: [String]) { #expect(ShellWords.split(text) == words) }

    @Test("a real shell splits it the same way")
    func shell() throws {
        for (text, words) in Self.plain {
            let script = "for word in \(text)\ndo printf '%s\\0' \"$word\"; done"
            let printed = try run(["sh", "-c", script]).check()
            #expect(printed.bytes == words.flatMap { Array($0.utf8) + [0] }, "\(text)")
        }
    }

    @Test(
        "what a shell would act on is refused",
        arguments: [
            "a | b", "a & b", "a; b", "a < b", "a > b", "(a)", "$HOME", "`id`", "a\nb", "a\rb",
            "a\0b",
            "*.c", "a?", "[ab]c", #""$HOME""#, #""`id`""#, "'open", "\"open", #""open\""#, "a\\",
            "\"a\\", "$(id)", "a'b", "a>b", "a#b;c",
        ])
    func refused(text: String) { #expect(ShellWords.split(text) == nil) }

    @Test(
        "a word is quoted as git quotes it",
        arguments: [
            ("", "''"), ("a", "'a'"), ("a b", "'a b'"), ("it's", #"'it'\''s'"#),
            ("a!", #"'a'\!''"#),
            ("$x`y`", "'$x`y`'"), ("\\", #"'\'"#), ("a\nb", "'a\nb'"),
        ])
    func quote(text: String, quoted: String) { #expect(ShellWords.quote(text) == quoted) }

    @Test("what was quoted is one word again, here and in a shell")
    func roundTrip() throws {
        var numbers = SeededNumbers(seed: 3)
        let alphabet = Array(" \t\n'\"\\$`!*?[]{}~#&|;<>()=-abcé日\u{301}\r".unicodeScalars)
        var words: [String] = []
        for _ in 0..<200 {
            let count = Int.random(in: 0..<20, using: &numbers)
            var word = String.UnicodeScalarView()
            for _ in 0..<count { word.append(alphabet.randomElement(using: &numbers)!) }
            words.append(String(word))
        }
        let line = words.map(ShellWords.quote).joined(separator: " ")
        #expect(ShellWords.split(line)?.map { Array($0.utf8) } == words.map { Array($0.utf8) })
        let printed = try run(["sh", "-c", "printf '%s\\0' \(line)"]).check()
        #expect(printed.bytes == words.flatMap { Array($0.utf8) + [0] })
    }
}

// git's lines to a helper, and git's way to quote.

import Model
import RemoteHelper
import TestSupport
import Testing

@Suite("Helper lines")
struct HelperLineTests {
    @Test(
        "each line means what gitremote-helpers(7) says",
        arguments: [
            ("", HelperLine.end), ("capabilities", .capabilities),
            ("connect git-upload-pack", .connect(service: "git-upload-pack")),
            ("connect ", .connect(service: "")), ("connect", .unknown("connect")),
            ("option verbosity 1", .option(name: "verbosity", value: "1")),
            ("option servpath \"a b\"", .option(name: "servpath", value: "\"a b\"")),
            ("option cloning", .option(name: "cloning", value: "")),
            ("option  x", .option(name: "", value: "x")), ("list", .unknown("list")),
            ("fetch 0123 refs/heads/x", .unknown("fetch 0123 refs/heads/x")),
            ("stateless-connect git-upload-pack", .unknown("stateless-connect git-upload-pack")),
            (" capabilities", .unknown(" capabilities")),
            ("capabilities ", .unknown("capabilities ")),
        ])
    func lines(text: String, line: HelperLine) { #expect(HelperLine(text) == line) }

    @Test(
        "a quoted value is read back",
        arguments: [
            ("plain", "plain"), ("", ""), ("a\\b", "a\\b"), (#""""#, ""), (#""a b""#, "a b"),
            (#""\a\b\t\n\v\f\r""#, "\u{7}\u{8}\t\n\u{b}\u{c}\r"), (#""\"\\""#, "\"\\"),
            (#""\303\251""#, "é"), (#""\346\227\245é""#, "日é"), (#""\001\177""#, "\u{1}\u{7f}"),
            (#""x\0608""#, "x08"),
        ])
    func unquoted(text: String, value: String) { #expect(cUnquoted(text) == value) }

    @Test(
        "a quoting that git would not write is refused",
        arguments: [
            #"""#, #""a"#, #""a"b"#, #""\"#, #""\x41""#, #""\4""#, #""\400""#, #""\18a""#,
            #""\12""#,
            #""\377""#, #""\303""#, #""a\""#, #""" "#,
        ])
    func refused(text: String) { #expect(cUnquoted(text) == nil) }

    @Test("what git itself quotes is read back")
    func git() throws {
        let home = try GitHome()
        let folder = try TemporaryDirectory()
        let names = [
            "plain", "a b\"c", "back\\slash", "é", "日本", "tab\there", "line\nend", "\u{1}\u{7f}",
            "bell\u{7}", "e\u{301}",
        ]
        for quoting in ["true", "false"] {
            for name in names { try writeFile(folder.file(name), "") }
            try home.git("init", "-q", "--template=", folder.path)
            let listed = try home.git(
                "-c", "core.quotePath=\(quoting)", "ls-files", "--others", at: folder.path)
            let read = listed.split(separator: "\n").map { cUnquoted(String($0)) }
            #expect(
                Set(read.map { $0.map { Array($0.utf8) } }) == Set(names.map { Array($0.utf8) }))
        }
    }
}

// Reading JSON: what RFC 8259 allows, what it does not, and how deep.

import Model
import Testing

@Suite("Reading JSON")
struct JSONParserTests {
    @Test(
        "what RFC 8259 allows is read",
        arguments: [
            ("null", .null), (" \t\r\n true \n", .bool(true)), ("[ ]", .array([])),
            ("{ }", .object([])), ("[1 , -2.5e+3]", .array([.number("1"), .number("-2.5e+3")])),
            (#"{"a" : {"b":[false]}}"#, .object([("a", .object([("b", .array([.bool(false)]))]))])),
            (#""""#, .string("")), (#"{"":0}"#, .object([("", .number("0"))])),
        ] as [(String, JSON)])
    func reads(text: String, value: JSON) { #expect(JSON(parsing: Array(text.utf8)) == value) }

    @Test(
        "every escape means what the RFC says",
        arguments: [
            (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"), (#"\u0041\u00e9\u65e5"#, "Aé日"),
            (#"\uD83D\uDC4d"#, "👍"), (#"\u0000"#, "\0"), (#"e\u0301"#, "e\u{301}"),
        ])
    func escapes(text: String, plain: String) {
        let read = JSON(parsing: Array("\"\(text)\"".utf8))?.string
        #expect(read.map { Array($0.utf8) } == Array(plain.utf8))
    }

    @Test(
        "a string that stands for no text is refused",
        arguments: [
            #""\ud83d""#, #""\ud83d\u0041""#, #""\udc4d""#, #""\udc4d\ud83d""#, #""\ud83d\n""#,
            #""\u12""#, #""\u12g4""#, #""\x41""#, #""\"#, #"""#, #""abc"#, "\"a\nb\"", "\"\u{1}\"",
            #""\u+123""#, #""\u"#, #""\ud83d\u"#,
        ])
    func badStrings(text: String) { #expect(JSON(parsing: Array(text.utf8)) == nil) }

    @Test("bytes that are no UTF-8 are no JSON")
    func badBytes() {
        for bytes in [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]] as [[UInt8]] {
            #expect(JSON(parsing: [0x22] + bytes + [0x22]) == nil)
        }
    }

    @Test(
        "what is no whole value is refused",
        arguments: [
            "", " ", "nul", "nulls", "True", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{",
            "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}",
            "{\"a\" 1}",
            "1 2", "{}{}", "// no\n1", "'a'", "NaN", "Infinity", "\u{feff}1",
        ])
    func refuses(text: String) { #expect(JSON(parsing: Array(text.utf8)) == nil) }

    @Test("values nest to the bound and no deeper", arguments: ["[", "{\"a\":"])
    func depth(opening: String) {
        let closing = opening == "[" ? "]" : "}"
        func nested(_ depth: Int) -> JSON? {
            let text =
                String(repeating: opening, count: depth) + "1"
                + String(repeating: closing, count: depth)
            return JSON(parsing: Array(text.utf8))
        }
        #expect(nested(JSON.maximumDepth - 1) != nil)
        #expect(nested(JSON.maximumDepth) == nil)
        #expect(nested(100_000) == nil)
    }
}

// JSON values: looked into, compared, printed.

import Model
import TestSupport
import Testing

@Suite("JSON values")
struct JSONTests {
    @Test(
        "a value is printed on one line without blanks",
        arguments: [
            (JSON.null, "null"), (.bool(true), "true"), (.bool(false), "false"),
            (.number("-1.5e3"), "-1.5e3"), (.integer(42), "42"),
            (.integer(UInt64.max), "\(UInt64.max)"),
            (.array([]), "[]"), (.object([]), "{}"),
            (.array([.integer(1), .null]), "[1,null]"),
            (
                .object([("a", .array([.string("b")])), ("a", .bool(true))]),
                #"{"a":["b"],"a":true}"#
            ),
        ])
    func printed(value: JSON, text: String) { #expect(value.text == text) }

    @Test(
        "a string is printed so that it stays on its line and any reader gets it back",
        arguments: [
            ("", #""""#), ("a\"b\\c", #""a\"b\\c""#), ("\n\r\t", #""\n\r\t""#),
            ("\r\n", #""\r\n""#),
            ("\0\u{1b}\u{7f}", #""\u0000\u001b\u007f""#), ("\u{85}\u{9b}", #""\u0085\u009b""#),
            ("\u{2028}\u{2029}", #""\u2028\u2029""#), ("é日👍/", "\"é日👍/\""),
        ])
    func quoted(plain: String, text: String) {
        #expect(JSON.string(plain).text == text)
        #expect(JSON(parsing: Array(text.utf8))?.string.map { Array($0.utf8) } == Array(plain.utf8))
    }

    @Test("whatever text is printed is read back as it was")
    func roundTrip() {
        var numbers = SeededNumbers(seed: 11)
        for _ in 0..<300 {
            let plain = String(decoding: numbers.bytes(40), as: UTF8.self)
            let printed = JSON.object([(plain, .string(plain))]).text
            #expect(!printed.contains("\n"))
            #expect(JSON(parsing: Array(printed.utf8))?[plain]?.string == plain)
        }
    }

    @Test("members are found by name, the first of a repeated one; others are nil")
    func members() {
        let value = JSON.object([("a", .integer(1)), ("b", .bool(true)), ("a", .integer(2))])
        #expect(value["a"] == .integer(1))
        #expect(value["b"]?.bool == true)
        #expect(value["c"] == nil)
        #expect(value["a"]?["a"] == nil)
        #expect(value.elements.isEmpty)
        #expect(value.string == nil && value.bool == nil)
        #expect(JSON.array([.null, .null]).elements.count == 2)
    }

    @Test("values are equal when they would be printed alike")
    func equality() {
        #expect(JSON.number("1") == .number("1"))
        #expect(JSON.number("1") != .number("1.0"))
        #expect(JSON.string("1") != .number("1"))
        #expect(JSON.object([("a", .null)]) != .object([("b", .null)]))
    }
}

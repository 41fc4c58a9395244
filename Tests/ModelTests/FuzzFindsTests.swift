// What bin/fuzz, and a comparison of ShellWords with a real shell, once found in Model.

import Model
import Testing

@Suite("Finds in Model")
struct FuzzFindsTests {
    @Test(
        "a number that RFC 8259 does not allow is no JSON",
        arguments: ["000", "01", "-01", "1.", "-.5", ".5", "1e", "1e+", "-", "+1", "1.e5", "0x1"])
    func badNumber(text: String) {
        #expect(JSON(parsing: Array(text.utf8)) == nil)
        #expect(JSON(parsing: Array("[\(text)]".utf8)) == nil)
    }

    @Test(
        "a number that it allows keeps its text",
        arguments: [
            "0", "-0", "10", "-1.50", "0.5", "1e5", "1E+05", "123456789012345678901234567890",
        ])
    func number(text: String) {
        guard case .number(let read)? = JSON(parsing: Array(text.utf8)) else {
            Issue.record("\(text) is a number")
            return
        }
        #expect(read == text)
    }

    @Test(
        "words that a shell would change before it uses them are refused",
        arguments: [
            "~/bin/exec", "exec ~", "exec # a comment", "#", "a\\\nb", "\\\n", "\"a\\\nb\"",
        ])
    func shellActs(text: String) { #expect(ShellWords.split(text) == nil) }

    @Test(
        "the same characters where a shell leaves them alone are words",
        arguments: [
            ("a~ b#c", ["a~", "b#c"]), ("'~/x' \"#\" \\~ \\#", ["~/x", "#", "~", "#"]),
            ("''~", ["~"]), ("'a\nb'", ["a\nb"]),
        ])
    func shellDoesNot(text: String, words: [String]) { #expect(ShellWords.split(text) == words) }
}

// Object ids and ref names: what is one, and what is none.

import Model
import Testing

@Suite("Object ids")
struct ObjectIDTests {
    @Test("forty digits in either case are one, and come back in lower case")
    func digits() throws {
        let text = "00ff0123456789ABCDEF0123456789abcdef9a7e"
        let id = try #require(ObjectID(text))
        #expect(id.description == text.lowercased())
        #expect(ObjectID(bytes: id.bytes) == id)
        #expect(id.bytes.count == ObjectID.size)
        #expect(id.short == "00ff012")
    }

    @Test(
        "anything else is none",
        arguments: [
            "", "00", String(repeating: "0", count: 41), String(repeating: "g", count: 40),
            String(repeating: "٣", count: 20), " " + String(repeating: "0", count: 39),
        ])
    func others(text: String) { #expect(ObjectID(text) == nil) }

    @Test("the zero id is told from others")
    func zero() {
        #expect(ObjectID(String(repeating: "0", count: 40))?.isZero == true)
        #expect(ObjectID(String(repeating: "0", count: 39) + "1")?.isZero == false)
    }
}

@Suite("Ref names")
struct RefNameTests {
    @Test("two spellings of one letter are two names, as they are to git")
    func spellings() throws {
        let composed = try #require(RefName(branch: "caf\u{e9}"))
        let decomposed = try #require(RefName(branch: "cafe\u{301}"))
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
        #expect((composed < decomposed) != (decomposed < composed))
        #expect(RefName("refs/heads/\u{301}x")?.branch?.unicodeScalars.count == 2)
    }

    @Test(
        "what git takes is one",
        arguments: ["refs/heads/main", "refs/pod/seen/a/b", "refs/heads/ü", "refs/heads/@"])
    func wellFormed(name: String) { #expect(RefName(name)?.description == name) }

    @Test(
        "what git refuses is none",
        arguments: [
            "main", "refs/", "refs//a", "refs/heads/", "refs/heads/.a", "refs/heads/a.lock",
            "refs/heads/a..b", "refs/heads/a b", "refs/heads/a~1", "refs/heads/a^", "refs/heads/a:",
            "refs/heads/a?", "refs/heads/a*", "refs/heads/a[", "refs/heads/a\\b",
            "refs/heads/a@{1}",
            "refs/heads/a.", "refs/heads/a\u{7f}", "refs/heads/a\n", "refs/heads/a/",
            "refs/heads/" + String(repeating: "x", count: 2000),
        ])
    func malformed(name: String) { #expect(RefName(name) == nil) }

    @Test(
        "a branch's name cannot begin as an option does, nor be HEAD",
        arguments: ["-x", "-\u{301}x", "HEAD"])
    func branches(name: String) { #expect(RefName(branch: name) == nil) }

    @Test("a branch knows its tracking ref and where its origin's last tip is remembered")
    func derived() throws {
        let main = try #require(RefName(branch: "data/main"))
        #expect(main.branch == "data/main")
        #expect(main.tracking(remote: "origin")?.description == "refs/remotes/origin/data/main")
        #expect(main.seen?.description == "refs/pod/seen/data/main")
        #expect(RefName("refs/tags/x")?.seen == nil)
    }
}

// Which branches a name or a pattern means.

import EngineCore
import Model
import Testing

@Suite("A branch's name or pattern")
struct BranchPatternTests {
    @Test(
        "means the branches that it matches, and no conflict branch",
        arguments: [
            ("main", ["main"]), ("refs/heads/main", ["main"]),
            ("data/*", ["data/a", "data/a/b"]), ("refs/heads/data/*", ["data/a", "data/a/b"]),
            ("*", ["main", "mainly", "data", "data/a", "data/a/b", "conflicts/mine"]),
            ("main*", ["main", "mainly"]), ("*/a", ["data/a"]), ("data*b", ["data/a/b"]),
            ("conflicts/*", ["conflicts/mine"]), ("refs/heads/refs/heads/main", []),
        ])
    func matches(text: String, names: [String]) throws {
        let pattern = try #require(BranchPattern(text))
        let all = [
            "main", "mainly", "data", "data/a", "data/a/b", "conflicts/mine",
            "conflicts/2026-03-01T04-05-06Z", "conflicts-2026-03-01T04-05-06Z-2",
        ]
        let matched = all.filter { RefName(branch: $0).map(pattern.matches) ?? false }
        #expect(matched == names)
    }

    @Test("means one branch where it has no star")
    func one() throws {
        #expect(try #require(BranchPattern("a/b")).branch == RefName(branch: "a/b"))
        #expect(try #require(BranchPattern("a/*")).branch == nil)
        #expect(try #require(BranchPattern("a/*c")).folder == "refs/heads/a/")
    }

    @Test("does not overlap with itself")
    func overlap() throws {
        let name = try #require(RefName(branch: "aba"))
        #expect(try #require(BranchPattern("ab*ba")).matches(name) == false)
    }

    @Test(
        "is refused if no branch can match",
        arguments: ["", "a..b", "*/*", "a b", "/a", "a/", "-a", "a//*", "refs/heads/", "a~*"])
    func refused(text: String) { #expect(BranchPattern(text) == nil) }
}

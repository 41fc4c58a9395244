// Replay's rules, one by one, each beside git rebase: which commits are taken, and what is kept of them.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("Replay's rules")
struct ReplayRulesTests {
    private let people = Array(
        """
        author Ada <ada@example.com> 1600000000 +0530
        committer Ada <ada@example.com> 1600000000 +0000

        """.utf8)

    @Test("a commit in another encoding becomes UTF-8, and no longer names one")
    func encodings() throws {
        let branch = try ForkedBranch()
        try branch.commit(
            bytes: Array("author Jos".utf8) + [0xe9] + Array(" <j@x> 1600000000 +0000\n".utf8)
                + Array("committer C <c@x> 1600000000 +0000\nencoding ISO-8859-1\n\n".utf8)
                + Array("caf".utf8) + [0xe9, 10])
        let replayed = try branch.replay()
        let text = String(
            decoding: try branch.repository.object(replayed.tip).content, as: UTF8.self)
        #expect(text.contains("author José <j@x> 1600000000 +0000\n"))
        #expect(text.hasSuffix("\n\ncafé\n"))
        #expect(!text.contains("encoding"))
    }

    @Test("bytes that are no UTF-8, in a commit that names no encoding, are taken for Latin-1")
    func mends() throws {
        let branch = try ForkedBranch()
        try branch.commit(bytes: people + [10] + Array("caf".utf8) + [0xe9, 10])
        let replayed = try branch.replay()
        #expect(try branch.subjects(replayed.tip) == ["café"])
    }

    @Test("a message ends at its first zero byte, as git reads it")
    func zeroByte() throws {
        let branch = try ForkedBranch()
        try branch.commit(bytes: people + [10] + Array("before\0after\n".utf8))
        let replayed = try branch.replay()
        let content = try branch.repository.object(replayed.tip).content
        #expect(String(decoding: content, as: UTF8.self).hasSuffix("\n\nbefore"))
    }

    @Test("a signature, and whatever else stands in a header, is dropped")
    func signature() throws {
        let branch = try ForkedBranch()
        try branch.commit(
            bytes: people
                + Array(
                    """
                    gpgsig -----BEGIN PGP SIGNATURE-----
                     
                     abcd
                     -----END PGP SIGNATURE-----
                    extra words

                    signed

                    """.utf8))
        let replayed = try branch.replay()
        let content = try branch.repository.object(replayed.tip).content
        let text = String(decoding: content, as: UTF8.self)
        #expect(!text.contains("gpgsig") && !text.contains("abcd") && !text.contains("extra"))
        #expect(text.hasSuffix("+0000\n\nsigned\n"))
    }

    @Test("commits that stand on origin's tip already stay the ones they are")
    func fastForward() throws {
        let branch = try ForkedBranch()
        branch.tip = branch.origin
        try branch.commit("one", ["mine": "1\n"])
        try branch.commit("two", ["mine": "2\n"])
        let packs = try branch.packs()
        let replayed = try branch.replay()
        #expect(replayed.tip == branch.tip)
        #expect(replayed.replaced.allSatisfy { $0.old == $0.new })
        #expect(try branch.packs() == packs)
    }

    @Test("a commit that was empty from the start is kept")
    func empties() throws {
        let branch = try ForkedBranch()
        try branch.commit("says something", [:])
        try branch.commit("half is theirs", ["theirs": "theirs\n", "mine": "1\n"])
        try branch.commit("says more", [:])
        let replayed = try branch.replay()
        #expect(
            try branch.subjects(replayed.tip) == ["says something", "half is theirs", "says more"])
    }

    @Test("a change that both made, in other company, leaves nothing of the commit: dropped")
    func becameEmpty() throws {
        let branch = try ForkedBranch(theirs: ["base": "new\n", "theirs": "1\n"])
        try branch.commit("theirs, too", ["base": "new\n"])
        try branch.commit("mine", ["mine": "1\n"])
        let replayed = try branch.replay()
        #expect(try branch.subjects(replayed.tip) == ["mine"])
        #expect(replayed.replaced.map { $0.new == nil } == [true, false])
    }

    @Test("a commit that origin had and took back is not brought again")
    func upstreamAlready() throws {
        let branch = try ForkedBranch(theirs: ["base": "new\n"])
        try branch.commitTheirs("taken back", ["base": "base\n"])
        try branch.commit("the same", ["base": "new\n"])
        try branch.commit("mine", ["mine": "1\n"])
        let replayed = try branch.replay()
        #expect(try branch.subjects(replayed.tip) == ["mine"])
        #expect(try branch.show("base", in: replayed.tip) == "base")
    }

    @Test("merges are left out, and the first parent's line comes first")
    func flattens() throws {
        let branch = try ForkedBranch()
        try branch.commit("first line", ["one": "1\n"])
        let first = branch.tip
        branch.tip = branch.base
        try branch.commit("second line", ["two": "2\n"])
        let second = branch.tip
        branch.tip = first
        let tree = try branch.treeAdding("two", "2\n")
        try branch.commit(
            bytes: people + Array("\nmerge\n".utf8), parents: [first, second], tree: tree)
        try branch.commit("after", ["three": "3\n"])
        let replayed = try branch.replay()
        #expect(
            try branch.subjects(replayed.tip) == ["first line", "second line", "after"])
        #expect(try branch.files(in: replayed.tip) == "base\none\ntheirs\nthree\ntwo")
    }

    @Test("after a rewrite only ours goes onto origin's new tip, not what origin dropped")
    func onto() throws {
        let branch = try ForkedBranch()
        branch.tip = branch.base
        try branch.commit("origin's new tip", ["rewritten": "1\n"])
        let onto = branch.tip
        branch.tip = branch.origin
        try branch.commit("mine", ["mine": "1\n"])
        let replayed = try branch.replay(upstream: branch.origin, onto: onto)
        #expect(try branch.files(in: replayed.tip) == "base\nmine\nrewritten")
    }
}

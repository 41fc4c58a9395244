// Replay against git's own rebase: random histories, and each rule by itself.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("Replay")
struct ReplayTests {
    @Test("random histories come out as git rebase and git merge make them")
    func randomHistories() throws {
        let ran = try run(
            [Products.tool("replay-fuzz"), "--histories", "200", "--seconds", "20"],
            timeout: .seconds(300))
        #expect(ran.succeeded, "\(ran.output) \(ran.errors)")
    }

    @Test("commits go on top of origin's, with author, date and message as they were")
    func replays() throws {
        let branch = try ForkedBranch()
        try branch.commit("ours", ["mine": "1\n"], author: "Grace <g@example.com> 1600000000 +0530")
        try branch.commit("more", ["mine": "2\n"])
        let replayer = try branch.replayer()
        #expect(try replayer.add(commitsUpTo: branch.tip) == .clean)
        try replayer.store()
        let log = try branch.git(
            "log", "--format=%an %ae %ad %s|%cn %ct", "--date=raw",
            "\(branch.origin)..\(replayer.tip)")
        #expect(
            log == """
                Ada Operator ada@example.com 1767323045 +0000 more|Engine 1800000000
                Grace g@example.com 1600000000 +0530 ours|Engine 1800000000
                """)
        #expect(try branch.git("show", "\(replayer.tip):theirs") == "theirs")
        #expect(try branch.git("show", "\(replayer.tip):mine") == "2")
        #expect(
            replayer.replaced.map(\.new) == [try branch.parent(of: replayer.tip), replayer.tip])
    }

    @Test("what a replay makes is one pack, there only once it was stored, and git finds it whole")
    func onePack() throws {
        let branch = try ForkedBranch()
        for number in 0..<60 { try branch.commit("\(number)", ["dir/mine": "\(number)\n"]) }
        let before = try branch.packs()
        let replayer = try branch.replayer()
        #expect(try replayer.add(commitsUpTo: branch.tip) == .clean)
        #expect(try branch.packs() == before)
        try replayer.store()
        #expect(try branch.packs().count == before.count + 1)
        #expect(try branch.repository.object(replayer.tip).type == .commit)
        #expect(try branch.git("fsck", "--full", "--strict", "--no-dangling") == "")
        #expect(try branch.git("rev-list", "--count", "\(branch.origin)..\(replayer.tip)") == "60")
    }

    @Test("commits made meanwhile are replayed on top of what was replayed already")
    func continues() throws {
        let branch = try ForkedBranch()
        try branch.commit("first", ["mine": "1\n"])
        let replayer = try branch.replayer()
        let first = branch.tip
        #expect(try replayer.add(commitsUpTo: first) == .clean)
        let replayed = replayer.tip
        try branch.commit("second", ["mine": "2\n"])
        #expect(try replayer.add(commitsUpTo: branch.tip, after: first) == .clean)
        try replayer.store()
        #expect(try branch.parent(of: replayer.tip) == replayed)
        #expect(replayer.replaced.map(\.old) == [first, branch.tip])
    }

    @Test("a conflict names the commit and the paths, and keeps what came before it")
    func conflict() throws {
        let branch = try ForkedBranch()
        try branch.commit("fine", ["mine": "1\n"])
        try branch.commit("clash", ["theirs": "ours\n"])
        let replayer = try branch.replayer()
        let verdict = try replayer.add(commitsUpTo: branch.tip)
        #expect(verdict == .conflict(at: branch.tip, paths: ["theirs"]))
        #expect(replayer.replaced.count == 1)
        try replayer.store()
        #expect(try branch.git("show", "\(replayer.tip):mine") == "1")
    }

    @Test("two lines of history are merged into a commit with both for parents, ours first")
    func merges() throws {
        let branch = try ForkedBranch()
        try branch.commit("ours", ["mine": "1\n"])
        let verdict = try branch.repository.merge(
            branch.tip, with: branch.origin, message: "Merge origin\n", author: branch.engine,
            committer: branch.engine)
        guard case .merged(let commit) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(
            try branch.git("log", "-1", "--format=%P %s", "\(commit)")
                == "\(branch.tip) \(branch.origin) Merge origin")
        #expect(try branch.git("ls-tree", "--name-only", "\(commit)") == "base\nmine\ntheirs")
    }
}

// What is kept when the branch is moved off a tip: names, how long, and what took whose place.

import EngineCore
import Model
import POSIX
import TestSupport
import Testing

@Suite("What a reconcile keeps")
struct KeepingTests {
    @Test("a branch called conflicts does not stand in the way of a conflict branch")
    func branchInTheWay() throws {
        let scene = try Scene.inSync()
        for name in try scene.refs("refs/heads/conflicts/").keys {
            try scene.home.git("update-ref", "-d", "refs/heads/conflicts/\(name)", at: scene.gitdir)
        }
        try scene.home.git("update-ref", "refs/heads/conflicts", "main", at: scene.gitdir)
        let ours = try scene.commit("both.txt", "ours")
        try scene.commitToOrigin("both.txt", "theirs")
        let answer = try scene.reconcile()
        #expect(answer.code == .escaped, "\(answer.errors)")
        let branch = try #require(answer.conflictBranch)
        #expect(branch.hasPrefix("conflicts-20"))
        #expect(try scene.origin.tip("refs/heads/\(branch)") == ours)
    }

    @Test("nor does one on origin")
    func branchInTheWayThere() throws {
        let scene = try Scene.inSync()
        try scene.home.git("update-ref", "refs/heads/conflicts", "main", at: scene.origin.path)
        let ours = try scene.commit("both.txt", "ours")
        try scene.commitToOrigin("both.txt", "theirs")
        let answer = try scene.reconcile()
        #expect(answer.code == .escaped, "\(answer.errors)")
        let branch = try #require(answer.conflictBranch)
        #expect(branch.hasPrefix("conflicts-20"))
        #expect(try scene.origin.tip("refs/heads/\(branch)") == ours)
        #expect(try scene.refs("refs/pod/pending/").isEmpty)
    }

    @Test("two incidents of one second have two conflict branches")
    func sameSecond() throws {
        let scene = try Scene.inSync()
        var branches: Set<String> = []
        for number in 1...4 {
            try scene.commit("both.txt", "ours \(number)")
            try scene.commitToOrigin("both.txt", "theirs \(number)")
            branches.insert(try #require(try scene.reconcile().conflictBranch))
        }
        #expect(branches.count == 4)
    }

    @Test("a conflict branch whose name somebody took on origin gets another one")
    func takenName() throws {
        let scene = try Scene.inSync()
        let ours = try scene.commit("both.txt", "ours")
        try scene.commitToOrigin("both.txt", "theirs")
        try scene.origin.refuse()
        let branch = try #require(try scene.reconcile().conflictBranch)
        try run(["rm", "\(scene.origin.path)/hooks/pre-receive"]).check()
        let other = try scene.commit(
            "x", "x", to: scene.origin.path, branch: branch, orphan: true)
        let answer = try scene.reconcile()
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(try scene.origin.tip("refs/heads/\(branch)") == other)
        let saved = try scene.refs("refs/heads/", in: scene.origin.path).filter { $0.value == ours }
        #expect(saved.count == 1)
        #expect(try scene.refs("refs/pod/pending/").isEmpty)
    }

    @Test("what took a commit's place is written down")
    func replacements() throws {
        let scene = try Scene.inSync()
        let dropped = try scene.commit("same.txt", "same", message: "Same")
        let ours = try scene.commit("ours.txt", "ours", message: "Ours")
        try scene.commitToOrigin("same.txt", "same")
        let theirs = try #require(try scene.origin.tip())
        #expect(try scene.reconcile().outcome == "rebased")
        let lines = contents("\(scene.gitdir)/git-pod-replaced").split(separator: "\n")
        #expect(lines == ["\(dropped) \(theirs)", "\(ours) \(try #require(try scene.tip()))"])
        let conflicting = try scene.commit("both.txt", "ours")
        try scene.commitToOrigin("both.txt", "theirs")
        let branch = try #require(try scene.reconcile().conflictBranch)
        let last = contents("\(scene.gitdir)/git-pod-replaced").split(separator: "\n").last
        #expect(last == "\(conflicting) refs/heads/\(branch)")
    }

    /// Renames the one anchor as if it had been made so many days ago.
    private func age(_ scene: Scene, days: Int64) throws {
        let anchor = try #require(try scene.refs("refs/pod/before/").first)
        let time = UTCTime(millisecondsSince1970: wallClockMilliseconds() - days * 86_400_000)
        let name = try #require(IncidentName.anchor(time, attempt: 1)).description
        try scene.home.git("update-ref", name, anchor.value, at: scene.gitdir)
        try scene.home.git("update-ref", "-d", "refs/pod/before/\(anchor.key)", at: scene.gitdir)
    }

    @Test(
        "an anchor goes when it is old and origin has what took its commits' place",
        arguments: [(29, 1), (31, 0)] as [(Int64, Int)])
    func retention(days: Int64, left: Int) throws {
        let scene = try Scene.inSync()
        // A merge, which a replay flattens.
        let base = try #require(try scene.tip())
        try scene.commit("ours.txt", "ours")
        try scene.home.git("update-ref", "refs/heads/side", base, at: scene.gitdir)
        try scene.commit("side.txt", "side", branch: "side")
        let tree = try scene.home.git(
            "merge-tree", "--write-tree", "main", "side", at: scene.gitdir)
        let merge = try scene.home.git(
            "commit-tree", "-p", "main", "-p", "side", "-m", "Join", tree, at: scene.gitdir)
        try scene.home.git("update-ref", "refs/heads/main", merge, at: scene.gitdir)
        try scene.commitToOrigin("theirs.txt", "theirs")
        #expect(try scene.reconcile().outcome == "rebased")
        try age(scene, days: days)
        #expect(try scene.reconcile().outcome == "in-sync")
        #expect(try scene.refs("refs/pod/before/").count == left)
    }

    @Test("an anchor stays, however old, while origin lacks what took its commits' place")
    func retentionOfWhatIsNotSent() throws {
        let scene = try Scene.inSync()
        try scene.commit("ours.txt", "ours")
        try scene.commitToOrigin("theirs.txt", "theirs")
        try scene.origin.refuse()
        #expect(try scene.reconcile().outcome == "rebased")
        try age(scene, days: 400)
        _ = try scene.reconcile()
        #expect(try scene.refs("refs/pod/before/").count == 1)
    }

    @Test("nor does one go that holds what origin dropped")
    func retentionAfterRewrite() throws {
        let scene = try Scene.inSync()
        try scene.rewindOrigin(to: try #require(try scene.tip("main~1")))
        #expect(try scene.reconcile().outcome == "rewritten")
        try age(scene, days: 400)
        #expect(try scene.reconcile().outcome == "in-sync")
        #expect(try scene.refs("refs/pod/before/").count == 1)
    }
}

// Every outcome of a reconcile, over every way to an origin, by the installed command.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A reconcile brings a branch and its origin together")
struct OutcomeTests {
    @Test("a branch that is ahead is pushed", arguments: TestOrigin.Kind.allCases)
    func ahead(kind: TestOrigin.Kind) throws {
        let scene = try Scene(kind)
        let tip = try scene.tip()
        let answer = try scene.reconcile()
        #expect(answer.outcome == "pushed-ahead", "\(answer.errors)")
        #expect(answer.code == .done)
        #expect(answer.isPushed)
        #expect(answer.json["ahead"]?.text == "2")
        #expect(try scene.origin.tip() == tip)
        #expect(try scene.tip("refs/pod/seen/main") == tip)
        #expect(try scene.tip("refs/remotes/origin/main") == tip)
    }

    @Test("what is in sync stays as it is", arguments: TestOrigin.Kind.allCases)
    func inSync(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let refs = try scene.refs("refs/")
        let answer = try scene.reconcile()
        #expect(answer.outcome == "in-sync")
        #expect(answer.code == .done)
        #expect(!answer.isPushed)
        #expect(try scene.refs("refs/") == refs)
    }

    @Test("a branch that is behind follows", arguments: TestOrigin.Kind.allCases)
    func behind(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let theirs = try scene.commitToOrigin("theirs.txt", "new")
        let answer = try scene.reconcile()
        #expect(answer.outcome == "fast-forwarded", "\(answer.errors)")
        #expect(answer.json["behind"]?.text == "1")
        #expect(try scene.tip() == theirs)
        #expect(try scene.tip("refs/pod/seen/main") == theirs)
        #expect(try scene.refs("refs/pod/before/").isEmpty)
    }

    @Test("what has diverged is replayed and pushed", arguments: TestOrigin.Kind.allCases)
    func diverged(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let ours = try scene.commit("ours.txt", "ours", message: "Ours")
        let theirs = try scene.commitToOrigin("theirs.txt", "theirs")
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rebased", "\(answer.errors)")
        #expect(answer.code == .done)
        #expect(answer.isPushed)
        #expect(try scene.tip("main~1") == theirs)
        #expect(try scene.origin.tip() == scene.tip())
        #expect(try scene.content(of: "ours.txt") == "ours")
        #expect(try scene.subjects().first == "Ours")
        #expect(Array(try scene.refs("refs/pod/before/").values) == [ours])
        try scene.check()
    }

    @Test(
        "what conflicts is kept on a conflict branch, here and there",
        arguments: TestOrigin.Kind.allCases)
    func conflict(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let ours = try scene.commit("both.txt", "ours")
        let theirs = try scene.commitToOrigin("both.txt", "theirs")
        let answer = try scene.reconcile()
        #expect(answer.outcome == "conflict-escaped", "\(answer.errors)")
        #expect(answer.code == .escaped)
        let branch = try #require(answer.conflictBranch)
        #expect(branch.hasPrefix("conflicts/20"))
        #expect(try scene.tip("refs/heads/\(branch)") == ours)
        #expect(try scene.origin.tip("refs/heads/\(branch)") == ours)
        #expect(try scene.tip() == theirs)
        #expect(try scene.origin.tip() == theirs)
        #expect(try scene.refs("refs/pod/pending/").isEmpty)
        #expect(try scene.reconcile().outcome == "in-sync")
    }

    @Test("an empty origin gets the branch by the first push", arguments: TestOrigin.Kind.allCases)
    func unborn(kind: TestOrigin.Kind) throws {
        let scene = try Scene(kind)
        for ref in try scene.refs("refs/", in: scene.origin.path).keys {
            try scene.home.git("update-ref", "-d", "refs/\(ref)", at: scene.origin.path)
        }
        let count = try scene.home.git("rev-list", "--count", "main", at: scene.gitdir)
        #expect(try scene.reconcile("--dry-run").json["ahead"]?.text == count)
        let answer = try scene.reconcile()
        #expect(answer.outcome == "pushed-ahead", "\(answer.errors)")
        #expect(answer.json["ahead"]?.text == count, "\(answer.json.text)")
        #expect(answer.json["behind"]?.text == "0")
        #expect(try scene.origin.tip() == scene.tip())
    }

    @Test(
        "a branch that was deleted on origin is not made there again",
        arguments: TestOrigin.Kind.allCases)
    func deleted(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let tip = try scene.commit("ours.txt", "ours")
        try scene.home.git("update-ref", "refs/heads/other", "main", at: scene.origin.path)
        try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.origin.path)
        let answer = try scene.reconcile()
        #expect(answer.outcome == "origin-deleted")
        #expect(answer.code == .failed)
        #expect(answer.error.contains("deleted on origin"))
        #expect(try scene.tip() == tip)
        #expect(try scene.origin.tip() == nil)
        let status = try scene.branchStatus()
        #expect(status["state"]?.string == "stuck", "\(status.text)")
        #expect(
            status["durable"] == .null && status["pendingCommits"] == .integer(5), "\(status.text)")
        #expect(try scene.push().code == .failed)
        #expect(try scene.origin.tip() == nil)
    }

    @Test(
        "a branch is that very ref of origin's, and no other that git would take for it",
        arguments: TestOrigin.Kind.allCases,
        ["refs/heads/refs/heads/main", "refs/tags/refs/heads/main"])
    func exactName(kind: TestOrigin.Kind, other: String) throws {
        let scene = try Scene.inSync(kind)
        let tip = try scene.commit("ours.txt", "ours")
        let theirs = try scene.commitToOrigin("theirs.txt", "theirs")
        try scene.home.git("update-ref", other, theirs, at: scene.origin.path)
        try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.origin.path)
        let refs = try scene.refs("refs/", in: scene.origin.path)
        #expect(try scene.reconcile().outcome == "origin-deleted")
        #expect(try scene.push().code == .failed)
        #expect(try scene.tip() == tip)
        #expect(try scene.refs("refs/", in: scene.origin.path) == refs)
        // One that has never seen the branch there makes it, and moves nothing else.
        try scene.home.git("update-ref", "-d", "refs/pod/seen/main", at: scene.gitdir)
        _ = try scene.push()
        // git rev-parse would take the other for it, too.
        let left = try scene.refs("refs/", in: scene.origin.path)
        #expect(left[String(other.dropFirst("refs/".count))] == theirs)
        #expect([nil, tip].contains(left["heads/main"]))
    }

    @Test("an origin that is not reached moves nothing", arguments: TestOrigin.Kind.allCases)
    func vanished(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let refs = try scene.refs("refs/")
        try scene.origin.vanish()
        let answer = try scene.reconcile()
        #expect(answer.outcome == "fetch-failed")
        #expect(answer.code == .unreachable, "\(answer.errors)")
        #expect(answer.errors.split(separator: "\n").count == 1)
        #expect(try scene.refs("refs/") == refs)
    }

    @Test(
        "histories without a common commit are an error, never an escape",
        arguments: ["rebase", "merge", "escape", "stop"], TestOrigin.Kind.allCases)
    func unrelated(policy: String, kind: TestOrigin.Kind) throws {
        let scene = try Scene(kind)
        try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.origin.path)
        try scene.commit("x", "x", to: scene.origin.path, orphan: true)
        let tip = try scene.tip()
        let answer = try scene.reconcile("--on-divergence", policy)
        #expect(answer.outcome == "failed")
        #expect(answer.code == .failed)
        #expect(answer.error.contains("no commit in common"))
        #expect(try scene.tip() == tip)
    }

    @Test("a branch that is missing on either side is named", arguments: TestOrigin.Kind.allCases)
    func missing(kind: TestOrigin.Kind) throws {
        let scene = try Scene(kind)
        let here = try scene.reconcile("--branch", "nowhere")
        #expect(here.code == .failed)
        #expect(here.error.contains("has no branch nowhere"))
        try scene.home.git("update-ref", "refs/heads/mine", "main", at: scene.gitdir)
        let there = try scene.reconcile("--branch", "mine")
        #expect(there.code == .failed)
        #expect(there.error.contains("origin has no branch mine"))
        #expect(try scene.origin.tip("refs/heads/mine") == nil)
    }
}

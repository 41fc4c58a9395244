// onDivergence, however it is set, and what is only foreseen by --dry-run.

import Model
import TestSupport
import Testing

@Suite("What is done about a divergence")
struct PolicyTests {
    private func diverged(_ kind: TestOrigin.Kind = .path, conflict: Bool = false) throws -> Scene {
        let scene = try Scene.inSync(kind)
        try scene.commit(conflict ? "both.txt" : "ours.txt", "ours")
        try scene.commitToOrigin(conflict ? "both.txt" : "theirs.txt", "theirs")
        return scene
    }

    @Test("a merge has ours first and origin's second", arguments: TestOrigin.Kind.allCases)
    func merge(kind: TestOrigin.Kind) throws {
        let scene = try diverged(kind)
        let ours = try scene.tip()
        let theirs = try scene.origin.tip()
        let answer = try scene.reconcile("--on-divergence", "merge")
        #expect(answer.outcome == "merged", "\(answer.errors)")
        #expect(try scene.tip("main^1") == ours)
        #expect(try scene.tip("main^2") == theirs)
        #expect(try scene.origin.tip() == scene.tip())
        #expect(try scene.content(of: "ours.txt") + scene.content(of: "theirs.txt") == "ourstheirs")
        try scene.check()
    }

    @Test("a merge that conflicts escapes", arguments: TestOrigin.Kind.allCases)
    func mergeConflict(kind: TestOrigin.Kind) throws {
        let scene = try diverged(kind, conflict: true)
        let answer = try scene.reconcile("--on-divergence", "merge")
        #expect(answer.outcome == "conflict-escaped")
        #expect(answer.code == .escaped)
        #expect(try scene.tip() == scene.origin.tip())
    }

    @Test("escape does not even try to replay", arguments: TestOrigin.Kind.allCases)
    func escape(kind: TestOrigin.Kind) throws {
        let scene = try diverged(kind)
        let ours = try scene.tip()
        let answer = try scene.reconcile("--on-divergence=escape")
        #expect(answer.outcome == "conflict-escaped")
        let branch = try #require(answer.conflictBranch)
        #expect(try scene.origin.tip("refs/heads/\(branch)") == ours)
    }

    @Test("stop leaves it to a person", arguments: TestOrigin.Kind.allCases)
    func stop(kind: TestOrigin.Kind) throws {
        let scene = try diverged(kind)
        let refs = try scene.refs("refs/heads/")
        let answer = try scene.reconcile("--on-divergence", "stop")
        #expect(answer.outcome == "stopped")
        #expect(answer.code == .failed)
        #expect(try scene.refs("refs/heads/") == refs)
    }

    @Test("a flag wins over the environment, that over the gitdir, that over the user's config")
    func precedence() throws {
        let scene = try diverged()
        try scene.home.configure("pod.onDivergence", "escape")
        try scene.home.git("config", "pod.onDivergence", "stop", at: scene.gitdir)
        #expect(try scene.reconcile("--dry-run").outcome == "stopped")
        let environment = ["GIT_POD_ON_DIVERGENCE": "merge"]
        let byEnvironment = try scene.verb("reconcile", ["--dry-run"], environment: environment)
        #expect(byEnvironment.outcome == "merged")
        let byFlag = try scene.verb(
            "reconcile", ["--dry-run", "--on-divergence", "rebase"], environment: environment)
        #expect(byFlag.outcome == "rebased")
        try scene.home.git("config", "--unset", "pod.onDivergence", at: scene.gitdir)
        #expect(try scene.reconcile("--dry-run").outcome == "conflict-escaped")
    }

    @Test("a value that does not exist is refused, with the ones that do")
    func unknownValue() throws {
        let scene = try diverged()
        let refs = try scene.refs("refs/")
        let answer = try scene.reconcile("--on-divergence", "guess")
        #expect(answer.code == .configuration)
        #expect(answer.errors.contains("rebase, merge, escape, stop"))
        #expect(try scene.refs("refs/") == refs)
    }

    @Test(
        "a dry run foresees and moves nothing, here or there",
        arguments: [
            ("rebase", false, "rebased"), ("rebase", true, "conflict-escaped"),
            ("merge", false, "merged"), ("escape", false, "conflict-escaped"),
        ])
    func dryRun(policy: String, conflict: Bool, outcome: String) throws {
        let scene = try diverged(conflict: conflict)
        let here = try scene.refs("refs/")
        let there = try scene.refs("refs/", in: scene.origin.path)
        let answer = try scene.reconcile("--dry-run", "--on-divergence", policy)
        #expect(answer.outcome == outcome, "\(answer.errors)")
        #expect(!answer.isPushed)
        #expect(try scene.refs("refs/") == here)
        #expect(try scene.refs("refs/", in: scene.origin.path) == there)
        #expect(try scene.reconcile("--on-divergence", policy).outcome == outcome)
    }

    @Test(
        "is what the gitdir says, whatever repository the environment speaks of",
        arguments: ["GIT_CONFIG=/dev/null", "GIT_COMMON_DIR=/", "GIT_OBJECT_DIRECTORY=/nowhere"])
    func environment(entry: String) throws {
        let scene = try diverged(conflict: true)
        try scene.home.git("config", "pod.onDivergence", "stop", at: scene.gitdir)
        let parts = entry.split(separator: "=").map(String.init)
        let answer = try scene.verb("reconcile", [], environment: [parts[0]: parts[1]])
        #expect(answer.outcome == "stopped", "\(answer.errors)")
    }
}

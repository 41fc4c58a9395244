// An origin that dropped commits it had: what it dropped never goes back, and ours is never lost.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An origin that was rewritten")
struct RewriteTests {
    @Test(
        "is followed, and the old tip anchored, if nothing is ours",
        arguments: TestOrigin.Kind.allCases)
    func nothingOfOurs(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let old = try #require(try scene.tip())
        let theirs = try #require(try scene.tip("main~2"))
        try scene.rewindOrigin(to: theirs)
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rewritten", "\(answer.errors)")
        #expect(answer.json["rewritten"]?.bool == true)
        #expect(answer.code == .done)
        #expect(try scene.tip() == theirs)
        #expect(try scene.origin.tip() == theirs)
        #expect(Array(try scene.refs("refs/pod/before/").values) == [old])
        #expect(try scene.reconcile().outcome == "in-sync")
    }

    @Test("gets ours replayed, and not what it dropped", arguments: TestOrigin.Kind.allCases)
    func replayed(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let kept = try #require(try scene.tip("main~2"))
        let ours = try scene.commit("ours.txt", "ours", message: "Ours")
        try scene.rewindOrigin(to: kept)
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rewritten", "\(answer.errors)")
        #expect(answer.isPushed)
        #expect(try scene.tip("main~1") == kept)
        #expect(try scene.origin.tip() == scene.tip())
        #expect(try scene.content(of: "ours.txt") == "ours")
        #expect(try scene.isKept(ours))
        try scene.check()
    }

    @Test("keeps ours on a conflict branch if it does not fit", arguments: TestOrigin.Kind.allCases)
    func conflict(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let kept = try #require(try scene.tip("main~2"))
        let ours = try scene.commit("both.txt", "ours")
        try scene.rewindOrigin(to: kept)
        let theirs = try scene.commitToOrigin("both.txt", "theirs")
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rewritten")
        #expect(answer.code == .escaped)
        let branch = try #require(answer.conflictBranch)
        #expect(try scene.origin.tip("refs/heads/\(branch)") == ours)
        #expect(try scene.tip() == theirs)
    }

    @Test("stays a person's business where onRewrite is stop", arguments: TestOrigin.Kind.allCases)
    func stopped(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let ours = try scene.commit("ours.txt", "ours")
        try scene.rewindOrigin(to: try #require(try scene.tip("main~3")))
        let answer = try scene.reconcile("--on-rewrite", "stop")
        #expect(answer.outcome == "rewritten")
        #expect(answer.code == .failed)
        #expect(answer.error.contains("onRewrite"))
        #expect(try scene.tip() == ours)
    }

    @Test("is not pushed to, either", arguments: TestOrigin.Kind.allCases)
    func push(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        try scene.commit("ours.txt", "ours")
        let kept = try #require(try scene.tip("main~3"))
        try scene.rewindOrigin(to: kept)
        let answer = try scene.push()
        #expect(answer.code == .failed)
        #expect(answer.json["reason"]?.string == "non-fast-forward")
        #expect(try scene.origin.tip() == kept)
    }

    @Test("is told from one that only lacks the last push")
    func seenElsewhere() throws {
        let scene = try Scene.inSync()
        // The application goes back itself, and writes on from there.
        let kept = try #require(try scene.tip("main~1"))
        try scene.home.git("update-ref", "refs/heads/main", kept, at: scene.gitdir)
        let ours = try scene.commit("ours.txt", "ours")
        let theirs = try #require(try scene.origin.tip())
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rebased", "\(answer.errors)")
        #expect(try scene.tip("main~1") == theirs)
        #expect(try scene.isKept(ours))
    }

    @Test("that drops a commit while ours is pushed on top of it does not get that back")
    func duringPush() throws {
        let scene = try Scene.inSync()
        let kept = try #require(try scene.origin.tip())
        try scene.commit("ours.txt", "ours", message: "Ours")
        try scene.commitToOrigin("dropped.txt", "dropped")
        let marker = "\(scene.origin.path)/rewound"
        try writeFile(
            "\(scene.origin.path)/hooks/update",
            """
            #!/bin/sh
            [ -e '\(marker)' ] && exit 0
            : >'\(marker)'
            unset GIT_QUARANTINE_PATH
            git update-ref refs/heads/main \(kept)

            """, mode: 0o755)
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rewritten", "\(answer.errors)")
        #expect(answer.isPushed)
        #expect(try scene.subjects(in: scene.origin.path).first == "Ours")
        #expect(!(try scene.subjects(in: scene.origin.path).contains("Write dropped.txt")))
    }

    @Test("does not get back what it dropped after a reconcile was killed while it pushed")
    func killedWhilePushing() throws {
        let scene = try Scene.inSync()
        let kept = try #require(try scene.origin.tip())
        try scene.commit("ours.txt", "ours", message: "Ours")
        let dropped = try scene.commitToOrigin("dropped.txt", "dropped")
        let hook = "\(scene.origin.path)/hooks/pre-receive"
        let marker = "\(scene.origin.path)/reached"
        try writeFile(
            hook,
            "#!/bin/sh\n: >'\(marker)'\n"
                + "while [ -e '\(marker)' ]; do sleep 0.1; done\nexit 1\n", mode: 0o755)
        let running = try RunningCommand(
            [
                Products.path("git-pod"), "reconcile", "--repo", scene.gitdir, "--origin",
                scene.origin.path,
            ], environment: scene.home.environment())
        #expect(eventually { exists(marker) })
        running.child.signal(9)
        try run(["rm", hook, marker]).check()
        #expect(try scene.home.git("merge-base", "main", dropped, at: scene.gitdir) == dropped)
        try scene.rewindOrigin(to: kept)
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rewritten", "\(answer.errors)")
        #expect(!(try scene.subjects(in: scene.origin.path).contains("Write dropped.txt")))
        #expect(try scene.subjects(in: scene.origin.path).first == "Ours")
    }

    @Test(
        "gets back nothing that it dropped after the application had joined it",
        arguments: ["push", "stop", "replay"], [false, true])
    func joined(verb: String, goesOn: Bool) throws {
        // Also where nothing was ever acted on.
        let scene = try goesOn ? Scene.inSync() : Scene()
        try scene.commit("ours.txt", "ours", message: "Ours")
        let before = try #require(try scene.origin.tip())
        let dropped = try scene.commitToOrigin("password", "secret")
        #expect(try scene.reconcile("--on-divergence", "stop").outcome == "stopped")
        // As the text advises.
        let tip = try #require(try scene.tip())
        let joined = try scene.home.git(
            "commit-tree", "-p", tip, "-p", dropped, "-m", "Join", "\(dropped)^{tree}",
            at: scene.gitdir)
        try scene.home.git("update-ref", "refs/heads/main", joined, at: scene.gitdir)
        try scene.rewindOrigin(to: before)
        if goesOn { try scene.commitToOrigin("theirs.txt", "theirs") }
        // What one run has been told of the drop, the next one must not forget.
        for isFirst in [true, false] {
            let outcome = isFirst || verb == "stop" ? "rewritten" : "in-sync"
            if verb == "push" {
                #expect(try scene.push().code == .failed)
            } else {
                #expect(try scene.reconcile("--on-rewrite", verb).outcome == outcome)
            }
        }
        let subjects = try scene.subjects(in: scene.origin.path)
        #expect(!subjects.contains("Write password"), "\(subjects)")
        #expect(subjects.contains("Ours") == (verb == "replay"))
    }
}

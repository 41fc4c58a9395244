// `git pod flush` where no engine runs: it ends with 0 only when origin has the commit, or the one that
// took its place.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A flush without an engine")
struct LoneFlushTests {
    private func flush(_ scene: Scene, _ flags: String...) throws -> Answer {
        try scene.verb("flush", flags)
    }

    /// A flush that runs beside the test.
    private func begin(_ scene: Scene, _ flags: String...) throws -> RunningCommand {
        try RunningCommand(
            [
                Products.path("git-pod"), "flush", "--repo", scene.gitdir, "--json", "--origin",
                scene.origin.url,
            ] + scene.accessWithoutOrigin + flags, environment: scene.home.environment())
    }

    private func json(_ ended: Finished) -> JSON { JSON(parsing: ended.bytes) ?? .null }

    @Test("sends the branch, and says so again", arguments: TestOrigin.Kind.allCases)
    func sends(kind: TestOrigin.Kind) throws {
        let scene = try Scene(kind)
        for _ in 0..<2 {
            let answer = try flush(scene)
            #expect(answer.code == .done, "\(answer.errors)")
            #expect(answer.json["durable"]?.bool == true)
            #expect(try answer.json["durableCommit"]?.string == scene.origin.tip())
        }
        #expect(try scene.origin.tip() == scene.tip())
    }

    @Test("tries again until origin is there")
    func triesAgain() throws {
        let scene = try Scene.inSync()
        let tip = try scene.commit("a", "1")
        try scene.origin.vanish()
        try run(["rm", "-f", "\(scene.gitdir)/git-pod.lock"]).check()
        let waiting = try begin(scene, "--timeout", "100s")
        // Its lock shows that it has begun.
        #expect(eventually { exists("\(scene.gitdir)/git-pod.lock") })
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        let ended = try waiting.finish()
        #expect(ended.succeeded, "\(ended.errors)")
        #expect(json(ended)["durableCommit"]?.string == tip)
        #expect(try scene.origin.tip() == tip)
    }

    @Test("ends with 4 when its time is over, also while another git-pod works there")
    func late() throws {
        let scene = try Scene.inSync()
        try scene.commit("a", "1")
        try scene.origin.vanish()
        let late = try flush(scene, "--timeout", "50ms")
        #expect(late.code == .unreachable)
        #expect(late.error.contains("in time"), "\(late.errors)")
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        let held = try TestSupport.run(
            [
                Products.path("git-pod"), "lock", "--repo", scene.gitdir, "--",
                Products.path("git-pod"), "flush", "--repo", scene.gitdir, "--timeout", "50ms",
                "--origin", scene.origin.url,
            ], environment: scene.home.environment())
        #expect(held.status == .exited(4), "\(held.errors)")
        #expect(held.errors.contains("is locked by another git-pod"), "\(held.errors)")
    }

    @Test("ends at once where only a reconcile helps, and says which")
    func parted() throws {
        let scene = try Scene.inSync()
        try scene.commitToOrigin("theirs", "1")
        let ours = try scene.commit("ours", "1")
        let answer = try flush(scene, "--timeout", "1h")
        #expect(answer.code == .failed, "\(answer.errors)")
        #expect(answer.error.contains("git pod reconcile"), "\(answer.errors)")
        #expect(answer.json["durable"]?.bool == false)
        #expect(answer.json["commit"]?.string == ours)
    }

    /// Has somebody reconcile while a flush cannot reach origin, and then lets it.
    private func reconciled(_ scene: Scene, _ outcome: String) throws -> Finished {
        let link = scene.origin.pod.folder.file("link.git")
        let lock = "\(scene.gitdir)/git-pod.lock"
        try run(["rm", "-f", lock]).check()
        let waiting = try begin(scene, "--timeout", "100s", "--origin", link)
        // It has taken its commit by then.
        try #require(eventually { exists(lock) })
        #expect(try scene.reconcile("--lock-timeout", "60s").outcome == outcome)
        try run(["ln", "-s", scene.origin.path, link]).check()
        return try waiting.finish()
    }

    @Test("follows its commit through a rebase, and gives the id that it has then")
    func rebased() throws {
        let scene = try Scene.inSync()
        try scene.commitToOrigin("theirs", "1")
        let ours = try scene.commit("ours", "1")
        let ended = try reconciled(scene, "rebased")
        #expect(ended.succeeded, "\(ended.errors)")
        let json = json(ended)
        #expect(json["commit"]?.string == ours)
        #expect(try json["durableCommit"]?.string == scene.origin.tip())
        #expect(json["durableCommit"]?.string != ours)
    }

    @Test("follows its commit to a conflict branch, and ends with 3")
    func escaped() throws {
        let scene = try Scene.inSync()
        try scene.commitToOrigin("same", "theirs\n")
        let ours = try scene.commit("same", "ours\n")
        let ended = try reconciled(scene, "conflict-escaped")
        #expect(ended.status == .exited(3), "\(ended.errors)")
        let name = try #require(json(ended)["conflictBranch"]?.string)
        #expect(json(ended)["durable"]?.bool == false)
        #expect(try scene.origin.tip("refs/heads/\(name)") == ours)
    }

    @Test("calls nothing durable that the application has taken back")
    func takenBack() throws {
        let scene = try Scene.inSync()
        let before = try scene.tip() ?? ""
        try scene.commit("ours", "1")
        let link = scene.origin.pod.folder.file("link.git")
        let lock = "\(scene.gitdir)/git-pod.lock"
        try run(["rm", "-f", lock]).check()
        let waiting = try begin(scene, "--timeout", "100s", "--origin", link)
        try #require(eventually { exists(lock) })
        try scene.update(to: before)
        // Once the lock is free, a push of the commit has failed, or will not come any more.
        try run([Products.path("git-pod"), "lock", "--repo", scene.gitdir, "--", "true"]).check()
        try run(["ln", "-s", scene.origin.path, link]).check()
        let ended = try waiting.finish()
        #expect(ended.status == .exited(1), "\(ended.errors)")
        #expect(ended.errors.contains("nothing took its place"), "\(ended.errors)")
    }

    @Test("ends with 3 for a commit that an engine has saved, and not once origin has let go of it")
    func saved() throws {
        let scene = try Scene.inSync()
        var name = ""
        do {
            let engine = try Serving(scene)
            try engine.begin()
            try scene.commitToOrigin("theirs", "1")
            try scene.commit("ours", "1")
            let answer = try engine.flush()
            #expect(answer.code == .escaped, "\(answer)")
            name = try #require(answer.conflictBranch)
            #expect(engine.stop() == .exited(0), "\(engine.words)")
        }
        let answer = try flush(scene)
        #expect(answer.code == .escaped, "\(answer)")
        #expect(answer.conflictBranch == name)
        #expect(answer.json["durable"]?.bool == false)
        try scene.home.git("update-ref", "-d", "refs/heads/\(name)", at: scene.origin.path)
        let gone = try flush(scene)
        #expect(gone.code == .failed, "\(gone)")
        #expect(gone.error.contains("git pod reconcile"), "\(gone.error)")
    }
}

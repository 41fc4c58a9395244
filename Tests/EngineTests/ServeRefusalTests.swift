// What origin refuses to a serving engine for one branch: hooks, locks, limits of retries. It is said
// loud once, saved elsewhere if there is an elsewhere, and over when the cause is.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine that is refused")
struct ServeRefusalTests {
    @Test(
        "names a hook of origin's that refuses, is loud once, and saves what it refuses nowhere else"
    )
    func hook() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        let hook = "\(stage.scene.origin.path)/hooks/update"
        try writeFile(
            hook,
            """
            #!/bin/sh
            [ "$1" = refs/heads/main ] || exit 0
            echo 'no commits on Fridays' >&2; exit 1

            """, mode: 0o755)
        let tip = try stage.scene.commit("a", "1")
        #expect(engine.says("saved"), "\(engine.words)")
        #expect(try engine.flush().code == .escaped)
        let saved = try engine.mark()["saved"]
        #expect(saved?["commit"]?.string == tip)
        let conflict = try #require(saved?["conflictBranch"]?.string)
        #expect(try stage.scene.origin.tip("refs/heads/\(conflict)") == tip)
        let next = try stage.scene.commit("a", "2")
        #expect(
            try eventually { try stage.scene.origin.tip("refs/heads/\(conflict)") == next },
            "\(engine.words)")
        #expect(eventually { engine.said("retry", reason: "rejected").count >= 3 })
        #expect(engine.said("error").count == 1, "\(engine.words)")
        #expect(engine.said("error")[0]["message"]?.string?.contains("hook") == true)
        try run(["rm", hook]).check()
        #expect(try engine.isDurable(next), "\(engine.words)")
        #expect(try engine.flush().code == .done)
        #expect(
            try stage.scene.refs("refs/heads/conflicts/", in: stage.scene.origin.path).count == 1)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("names a hook of origin's that refuses everything, conflict branches too")
    func everything() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        let scene = stage.scene
        try scene.origin.refuse("closed for the holidays")
        let tip = try scene.commit("a", "1")
        // One for the branch, and one for what it should be saved on.
        #expect(eventually { engine.said("error").count == 2 }, "\(engine.words)")
        #expect(eventually { engine.said("retry", reason: "rejected").count >= 4 })
        #expect(engine.said("error", reason: "rejected").count == 2, "\(engine.words)")
        #expect(engine.said("error").count == 2)
        let mark = try engine.mark()
        #expect(mark["state"]?.string == "stuck" && mark["saved"] == .null, "\(mark.text)")
        let text = mark["lastFailure"]?["text"]?.string ?? ""
        #expect(text.contains("closed for the holidays"), "\(text)")
        #expect(try engine.flush(timeout: "300ms").code == .unreachable)
        try run(["rm", "\(scene.origin.path)/hooks/pre-receive"]).check()
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(try engine.flush().code == .done)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("calls nothing saved that somebody has taken away on origin", arguments: [true, false])
    func savedNoMore(isDeleted: Bool) throws {
        let scene = try Scene.inSync()
        let before = try scene.tip() ?? ""
        try writeFile(
            "\(scene.origin.path)/hooks/update",
            "#!/bin/sh\ncase $1 in refs/heads/main) exit 1 ;; esac\n", mode: 0o755)
        let engine = try Serving(scene, "--origin-check", "100ms")
        try engine.begin()
        try scene.commit("ours", "1")
        #expect(engine.says("saved"), "\(engine.words)")
        let name = try #require(try engine.mark()["saved"]?["conflictBranch"]?.string)
        #expect(try engine.flush().code == .escaped)
        let change = isDeleted ? ["-d", "refs/heads/\(name)"] : ["refs/heads/\(name)", before]
        try scene.home.attempt(["update-ref"] + change, at: scene.origin.path).check()
        #expect(try eventually { try engine.mark()["saved"] == .null })
        #expect(try engine.flush(timeout: "1s").code == .unreachable)
        #expect(engine.stop() == .exited(1), "\(engine.words)")
    }

    @Test("waits for a lock on origin's branch, and saves elsewhere when it stays there")
    func locked() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve("--stuck-after", "1s")
        let scene = stage.scene
        try scene.origin.lock()
        let tip = try scene.commit("a", "1")
        #expect(engine.says("retry", reason: "unknown"), "\(engine.words)")
        #expect(engine.says("saved"), "\(engine.words)")
        #expect(engine.said("error").count == 1, "\(engine.words)")
        #expect(engine.said("error", reason: "rejected").count == 1, "\(engine.words)")
        #expect(engine.said("error")[0]["message"]?.string?.contains("lock") == true)
        let mark = try engine.mark()
        #expect(mark["state"]?.string == "stuck", "\(mark.text)")
        let conflict = try #require(mark["saved"]?["conflictBranch"]?.string)
        #expect(try scene.origin.tip("refs/heads/\(conflict)") == tip)
        #expect(try engine.flush().code == .escaped)
        let next = try scene.commit("a", "2")
        #expect(try engine.isDurable(next, conflict), "\(engine.words)")
        try scene.origin.unlock()
        #expect(try engine.isDurable(next), "\(engine.words)")
        #expect(try engine.flush().code == .done)
        #expect(try scene.refs("refs/heads/conflicts/", in: scene.origin.path).count == 1)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("takes a lock that goes soon for what it is: nothing is loud, nothing is saved elsewhere")
    func lockedForAWhile() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        try stage.scene.origin.lock()
        try stage.endures(engine, "unknown", "lock", loud: 0) { try stage.scene.origin.unlock() }
        let scene = stage.scene
        #expect(try scene.refs("refs/heads/conflicts/", in: scene.origin.path).isEmpty)
    }

    @Test("saves what is locked over there also when it has to end")
    func lockedAtTheEnd() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        let scene = stage.scene
        try scene.origin.lock()
        let tip = try scene.commit("a", "1")
        #expect(engine.says("retry", reason: "unknown"), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        #expect(
            try Array(scene.refs("refs/heads/conflicts/", in: scene.origin.path).values) == [tip])
    }

    @Test("tries so often as it may, then says so and waits to be asked")
    func maximumRetries() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve("--max-retries", "3", "--origin-check", "1h")
        let scene = stage.scene
        try stage.use(nil)
        try scene.commit("a", "1")
        #expect(engine.says("stopped"), "\(engine.words)")
        let attempts = engine.said("retry").map { $0["attempt"]?.text }
        #expect(attempts == ["1", "2", "3"], "\(engine.words)")
        try stage.cut()
        let tip = try scene.commit("a", "2")
        #expect(try eventually { try engine.mark()["local"]?.string == tip })
        #expect(try scene.status().json["engine"]?["stopped"]?.bool == true)
        #expect(try engine.mark()["nextAttemptInSeconds"] == .null)
        #expect(stage.proxy?.traffic.connections == 0, "\(engine.words)")
        #expect(try engine.flush().code == .done, "\(engine.words)")
        #expect(try scene.origin.tip() == tip)
        #expect(try scene.status().json["engine"]?["stopped"]?.bool == false)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }
}

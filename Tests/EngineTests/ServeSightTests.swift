// What a serving engine says of commits that it cannot see, or that origin has no longer: never that they
// are durable.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine that has lost sight of a branch")
struct ServeSightTests {
    private func serving(_ flags: String...) throws -> Serving {
        let engine = try Serving(Scene(), flags: ["--recheck", "100ms"] + flags)
        try engine.begin()
        guard try engine.isDurable(engine.scene.tip()) else {
            throw Failure(.failed, "no push: \(engine.words)")
        }
        return engine
    }

    /// Leaves the branch as a crash of the machine can: with a file that says nothing.
    private func spoil(_ scene: Scene) throws {
        try run(["truncate", "-s", "0", "\(scene.gitdir)/refs/heads/main"]).check()
    }

    @Test("does not take one for gone that cannot be read", arguments: ["main", "m*"])
    func broken(pattern: String) throws {
        let engine = try serving("--branch", pattern, "--drain-timeout", "300ms")
        let tip = try engine.loseOrigin()
        try spoil(engine.scene)
        #expect(engine.says("watch"), "\(engine.words)")
        #expect(engine.stop() == .exited(1), "\(engine.words)")
        #expect(engine.words.split(separator: "\n").last?.contains(tip) == true)
    }

    @Test("still sends the last tip of one that cannot be read, and says that there may be more")
    func sent() throws {
        let engine = try serving("--branch", "main")
        let tip = try engine.loseOrigin()
        try spoil(engine.scene)
        #expect(engine.says("watch"), "\(engine.words)")
        try rename("\(engine.scene.origin.path).gone", to: engine.scene.origin.path)
        #expect(try engine.isDurable(tip))
        #expect(engine.stop() == .exited(1), "\(engine.words)")
        #expect(engine.words.split(separator: "\n").last?.contains("refs/heads/main") == true)
    }

    @Test("fails when its gitdir is taken away, though its branches are given by name")
    func taken() throws {
        let engine = try serving("--branch", "main", "--drain-timeout", "300ms")
        _ = try engine.loseOrigin()
        try rename(engine.scene.gitdir, to: engine.scene.gitdir + ".away")
        engine.signal(Signals.terminate)
        #expect(engine.end() == .exited(1), "\(engine.words)")
        try rename(engine.scene.gitdir + ".away", to: engine.scene.gitdir)
    }

    @Test("says once that a name which is no UTF-8 is not sent, and does not end well")
    func nameless() throws {
        let engine = try serving("--branch", "*")
        let scene = engine.scene
        try scene.home.attempt(
            ["update-ref", "--stdin"], at: scene.gitdir,
            input: Array("create refs/heads/b".utf8) + [0xff]
                + Array(" \(scene.tip() ?? "")\n".utf8)
        ).check()
        #expect(engine.says("watch"), "\(engine.words)")
        try scene.commit("more", "1")
        #expect(try engine.flush("--branch", "main").code == .done)
        #expect(engine.stop() == .exited(1), "\(engine.words)")
        #expect(engine.said("watch").count == 1, "\(engine.words)")
    }

    @Test("ends well when the application has moved a branch back to what origin has")
    func movedBack() throws {
        let engine = try serving()
        let before = try engine.scene.tip() ?? ""
        try engine.scene.commit("a", "1")
        #expect(try engine.flush().code == .done)
        try engine.scene.update(to: before)
        #expect(engine.says("error", reason: "non-fast-forward"), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("calls nothing durable that origin is known to have dropped")
    func dropped() throws {
        let engine = try serving("--origin-check", "100ms")
        let scene = engine.scene
        let before = try scene.tip() ?? ""
        try scene.commit("a", "1")
        #expect(try engine.flush().code == .done)
        try scene.rewindOrigin(to: before)
        #expect(try eventually { try engine.mark()["origin"]?.string == before })
        let answer = try engine.flush(timeout: "100ms")
        #expect(answer.code == .unreachable, "\(answer)")
        #expect(answer.error.contains("was moved off it there"), "\(answer.error)")
        #expect(try scene.reconcile().outcome == "rewritten")
        #expect(try engine.flush().code == .done)
    }

    @Test(
        "finds out whether origin still has it where origin has gone on to what is not here",
        arguments: [true, false])
    func unknown(isKept: Bool) throws {
        let engine = try serving("--origin-check", "1h")
        let scene = engine.scene
        let before = try scene.tip() ?? ""
        let ours = try scene.commit("a", "1")
        #expect(try engine.flush().code == .done)
        if !isKept { try scene.rewindOrigin(to: before) }
        let theirs = try scene.commitToOrigin("theirs", "1")
        // Its last word is still young for a while.
        var answer = try engine.flush()
        #expect(
            try eventually {
                answer = try engine.flush(timeout: "20s")
                return try engine.mark()["origin"]?.string == theirs
            })
        answer = try engine.flush(timeout: "20s")
        #expect(answer.code == (isKept ? .done : .unreachable), "\(answer)")
        if !isKept { #expect(answer.error.contains("was moved off it there"), "\(answer.error)") }
        #expect(try scene.tip() == ours)
        #expect(try engine.mark()["durable"]?.string == (isKept ? ours : nil))
        #expect(engine.stop() == .exited(isKept ? 0 : 1), "\(engine.words)")
    }

    @Test("says at its end that origin lacks a branch that was deleted there")
    func deleted() throws {
        let engine = try serving("--origin-check", "100ms")
        let scene = engine.scene
        try scene.commit("a", "1")
        #expect(try engine.flush().code == .done)
        try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.origin.path)
        #expect(try eventually { try engine.mark()["durable"] == .null })
        #expect(try engine.mark()["pendingCommits"] != .integer(0))
        #expect(engine.stop() == .exited(1), "\(engine.words)")
        #expect(engine.words.contains("refs/heads/main is at "), "\(engine.words)")
        #expect(try scene.origin.tip() == nil)
    }

    @Test("asks origin once more before it calls durable what origin said a while ago")
    func oldWord() throws {
        let engine = try serving("--origin-check", "1h")
        let scene = engine.scene
        let before = try scene.tip() ?? ""
        try scene.commit("a", "1")
        #expect(try engine.flush().code == .done)
        try scene.rewindOrigin(to: before)
        var answer = try engine.flush()
        #expect(
            try eventually {
                answer = try engine.flush(timeout: "5s")
                return answer.code != .done
            })
        #expect(answer.code == .unreachable, "\(answer)")
        #expect(answer.error.contains("was moved off it there"), "\(answer.error)")
    }

    @Test("does not call durable what it cannot ask for once more, and does when it can")
    func goneOrigin() throws {
        let engine = try serving("--origin-check", "1h")
        let scene = engine.scene
        #expect(try engine.flush().code == .done)
        try scene.origin.vanish()
        var answer = try engine.flush()
        #expect(
            try eventually {
                answer = try engine.flush(timeout: "2s")
                return answer.code != .done
            })
        #expect(answer.code == .unreachable, "\(answer)")
        #expect(answer.error.contains("has not said again"), "\(answer.error)")
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        #expect(try engine.flush().code == .done, "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test(
        "looks after the branch that a symbolic one stands for, and says so once",
        arguments: [[], ["--branch", "a*", "--branch", "m*"], ["--branch", "alias"]])
    func alias(flags: [String]) throws {
        let scene = try Scene()
        try scene.home.git("symbolic-ref", "refs/heads/alias", "refs/heads/main", at: scene.gitdir)
        try scene.home.git("symbolic-ref", "HEAD", "refs/heads/alias", at: scene.gitdir)
        let engine = try Serving(scene, flags: flags)
        try engine.begin()
        for number in 1...3 {
            let tip = try scene.commit("a", "\(number)")
            #expect(try engine.isDurable(tip), "\(engine.words)")
        }
        #expect(try engine.flush().code == .done)
        #expect(try engine.flush("--branch", "alias").code == .done)
        #expect(engine.said("watch").count == 1, "\(engine.words)")
        #expect(engine.words.contains("refs/heads/alias stands for refs/heads/main"))
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        #expect(try scene.origin.tip("refs/heads/alias") == nil)
    }

    @Test("writes down what origin has of the others when it cannot of one")
    func settled() throws {
        let engine = try serving("--branch", "*", "--drain-timeout", "300ms")
        let scene = engine.scene
        // A name that is another's: nothing is written down under it.
        try scene.home.git(
            "symbolic-ref", "refs/pod/seen/a", "refs/heads/none", at: scene.gitdir)
        try scene.update("a", to: scene.tip() ?? "")
        #expect(try engine.isDurable(scene.tip(), "a"))
        #expect(engine.says("settle"), "\(engine.words)")
        for number in 1...3 {
            let tip = try scene.commit("more", "\(number)")
            #expect(
                try eventually { try scene.tip("refs/pod/seen/main") == tip }, "\(engine.words)")
        }
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        #expect(engine.said("settle").count == 1, "\(engine.words)")
    }
}

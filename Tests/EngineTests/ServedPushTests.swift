// `git pod push` where an engine runs: that one does it, at once, and what comes of it is told as a push
// without an engine tells it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A push that a serving engine does")
struct ServedPushTests {
    private func serving(_ flags: String...) throws -> Serving {
        let engine = try Serving(Scene.inSync(), flags: flags)
        try engine.begin()
        return engine
    }

    private func names(_ json: JSON?) -> [String] {
        guard case .object(let members) = json else { return [] }
        return members.map(\.name)
    }

    private func push(_ scene: Scene, _ flags: String...) throws -> Answer {
        try scene.answer(["push", "--repo", scene.gitdir, "--json"] + flags)
    }

    @Test("is tried at once, though the engine would wait for an hour")
    func atOnce() throws {
        let engine = try serving("--retry-first", "1h", "--retry-cap", "1h")
        let scene = engine.scene
        let tip = try engine.loseOrigin()
        let failed = try push(scene)
        #expect(failed.code == .unreachable, "\(failed.errors)")
        #expect(failed.json["reason"]?.string == "unreachable")
        #expect(failed.json["newCommit"]?.string == tip)
        #expect(failed.json["durable"]?.bool == false)
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        let before = try scene.origin.tip()
        let done = try push(scene)
        #expect(done.code == .done, "\(done.errors) \(engine.words)")
        #expect(done.json["durable"]?.bool == true && done.isPushed, "\(done.json.text)")
        #expect(done.json["oldCommit"]?.string == before)
        #expect(try scene.origin.tip() == tip)
        #expect(engine.said("push").last?["newCommit"]?.string == tip)
        let again = try push(scene)
        #expect(again.code == .done && !again.isPushed, "\(again.json.text)")
        #expect(again.json["durable"]?.bool == true)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        let alone = try scene.push()
        #expect(names(alone.json) == names(again.json))
    }

    @Test("ends with the reason why the branch cannot go there, and does not wait for a mending")
    func parted() throws {
        let engine = try serving()
        let scene = engine.scene
        let theirs = try scene.commitToOrigin("theirs", "1")
        let tip = try scene.commit("ours", "1")
        for _ in 0..<2 {
            let answer = try push(scene)
            #expect(answer.code == .failed, "\(answer.errors)")
            #expect(answer.json["reason"]?.string == "non-fast-forward", "\(answer.json.text)")
            #expect(answer.json["oldCommit"]?.string == theirs)
            #expect(answer.json["newCommit"]?.string == tip)
            #expect(answer.error.contains("run git pod reconcile"))
            #expect(answer.errors.split(separator: "\n").count == 1, "\(answer.errors)")
        }
        #expect(try scene.origin.tip() == theirs)
        try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.origin.path)
        let deleted = try push(scene)
        #expect(deleted.error.contains("was deleted on origin"), "\(deleted.json.text)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("does not call durable what origin has dropped since")
    func dropped() throws {
        let engine = try serving("--origin-check", "1h")
        let scene = engine.scene
        let tip = try scene.commit("a", "1")
        #expect(try engine.isDurable(tip))
        try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.origin.path)
        let answer = try push(scene)
        #expect(answer.json["durable"]?.bool == false, "\(answer.json.text)")
        #expect(answer.code == .failed)
    }

    @Test("is tried anew where a rule of origin's refused the last one")
    func rejected() throws {
        let engine = try serving("--retry-cap", "1h", "--save-stuck", "false")
        let scene = engine.scene
        try scene.origin.refuse()
        let tip = try scene.commit("a", "1")
        #expect(engine.says("error", reason: "rejected"), "\(engine.words)")
        for _ in 0..<2 {
            let answer = try push(scene)
            #expect(answer.code == .refused, "\(answer.errors)")
            #expect(answer.json["reason"]?.string == "rejected", "\(answer.json.text)")
        }
        try run(["rm", "-f", "\(scene.origin.path)/hooks/pre-receive"]).check()
        #expect(try push(scene).code == .done)
        #expect(try scene.origin.tip() == tip)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("is waited for by a flush before that calls a refused commit saved and no more")
    func flushTries() throws {
        let engine = try serving("--retry-cap", "1h")
        let scene = engine.scene
        let hook = "\(scene.origin.path)/hooks/update"
        try writeFile(
            hook, "#!/bin/sh\n[ \"$1\" != refs/heads/main ] || exit 1\n", mode: 0o755)
        let tip = try scene.commit("a", "1")
        #expect(engine.says("saved"), "\(engine.words)")
        #expect(try engine.flush().code == .escaped)
        try run(["rm", hook]).check()
        #expect(try engine.flush().code == .done, "\(engine.words)")
        #expect(try scene.origin.tip() == tip)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("takes the branch that is meant, of several")
    func several() throws {
        let scene = try Scene()
        let engine = try Serving(scene, "--branch", "main", "--branch", "data/*")
        try engine.begin()
        let tip = try scene.loose("new", onto: scene.tip())
        try scene.update("data/a", to: tip)
        let isThere = try eventually {
            try push(scene, "--branch", "data/a").code == .done
        }
        #expect(isThere)
        #expect(try scene.origin.tip("refs/heads/data/a") == tip)
        #expect(try push(scene, "--branch", "none").error.contains("looks after no branch none"))
    }

    @Test("tells the hook pod-pushed what a push without an engine tells it")
    func hook() throws {
        let scene = try Scene()
        let out = scene.origin.pod.folder.file("out")
        try writeFile(
            "\(scene.gitdir)/hooks/pod-pushed", "#!/bin/sh\ncat >>\(out)\n", mode: 0o755)
        #expect(try scene.push().isPushed)
        do {
            let engine = try Serving(scene)
            try engine.begin()
            let tip = try scene.commit("a", "1")
            #expect(try engine.isDurable(tip))
            #expect(engine.stop() == .exited(0))
        }
        let told = contents(out).split(separator: "\n").compactMap { JSON(parsing: Array($0.utf8)) }
        #expect(told.count == 2, "\(contents(out))")
        #expect(names(told.first) == names(told.last))
        for one in told {
            #expect(one["branch"]?.string == "main")
            #expect(one["pushed"]?.bool == true && one["durable"]?.bool == true)
        }
        #expect(try told.last?["newCommit"]?.string == scene.tip())
        #expect(told.last?["oldCommit"] == told.first?["newCommit"])
    }
}

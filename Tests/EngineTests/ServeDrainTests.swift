// What an ending engine is still asked: it begins nothing more, and says so; what is committed goes to
// origin, and whoever waits for that is answered.

import ControlAPI
import Model
import POSIX
import TestSupport
import Testing

@Suite("An engine that is ending")
struct ServeDrainTests {
    /// An engine that has begun to end, and does not before it is told again.
    private func draining() throws -> Serving {
        let scene = try Scene()
        let engine = try Serving(scene, "--drain-quiet", "1h", "--drain-timeout", "1h")
        try engine.begin()
        engine.signal(Signals.terminate)
        #expect(engine.says("drain"))
        return engine
    }

    @Test("refuses new work with 503 and a sentence", arguments: ["reconcile", "push"])
    func refuses(verb: String) throws {
        let engine = try draining()
        let scene = engine.scene
        let answer = try scene.answer([verb, "--repo", scene.gitdir, "--json"])
        #expect(answer.code == .failed)
        #expect(answer.errors.contains("the engine is ending"), "\(answer.errors)")
        #expect(answer.error.contains("begins no other work"), "\(answer.json.text)")
        let response = try ControlClient(gitdir: scene.gitdir)
            .send(ControlRequest(.post, "/v1/\(verb)"), until: .longEnough)
        #expect(response?.status == 503)
        #expect(engine.isRunning)
    }

    @Test("says that it is ending, pushes what comes, and lets others wait for that")
    func goesOn() throws {
        let engine = try draining()
        #expect(try engine.scene.status().json["engine"]?["phase"]?.string == "draining")
        let tip = try engine.scene.commit("late", "1")
        let answer = try engine.flush()
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(try engine.scene.origin.tip() == tip)
        engine.signal(Signals.terminate)
        #expect(engine.end() == .exited(0), "\(engine.words)")
    }

    @Test("ends when origin has everything, though a lock keeps it from remembering that")
    func lockedMemory() throws {
        let scene = try Scene()
        let engine = try Serving(scene, "--drain-timeout", "1h")
        try engine.begin()
        #expect(try engine.isDurable(scene.tip()))
        let first = try scene.tip()
        #expect(try eventually { try scene.tip("refs/pod/seen/main") == first })
        let lock = "\(scene.gitdir)/refs/pod/seen/main.lock"
        try writeFile(lock, "")
        let tip = try scene.commit("a", "1")
        #expect(try engine.isDurable(tip), "\(engine.words)")
        let blocked = try engine.mark()["blockedByLock"]
        #expect(blocked?["path"]?.string == lock, "\(engine.words)")
        #expect(blocked?["ageSeconds"] != .null)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        #expect(try scene.tip("refs/pod/seen/main") == first)
        try removeFile(lock)
        let next = try Serving(scene)
        #expect(try eventually { try scene.tip("refs/pod/seen/main") == tip }, "\(next.words)")
        #expect(next.stop() == .exited(0), "\(next.words)")
    }
}

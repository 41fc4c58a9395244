// What goes wrong between a serving engine and an origin reached by SSH, each made for real: it is named,
// tried again, and over when it is mended, without anybody's telling the engine.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine in trouble")
struct ServeTroubleTests {
    @Test("names a key that is not let in, until the key's file is another one")
    func wrongKey() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        let wrong = try SSHKey(.ed25519, at: stage.scene.origin.pod.folder.file("wrong"))
        try stage.use(key: wrong.path)
        try stage.cut()
        try stage.endures(engine, "authentication", "with none of our keys", loud: 1) {
            try stage.useRightKey()
        }
    }

    @Test("names a key that may only read, until the key's file is another one")
    func readOnlyKey() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        try stage.use(key: stage.scene.origin.readOnlyKey)
        try stage.cut()
        try stage.endures(engine, "read-only-key", "marked as read only", loud: 1) {
            try stage.useRightKey()
        }
    }

    @Test("names a host key that is unknown, or another than it was", arguments: [true, false])
    func hostKey(isKnown: Bool) throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        let other = try SSHKey(.ed25519, at: stage.scene.origin.pod.folder.file("other"))
        try stage.use(
            hosts: isKnown ? "[127.0.0.1]:\(stage.port) \(other.publicLine)\n" : "")
        try stage.cut()
        let words = isKnown ? "is not the one in" : "is not in"
        try stage.endures(engine, "host-key", words, loud: 1) { try stage.useRightHosts() }
    }

    @Test("names a connection that is refused")
    func refusedConnection() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        try stage.use(nil)
        try stage.endures(engine, "unreachable", "refused", loud: 0) { try stage.cut() }
    }

    @Test("names a host that has no address, until it is told of another")
    func noAddress() throws {
        let stage = try TroubleStage()
        let url = stage.scene.origin.url(port: stage.port)
        let nowhere = url.replacing("127.0.0.1", with: "no-such-host.invalid")
        try stage.scene.home.git("config", "remote.origin.url", nowhere, at: stage.scene.gitdir)
        let engine = try Serving(
            stage.scene, access: ["--deploy-key", stage.key, "--known-hosts", stage.hosts])
        #expect(engine.says("retry", reason: "unreachable"), "\(engine.words)")
        #expect(engine.words.contains("no-such-host.invalid"))
        #expect(engine.said("error").isEmpty, "\(engine.words)")
        let tip = try stage.scene.commit("a", "1")
        try stage.scene.home.git("config", "remote.origin.url", url, at: stage.scene.gitdir)
        engine.signal(Signals.hangUp)
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("knocks no oftener at an origin that is down than its retries say")
    func knocks() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve("--retry-first", "20ms", "--retry-cap", "100ms")
        try stage.use(LagProxy.Faults(cutDown: 10))
        let tip = try stage.scene.commit("a", "1")
        #expect(eventually { engine.said("retry", reason: "unreachable").count >= 10 })
        let attempts = engine.said("retry").count
        // One that is under way, and one that was warm when it was cut.
        #expect((stage.proxy?.traffic.connections ?? 0) <= attempts + 3, "\(engine.words)")
        try stage.cut()
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(engine.stop() == .exited(0))
    }
}

// A serving engine whose origin fails in the middle of a push, at this end, on the way, or over there:
// the push is made again, whole, and what was half there hurts nothing.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine whose pushes break off")
struct ServePackTroubleTests {
    @Test("names a connection that is cut in the middle of a pack")
    func cutInPack() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        try stage.use(LagProxy.Faults(cutUp: 300_000))
        let tip = try stage.commitLarge()
        #expect(engine.says("retry", reason: "unreachable"), "\(engine.words)")
        #expect(try stage.scene.origin.tip() != tip)
        try stage.cut()
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        try stage.scene.home.git("fsck", "--full", at: stage.scene.origin.path)
    }

    @Test("names a network that falls silent in the middle of a pack")
    func silentInPack() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        try stage.use(LagProxy.Faults(freezeUp: 300_000))
        let tip = try stage.commitLarge()
        #expect(engine.says("retry", reason: "timeout"), "\(engine.words)")
        try stage.cut()
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("names an origin that stands still, until it goes on")
    func frozen() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        try stage.send("STOP")
        let tip = try stage.scene.commit("a", "1")
        #expect(engine.says("retry", reason: "timeout"), "\(engine.words)")
        #expect(try engine.mark()["lastFailure"]?["reason"]?.string == "timeout")
        try stage.send("CONT")
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(try engine.flush().code == .done)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("names an origin that stands still in the middle of a pack, until it goes on")
    func frozenInPack() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        var tip = ""
        // It may have received everything before it stands still.
        let isCaught = try (1...5).contains { _ in
            tip = try stage.commitLarge()
            let isReceiving = try stage.isReceiving(tip)
            try stage.send("STOP")
            if try isReceiving && stage.scene.origin.tip() != tip { return true }
            try stage.send("CONT")
            #expect(try engine.isDurable(tip))
            return false
        }
        #expect(isCaught)
        #expect(engine.says("retry", reason: "timeout"), "\(engine.words)")
        let text = try engine.mark()["lastFailure"]?["text"]?.string ?? ""
        #expect(text.contains("sent no byte for 2 s"), "\(text)")
        #expect(engine.said("error").isEmpty, "\(engine.words)")
        try stage.send("CONT")
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(try engine.flush().code == .done)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        try stage.scene.home.git("fsck", "--full", at: stage.scene.origin.path)
    }

    @Test("brings a commit to origin whose server was killed in the middle of its pack")
    func killedInPack() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        for _ in 1...3 {
            let tip = try stage.commitLarge()
            // A connection that was open gets another try at once.
            for _ in 1...2 where try stage.isReceiving(tip) { try stage.killConnections() }
            #expect(try engine.isDurable(tip), "\(engine.words)")
        }
        let retries = engine.said("retry", reason: "unreachable")
        #expect(!retries.isEmpty, "\(engine.words)")
        #expect(retries.count == engine.said("retry").count, "\(engine.words)")
        #expect(engine.said("error").isEmpty, "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        try stage.scene.home.git("fsck", "--full", at: stage.scene.origin.path)
    }

    @Test("brings a commit to origin whose connection's sshd was killed in the middle")
    func killedServer() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        for _ in 1...5 {
            let server = try #require(stage.scene.origin.server).process
            let connections = Processes.below(server)
            // One of them may have ended by itself meanwhile.
            _ = try run(["kill", "-STOP", "\(server)"] + connections.map { "\($0)" })
            let tip = try stage.scene.commit("killed", "\(connections)")
            for process in connections { Processes.end(process) }
            _ = eventually { !connections.contains(where: Processes.isRunning) }
            // A lock that a killed git leaves over there is for somebody over there to take away.
            let locks = ["find", stage.scene.origin.path, "-name", "*.lock", "-delete"]
            try run(locks).check()
            try run(["kill", "-CONT", "\(server)"]).check()
            #expect(try engine.isDurable(tip), "\(engine.words)")
        }
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        try stage.scene.home.git("fsck", "--full", at: stage.scene.origin.path)
    }

    @Test(
        "names an origin that is full, until there is room",
        .enabled(if: currentUser() == 0, "only root can mount a small volume"))
    func full() throws {
        let stage = try TroubleStage()
        let engine = try stage.serve()
        let objects = "\(stage.scene.origin.path)/objects"
        let kept = stage.scene.origin.pod.folder.file("objects.kept")
        try run(["cp", "-a", objects, kept]).check()
        let mounted = try run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", objects])
        guard mounted.succeeded else {
            return withKnownIssue("no small volume can be mounted here") { Issue.record() }
        }
        defer { _ = try? run(["umount", "-l", objects]) }
        try run(["cp", "-a", "\(kept)/.", objects]).check()
        try stage.cut()
        let tip = try stage.commitLarge()
        #expect(engine.says("retry", reason: "disk-full"), "\(engine.words)")
        let trouble = try engine.mark()["lastFailure"]
        #expect(trouble?["reason"]?.string == "disk-full")
        #expect(trouble?["text"]?.string?.contains("No space left on device") == true)
        try run(["mount", "-o", "remount,size=200m", objects]).check()
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }
}

// What goes wrong between a serving engine and an origin reached by SSH, each made for real: it is named,
// tried again, and over when it is mended, without anybody's telling the engine.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine in trouble")
struct ServeTroubleTests {
    /// An origin reached with files that a test can replace, by way of a proxy it can replace.
    private final class Stage {
        let scene: Scene
        let key: String
        let hosts: String
        let port: UInt16
        var proxy: LagProxy?

        init() throws {
            scene = try Scene(.ssh)
            let folder = scene.origin.pod.folder
            (key, hosts) = (folder.file("key_in_use"), folder.file("hosts_in_use"))
            let server = try #require(scene.origin.server)
            let proxy = try LagProxy(to: server.port)
            (port, self.proxy) = (proxy.port, proxy)
            try use(key: scene.origin.deployKey)
            try use(hosts: server.knownHosts(port: port))
        }

        func use(key file: String?) throws {
            try writeFile(key + ".new", contents(file ?? ""), mode: 0o600)
            try rename(key + ".new", to: key)
        }

        func use(hosts text: String) throws {
            try writeFile(hosts + ".new", text)
            try rename(hosts + ".new", to: hosts)
        }

        /// Puts another proxy in the place of the one there is; nil: nobody listens there.
        func use(_ faults: LagProxy.Faults?) throws {
            proxy = nil
            let server = try #require(scene.origin.server)
            guard let faults else { return }
            // Somebody's own end of a connection may have the port for a moment.
            _ = eventually {
                proxy = try? LagProxy(to: server.port, faults: faults, port: port)
                return proxy != nil
            }
            _ = try #require(proxy)
        }

        /// Ends every connection to origin.
        func cut() throws { try use(LagProxy.Faults()) }

        func serve(_ flags: String...) throws -> Serving {
            let engine = try Serving(
                scene, flags: ["--idle-timeout", "2s"] + flags,
                access: [
                    "--origin", scene.origin.url(port: port), "--deploy-key", key,
                    "--known-hosts", hosts,
                ])
            try engine.begin()
            guard try engine.isDurable(scene.tip()) else {
                throw Failure(.failed, "no push: \(engine.words)")
            }
            return engine
        }

        /// Commits, sees the engine name the trouble and try again, mends it, and sees it end.
        func endures(_ engine: Serving, _ reason: String, mend: () throws -> Void) throws {
            let tip = try scene.commit("trouble", reason)
            #expect(
                eventually { engine.said("retry", reason: reason).count >= 3 },
                "\(engine.words)")
            #expect(try engine.mark()["lastFailure"]?["reason"]?.string == reason)
            #expect(try engine.mark()["durable"]?.string != tip)
            let loud = engine.said("error", reason: reason).count
            #expect(loud <= 1, "\(engine.words)")
            try mend()
            #expect(try engine.isDurable(tip), "\(engine.words)")
            #expect(try engine.flush().code == .done, "\(engine.words)")
            #expect(engine.stop() == .exited(0), "\(engine.words)")
        }
    }

    @Test("names a key that is not let in, until the key's file is another one")
    func wrongKey() throws {
        let stage = try Stage()
        let engine = try stage.serve()
        let wrong = try SSHKey(.ed25519, at: stage.scene.origin.pod.folder.file("wrong"))
        try stage.use(key: wrong.path)
        try stage.cut()
        try stage.endures(engine, "authentication") {
            try stage.use(key: stage.scene.origin.deployKey)
        }
        #expect(engine.said("error", reason: "authentication").count == 1)
    }

    @Test("names a key that may only read, until the key's file is another one")
    func readOnlyKey() throws {
        let stage = try Stage()
        let engine = try stage.serve()
        try stage.use(key: stage.scene.origin.readOnlyKey)
        try stage.cut()
        try stage.endures(engine, "read-only-key") {
            try stage.use(key: stage.scene.origin.deployKey)
        }
        #expect(engine.said("error", reason: "read-only-key").count == 1)
    }

    @Test("names a host key that is unknown, or another than it was", arguments: [true, false])
    func hostKey(isKnown: Bool) throws {
        let stage = try Stage()
        let engine = try stage.serve()
        let other = try SSHKey(.ed25519, at: stage.scene.origin.pod.folder.file("other"))
        try stage.use(
            hosts: isKnown ? "[127.0.0.1]:\(stage.port) \(other.publicLine)\n" : "")
        try stage.cut()
        try stage.endures(engine, "host-key") {
            let server = try #require(stage.scene.origin.server)
            try stage.use(hosts: server.knownHosts(port: stage.port))
        }
    }

    @Test("names a connection that is refused")
    func refusedConnection() throws {
        let stage = try Stage()
        let engine = try stage.serve()
        try stage.use(nil)
        try stage.endures(engine, "unreachable") { try stage.cut() }
    }

    @Test("names a host that has no address, until it is told of another")
    func noAddress() throws {
        let stage = try Stage()
        let url = stage.scene.origin.url(port: stage.port)
        let nowhere = url.replacing("127.0.0.1", with: "no-such-host.invalid")
        try stage.scene.home.git("config", "remote.origin.url", nowhere, at: stage.scene.gitdir)
        let engine = try Serving(
            stage.scene, access: ["--deploy-key", stage.key, "--known-hosts", stage.hosts])
        #expect(engine.says("retry", reason: "unreachable"), "\(engine.words)")
        let tip = try stage.scene.commit("a", "1")
        try stage.scene.home.git("config", "remote.origin.url", url, at: stage.scene.gitdir)
        engine.signal(Signals.hangUp)
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    /// A commit that does not fit into what is on the way between two machines.
    private func large(_ scene: Scene) throws -> String {
        var numbers = SeededNumbers(seed: 3)
        let text = numbers.bytes(3 << 20).map { String($0, radix: 16) }.joined()
        return try scene.commit("large", text)
    }

    @Test("names a connection that is cut in the middle of a pack")
    func cutInPack() throws {
        let stage = try Stage()
        let engine = try stage.serve()
        try stage.use(LagProxy.Faults(cutUp: 300_000))
        let tip = try large(stage.scene)
        #expect(engine.says("retry", reason: "unreachable"), "\(engine.words)")
        #expect(try stage.scene.origin.tip() != tip)
        try stage.cut()
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        try stage.scene.home.git("fsck", "--full", at: stage.scene.origin.path)
    }

    @Test("names a network that falls silent in the middle of a pack")
    func silentInPack() throws {
        let stage = try Stage()
        let engine = try stage.serve()
        try stage.use(LagProxy.Faults(freezeUp: 300_000))
        let tip = try large(stage.scene)
        #expect(engine.says("retry", reason: "timeout"), "\(engine.words)")
        try stage.cut()
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    /// Sends `signal` to sshd and to all that it has started.
    private func send(_ signal: String, _ stage: Stage) throws {
        let server = try #require(stage.scene.origin.server).process
        let all = [server] + Processes.below(server)
        _ = try run(["kill", "-\(signal)"] + all.map { "\($0)" })
    }

    @Test("names an origin that stands still, until it goes on")
    func frozen() throws {
        let stage = try Stage()
        let engine = try stage.serve()
        try send("STOP", stage)
        let tip = try large(stage.scene)
        #expect(engine.says("retry", reason: "timeout"), "\(engine.words)")
        #expect(try engine.mark()["lastFailure"]?["reason"]?.string == "timeout")
        try send("CONT", stage)
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(try engine.flush().code == .done)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("brings a commit to origin whose connection's sshd was killed in the middle")
    func killedServer() throws {
        let stage = try Stage()
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
        "names a hook of origin's that refuses, is loud once, and saves what it refuses nowhere else"
    )
    func hook() throws {
        let stage = try Stage()
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

    @Test(
        "names an origin that is full, until there is room",
        .enabled(if: currentUser() == 0, "only root can mount a small volume"))
    func full() throws {
        let stage = try Stage()
        let engine = try stage.serve()
        let objects = "\(stage.scene.origin.path)/objects"
        let kept = stage.scene.origin.pod.folder.file("objects.kept")
        try run(["cp", "-a", objects, kept]).check()
        let mounted = try run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", objects])
        guard mounted.succeeded else {
            return withKnownIssue("no small volume can be mounted here") { Issue.record() }
        }
        defer { _ = try? run(["umount", "-l", objects]) }
        try run(["cp", "-a", "\(kept)/.", objects]).check()
        try stage.cut()
        let tip = try large(stage.scene)
        #expect(engine.says("retry", reason: "disk-full"), "\(engine.words)")
        #expect(try engine.mark()["lastFailure"]?["reason"]?.string == "disk-full")
        try run(["mount", "-o", "remount,size=200m", objects]).check()
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("knocks no oftener at an origin that is down than its retries say")
    func knocks() throws {
        let stage = try Stage()
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

// How `git pod serve` ends, and reads its configuration again: an application that goes on committing,
// an origin that is away or stands still, hooks that hang, SIGHUP.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An engine that is to end")
struct ServeEndTests {
    /// Commits every 50 ms, whatever signal comes, and notes each commit that its branch has moved to.
    private func application(_ scene: Scene, notes: String) throws -> RunningCommand {
        try RunningCommand(
            [
                "sh", "-c",
                """
                trap '' TERM
                while tip=$(git commit-tree -p main -m next main^{tree}); do
                    git update-ref refs/heads/main $tip && echo $tip >>"$1"
                    sleep 0.05
                done
                """, "sh", notes,
            ], environment: scene.home.environment(["GIT_DIR": scene.gitdir]))
    }

    /// How much longer an application goes on than the signal that it shares with the engine.
    private static let grace = Duration.seconds(5)

    @Test("goes on until the application that got the same signal was killed, 5 s later")
    func application() throws {
        let scene = try Scene(.ssh)
        // A machine may stand still for longer than an application that commits all the time does.
        let engine = try Serving(scene, "--drain-quiet", "5s")
        try engine.begin()
        let notes = scene.origin.pod.folder.file("commits")
        let writer = try application(scene, notes: notes)
        func made() -> [Substring] { contents(notes).split(separator: "\n") }
        #expect(eventually { made().count > 2 })
        engine.signal(Signals.terminate)
        writer.child.signal(Signals.terminate)
        let before = made().count
        let end = Deadline.after(Self.grace)
        #expect(eventually { end.hasPassed && made().count > before + 20 })
        writer.child.signal(Signals.kill)
        #expect(try writer.finish().status == .signalled(9))
        #expect(engine.end() == .exited(0), "\(engine.words)")
        let there = try scene.home.git("rev-list", "main", at: scene.origin.path)
        #expect(Set(there.split(separator: "\n")).isSuperset(of: made()))
        #expect(try scene.origin.tip() == scene.tip())
        #expect(try scene.tip("refs/pod/seen/main") == scene.tip())
        try scene.check()
    }

    @Test("waits for an application that has been at rest, and commits only when it is told to end")
    func lastWords() throws {
        let problem = try withMoreTime { time in
            let scene = try Scene.inSync()
            let engine = try Serving(scene, "--drain-quiet", "\(time.components.seconds)s")
            try engine.begin()
            // At rest for longer than it waits after a commit.
            let rest = Deadline.after(time + .milliseconds(100))
            _ = eventually { rest.hasPassed }
            engine.signal(Signals.terminate)
            guard engine.says("drain") else { return "it does not drain: \(engine.words)" }
            let tip = try scene.commit("last", "1")
            guard engine.end() == .exited(0) else { return engine.words }
            return try scene.origin.tip() == tip ? nil : "the last commit is lost: \(engine.words)"
        }
        #expect(problem == nil)
    }

    @Test("says which commits an origin that is away lacks, and fails")
    func away() throws {
        let scene = try Scene()
        let engine = try Serving(scene, "--drain-timeout", "300ms")
        try engine.begin()
        #expect(try engine.isDurable(scene.tip()))
        let tip = try engine.loseOrigin()
        let durable = try scene.tip(in: scene.origin.path + ".gone") ?? ""
        #expect(engine.stop() == .exited(1))
        let last = engine.words.split(separator: "\n").last ?? ""
        #expect(last.contains(tip) && last.contains(durable), "\(last)")
        #expect(last.contains("refs/heads/main"))
    }

    @Test("does not say that origin lacks what nobody could ask it for")
    func unasked() throws {
        let scene = try Scene.inSync()
        try scene.origin.vanish()
        let engine = try Serving(scene, "--drain-timeout", "300ms")
        try engine.begin()
        #expect(engine.stop() == .exited(1))
        let tip = try #require(try scene.tip())
        #expect(
            engine.words.hasSuffix(
                "main is at \(tip), and what origin has of it is not known; it had \(tip) when that "
                    + "was last known\n"),
            "\(engine.words)")
    }

    @Test("brings everything to an origin that comes back in time")
    func comesBack() throws {
        let scene = try Scene()
        let engine = try Serving(scene)
        try engine.begin()
        #expect(try engine.isDurable(scene.tip()))
        let tip = try engine.loseOrigin()
        engine.signal(Signals.terminate)
        #expect(engine.says("drain"))
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        #expect(engine.end() == .exited(0), "\(engine.words)")
        #expect(try scene.origin.tip() == tip)
    }

    /// A push that has reached origin and stays there.
    private func stuckPush(_ flags: String) throws -> (Serving, String) {
        let scene = try Scene()
        let words = flags.split(separator: " ").map(String.init)
        let engine = try Serving(scene, "--idle-timeout", "1h", words[0], words[1])
        try engine.begin()
        #expect(try engine.isDurable(scene.tip()))
        let sign = scene.origin.pod.folder.file("reached")
        try writeFile(
            "\(scene.origin.path)/hooks/pre-receive",
            "#!/bin/sh\ntouch \(sign)\n\(scene.origin.pod.folder.standStill)\n", mode: 0o755)
        let tip = try scene.commit("stuck", "?")
        #expect(eventually { exists(sign) }, "\(engine.words)")
        return (engine, tip)
    }

    @Test("ends at once at a second signal, though origin stands still in a push")
    func secondSignal() throws {
        let (engine, tip) = try stuckPush("--drain-timeout 1h")
        engine.signal(Signals.terminate)
        #expect(engine.says("drain"))
        engine.signal(Signals.interrupt)
        #expect(engine.end() == .exited(1), "\(engine.words)")
        #expect(engine.words.contains(tip))
        #expect(!exists("\(engine.scene.gitdir)/git-pod.sock"))
    }

    @Test("ends when --drain-timeout is over, though origin stands still in a push")
    func drainTimeout() throws {
        let (engine, tip) = try stuckPush("--drain-timeout 300ms")
        engine.signal(Signals.terminate)
        #expect(engine.end() == .exited(1), "\(engine.words)")
        #expect(engine.words.contains(tip))
    }

    @Test("waits for a hook no longer than --drain-timeout, and that long it does")
    func hooks() throws {
        let scene = try Scene()
        let out = scene.origin.pod.folder.file("out")
        let hook = "\(scene.gitdir)/hooks/pod-pushed"
        try writeFile(hook, "#!/bin/sh\nsleep 0.5\ncat >>\(out)\n", mode: 0o755)
        do {
            let engine = try Serving(scene)
            try engine.begin()
            #expect(try engine.isDurable(scene.tip()))
            let tip = try scene.commit("a", "1")
            #expect(try engine.isDurable(tip))
            #expect(engine.stop() == .exited(0))
            #expect(contents(out).contains(tip))
        }
        try writeFile(hook, "#!/bin/sh\n\(scene.origin.pod.folder.standStill)\n", mode: 0o755)
        let engine = try Serving(scene, "--hook-timeout", "1h", "--drain-timeout", "300ms")
        try engine.begin()
        let tip = try scene.commit("a", "2")
        #expect(try engine.isDurable(tip))
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("leaves no hook behind, however it ends", arguments: [Signals.terminate, Signals.kill])
    func noHookStays(signal: Int32) throws {
        let scene = try Scene()
        let hook = "\(scene.gitdir)/hooks/pod-pushed"
        let marker = scene.origin.pod.folder.file("marker")
        try writeFile(
            hook,
            "#!/bin/sh\ntrap '' TERM\n: >\(marker)\ntail -f \(marker) &\ntail -f \(marker)\n",
            mode: 0o755)
        let engine = try Serving(scene, "--hook-timeout", "1h", "--drain-timeout", "300ms")
        try engine.begin()
        let tip = try scene.commit("a", "1")
        #expect(try engine.isDurable(tip))
        #expect(eventually { Processes.withArgument(containing: marker).count == 2 })
        engine.signal(signal)
        #expect(engine.end() != nil)
        #expect(eventually { Processes.withArgument(containing: marker).isEmpty })
        #expect(eventually { Processes.withArgument(containing: hook).isEmpty })
    }

    @Test("answers those who wait in a flush")
    func flush() throws {
        let (engine, _) = try stuckPush("--drain-timeout 500ms")
        let waiting = try RunningCommand(
            [Products.path("git-pod"), "flush", "--repo", engine.scene.gitdir],
            environment: engine.scene.home.environment())
        #expect(engine.stop() == .exited(1))
        let ended = try waiting.finish()
        #expect(!ended.succeeded && !ended.timedOut)
        #expect(ended.errors.split(separator: "\n").count == 1, "\(ended.errors)")
    }

    // MARK: SIGHUP

    @Test("takes an origin that comes to be known, and another one, at SIGHUP")
    func otherOrigin() throws {
        let scene = try Scene()
        let engine = try Serving(scene, access: [])
        #expect(engine.says("start"))
        let tip = try scene.commit("a", "1")
        try scene.home.git("config", "remote.origin.url", scene.origin.path, at: scene.gitdir)
        engine.signal(Signals.hangUp)
        // What was there before counts as well.
        #expect(try engine.isDurable(tip), "\(engine.words)")
        let other = scene.origin.pod.folder.file("other.git")
        let next = try scene.commit("a", "2")
        #expect(try engine.isDurable(next))
        try scene.home.git("clone", "-q", "--bare", scene.origin.path, other)
        try scene.home.git("config", "remote.origin.url", other, at: scene.gitdir)
        engine.signal(Signals.hangUp)
        #expect(eventually { engine.said("reload").count == 2 })
        let last = try scene.commit("a", "3")
        #expect(try engine.flush().code == .done)
        #expect(try scene.tip(in: other) == last)
        #expect(try scene.origin.tip() == next)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("takes another deploy key at SIGHUP")
    func otherKey() throws {
        let scene = try Scene(.ssh)
        let wrong = try SSHKey(.ed25519, at: scene.origin.pod.folder.file("wrong"))
        try scene.home.git("config", "pod.deployKey", wrong.path, at: scene.gitdir)
        let hosts = try #require(scene.origin.knownHosts)
        let engine = try Serving(
            scene, "--retry-first", "1h", "--retry-cap", "1h",
            access: ["--origin", scene.origin.url, "--known-hosts", hosts])
        try engine.begin()
        let tip = try scene.commit("a", "1")
        #expect(engine.says("error", reason: "authentication"), "\(engine.words)")
        let right = try #require(scene.origin.deployKey)
        try scene.home.git("config", "pod.deployKey", right, at: scene.gitdir)
        engine.signal(Signals.hangUp)
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(engine.stop() == .exited(0))
    }

    @Test("keeps its configuration when the new one is wrong")
    func wrongConfiguration() throws {
        let scene = try Scene()
        let engine = try Serving(scene)
        try engine.begin()
        try scene.home.git("config", "pod.warmFor", "soon", at: scene.gitdir)
        engine.signal(Signals.hangUp)
        #expect(engine.says("reload"))
        #expect(engine.said("reload").last?["message"]?.string?.contains("soon") == true)
        let tip = try scene.commit("a", "1")
        #expect(try engine.isDurable(tip))
        #expect(engine.stop() == .exited(0))
    }
}

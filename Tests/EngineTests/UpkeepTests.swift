// Objects are packed when there are too many files of them: nothing is lost by that, and nothing waits for it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Upkeep")
struct UpkeepTests {
    /// Bounds that a test passes, and looks that it sees.
    static let soon = [
        "--upkeep-loose", "20", "--upkeep-packs", "3", "--upkeep-check", "100ms", "--min-free",
        "1M",
    ]

    private func upkeep(_ scene: Scene) throws -> JSON {
        try scene.status().json["engine"]?["upkeep"] ?? .null
    }

    private func ends(_ scene: Scene, _ outcome: String) throws -> Bool {
        try eventually { try upkeep(scene)["lastOutcome"]?.string == outcome }
    }

    /// Files of the gitdir's objects whose names end like this.
    private func count(_ suffix: String, _ scene: Scene) -> Int {
        (directoryEntries("\(scene.gitdir)/objects/pack") ?? []).filter { $0.hasSuffix(suffix) }
            .count
    }

    private func loose(_ scene: Scene) throws -> Int {
        let lines = try scene.home.git("count-objects", "-v", at: scene.gitdir)
        return Int(lines.split(separator: "\n")[0].dropFirst("count: ".count)) ?? -1
    }

    /// Writes so many objects that no ref leads to.
    private func writeObjects(_ count: Int, _ scene: Scene, _ text: String = "x") throws -> [String]
    {
        let folder = try scene.origin.pod.folder.folder("files")
        for number in 1...count { try writeFile("\(folder)/\(number)", "\(text) \(number)\n") }
        let paths = (1...count).map { "\(folder)/\($0)" }.joined(separator: "\n")
        return try scene.home.attempt(
            ["hash-object", "-w", "--stdin-paths"], at: scene.gitdir, input: Array(paths.utf8)
        ).check().lines.map { String($0) }
    }

    private func areThere(_ ids: [String], _ scene: Scene) throws -> Bool {
        let answer = try scene.home.attempt(
            ["cat-file", "--batch-check"], at: scene.gitdir,
            input: Array(ids.joined(separator: "\n").utf8)
        ).check()
        return answer.lines.count == ids.count && !answer.output.contains("missing")
    }

    @Test("packs loose objects, those without a ref as well, and says so")
    func loosePacked() throws {
        let scene = try Scene.inSync()
        // As a writer leaves them that has not moved its ref yet.
        let unborn = try scene.loose("Not yet on a branch", onto: scene.tip())
        let objects = try writeObjects(40, scene) + [unborn]
        let engine = try Serving(scene, flags: Self.soon)
        #expect(try ends(scene, "packed"), "\(engine.words)")
        #expect(try loose(scene) == 0)
        #expect(try areThere(objects, scene))
        #expect(engine.said("upkeep").first?["message"]?.string?.contains("loose objects") == true)
        try scene.update(to: unborn)
        #expect(try engine.isDurable(unborn), "\(engine.words)")
        try scene.check()
        #expect(engine.stop() == .exited(0))
    }

    @Test("makes few packs of many, and leaves one alone that somebody keeps")
    func packsJoined() throws {
        let scene = try Scene.inSync()
        var all: [String] = []
        for number in 1...6 {
            let ids = try writeObjects(2, scene, "pack \(number)")
            all += ids
            try scene.home.attempt(
                ["pack-objects", "-q", "objects/pack/pack"], at: scene.gitdir,
                input: Array(ids.joined(separator: "\n").utf8)
            ).check()
            try scene.home.git("prune-packed", "-q", at: scene.gitdir)
        }
        let first = try #require(
            (directoryEntries("\(scene.gitdir)/objects/pack") ?? []).first {
                $0.hasSuffix(".pack")
            })
        let kept = "\(scene.gitdir)/objects/pack/\(first.dropLast(4))keep"
        try writeFile(kept, "")
        let engine = try Serving(scene, flags: Self.soon)
        #expect(try ends(scene, "packed"), "\(engine.words)")
        #expect(count(".pack", scene) <= 3)
        #expect(exists("\(scene.gitdir)/objects/pack/\(first)"))
        #expect(try areThere(all, scene))
    }

    @Test("does nothing where it is turned off, not wanted or without room, and says why")
    func refused() throws {
        let scene = try Scene.inSync()
        _ = try writeObjects(30, scene)
        let before = try loose(scene)
        let off = try Serving(scene, flags: Self.soon + ["--upkeep-loose", "0"])
        try off.begin()
        #expect(try eventually { try upkeep(scene)["looseObjects"] == .integer(before) })
        #expect(try upkeep(scene)["lastOutcome"] == .null)
        #expect(off.stop() == .exited(0))
        let full = try Serving(scene, flags: Self.soon + ["--min-free", "100000G"])
        #expect(try ends(scene, "refused"), "\(full.words)")
        #expect(full.said("upkeep").first?["message"]?.string?.contains("disk-full") == true)
        #expect(full.stop() == .exited(0))
        try scene.home.git("config", "extensions.preciousObjects", "true", at: scene.gitdir)
        let precious = try Serving(scene, flags: Self.soon)
        #expect(try ends(scene, "refused"), "\(precious.words)")
        #expect(try loose(scene) >= before)
        // Said once, however often it is looked at.
        #expect(precious.said("upkeep").count == 1)
    }

    @Test("holds up no push, and gives way to whoever wants the lock")
    func givesWay() throws {
        let scene = try Scene.inSync()
        let objects = try writeObjects(30, scene)
        let git = try SlowGit(scene, "repack")
        let engine = try Serving(scene, flags: Self.soon, environment: git.environment)
        #expect(eventually { exists(git.process) }, "\(engine.words)")
        let tip = try scene.commit("ours.txt", "ours")
        #expect(try engine.isDurable(tip), "\(engine.words)")
        let first = contents(git.process)
        let answer = try scene.answer(["lock", "--repo", scene.gitdir, "--", "true"])
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(try engine.flush().code == .done)
        try git.goOn()
        #expect(try ends(scene, "packed"), "\(engine.words)")
        #expect(contents(git.process) != first)
        #expect(try areThere(objects, scene))
        try scene.check()
    }

    @Test("ends with its engine, however that ends", arguments: [Signals.terminate, Signals.kill])
    func endsWithEngine(signal: Int32) throws {
        let scene = try Scene.inSync()
        _ = try writeObjects(30, scene)
        let git = try SlowGit(scene, "repack")
        let engine = try Serving(scene, flags: Self.soon, environment: git.environment)
        #expect(eventually { exists(git.process) }, "\(engine.words)")
        let process = try #require(git.waiting)
        engine.signal(signal)
        #expect(engine.end() == (signal == Signals.kill ? .signalled(signal) : .exited(0)))
        #expect(eventually { !Processes.isRunning(process) })
        try scene.check()
    }

    /// A writer that moves its ref some time after it has written the objects.
    private static let writer = """
        #!/bin/sh
        while [ ! -e "$1/stop" ]; do
          n=$((n + 1))
          blob=$(echo "$2 $n" | git hash-object -w --stdin) || exit 1
          tree=$(printf '100644 blob %s\\tnote\\n' "$blob" | git mktree) || exit 1
          old=$(git rev-parse "refs/heads/$2") || exit 1
          new=$(git commit-tree -m "$2 $n" -p "$old" "$tree") || exit 1
          sleep 0.1
          git update-ref "refs/heads/$2" "$new" "$old" || exit 1
          echo "$new" >>"$1/written.$2"
        done
        """

    @Test("loses nothing of writers that go on, nor of an engine that is killed")
    func killed() throws {
        let scene = try Scene.inSync()
        let folder = scene.origin.pod.folder
        let branches = ["w1", "w2"]
        for branch in branches { try scene.update(branch, to: scene.tip() ?? "") }
        let script = folder.file("writer")
        try writeFile(script, Self.writer, mode: 0o755)
        let writers = try branches.map {
            try RunningCommand(
                [script, folder.path, $0],
                environment: scene.home.environment([
                    "GIT_DIR": scene.gitdir, "GIT_AUTHOR_NAME": "W", "GIT_AUTHOR_EMAIL": "w@x",
                    "GIT_COMMITTER_NAME": "W", "GIT_COMMITTER_EMAIL": "w@x",
                ]))
        }
        let unborn = try writeObjects(30, scene)
        var packed = 0
        for round in 1...4 {
            let engine = try Serving(scene, flags: Self.soon + ["--branch", "*"])
            if round.isMultiple(of: 2) {
                #expect(engine.says("upkeep"), "\(engine.words)")
                packed += 1
            } else {
                let before = count(".pack", scene)
                _ = eventually { count("", scene) > before + 1 }
            }
            engine.signal(Signals.kill)
            #expect(engine.end() == .signalled(Signals.kill))
        }
        try writeFile(folder.file("stop"), "")
        for ended in try RunningCommand.finish(writers) {
            #expect(ended.status == .exited(0), "\(ended.errors)")
        }
        #expect(packed == 2)
        try scene.check()
        #expect(try areThere(unborn, scene))
        for branch in branches {
            let written = contents(folder.file("written.\(branch)")).split(separator: "\n")
            #expect(written.count > 3)
            #expect(try areThere(written.map(String.init), scene))
        }
        // And all of it comes to origin.
        let engine = try Serving(scene, flags: Self.soon + ["--branch", "*"])
        for branch in branches {
            #expect(try engine.isDurable(scene.tip("refs/heads/\(branch)"), branch))
        }
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }
}

// `git pod serve` killed at any moment, while an application commits: the next start goes on.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An engine that is killed")
struct ServeKilledTests {
    private func writer(_ scene: Scene) throws -> RunningCommand {
        try RunningCommand(
            [
                "sh", "-c",
                """
                while [ ! -e "$1" ]; do
                    tip=$(git commit-tree -p main -m next main^{tree})
                    git update-ref refs/heads/main $tip && echo $tip >>"$2"
                done
                """, "sh", scene.origin.pod.folder.file("enough"),
                scene.origin.pod.folder.file("commits"),
            ], environment: scene.home.environment(["GIT_DIR": scene.gitdir]))
    }

    @Test(
        "goes on at its next start, loses nothing and leaves nothing broken",
        arguments: [TestOrigin.Kind.path, .ssh])
    func killed(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let writer = try writer(scene)
        var numbers = SeededNumbers(seed: 7)
        var told: Set<String> = []
        for _ in 1...20 {
            let engine = try Serving(scene)
            // Some die while they start, others between two pushes.
            let pushes = Int.random(in: 0...4, using: &numbers)
            let isThere = eventually {
                engine.said("push").count >= pushes || !engine.isRunning
            }
            #expect(isThere && engine.isRunning, "\(engine.words)")
            let pause = Duration.microseconds(Int.random(in: 0...20_000, using: &numbers))
            let moment = Deadline.after(pause)
            _ = eventually { moment.hasPassed }
            engine.signal(Signals.kill)
            #expect(engine.end() == .signalled(9))
            // What was called durable, origin has.
            told.formUnion(engine.said("push").compactMap { $0["newCommit"]?.string })
            let origin = try #require(try scene.origin.tip())
            for commit in told {
                let isThere = try scene.home.attempt(
                    ["merge-base", "--is-ancestor", commit, origin], at: scene.origin.path)
                #expect(isThere.succeeded)
            }
            told = []
        }
        try writeFile(scene.origin.pod.folder.file("enough"), "")
        try writer.finish().check()
        let engine = try Serving(scene)
        #expect(try engine.isDurable(scene.tip()), "\(engine.words)")
        #expect(try engine.flush().code == .done)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        let made = contents(scene.origin.pod.folder.file("commits")).split(separator: "\n")
        let there = Set(
            try scene.home.git("rev-list", "main", at: scene.origin.path).split(separator: "\n"))
        #expect(there.isSuperset(of: made))
        #expect(try scene.refs("refs/pod/pending/").isEmpty)
        try scene.check()
        try scene.home.git("fsck", "--full", "--strict", at: scene.origin.path)
    }

    @Test("leaves a socket that the next one takes the place of")
    func socket() throws {
        let scene = try Scene()
        do {
            let engine = try Serving(scene)
            try engine.begin()
            #expect(try engine.flush().code == .done)
            engine.signal(Signals.kill)
            #expect(engine.end() == .signalled(9))
        }
        #expect(exists("\(scene.gitdir)/git-pod.sock"))
        // Nobody answers there, and that is no error.
        #expect(try scene.status().json["engine"]?.text == "null")
        let engine = try Serving(scene)
        try engine.begin()
        #expect(try engine.flush().code == .done)
        #expect(engine.stop() == .exited(0))
        #expect(!exists("\(scene.gitdir)/git-pod.sock"))
    }

    @Test("takes git's work on a large pack with it")
    func packing() throws {
        let scene = try Scene()
        let marker = scene.origin.pod.folder.file("packing")
        try writeFile(marker, "")
        // A git that works on a pack for ever, without a word.
        try writeFile(
            scene.home.directory.file("bin/git"),
            """
            #!/bin/sh
            case " $* " in *" pack-objects "*) exec tail -f '\(marker)' >/dev/null ;; esac
            exec \(findProgram("git") ?? "git") "$@"

            """, mode: 0o755)
        let engine = try Serving(scene)
        try engine.begin()
        #expect(try engine.isDurable(scene.tip()))
        func workers() -> [Int32] { Processes.withArgument(containing: marker) }
        try scene.commitMany(files: 400)
        #expect(eventually { !workers().isEmpty }, "\(engine.words)")
        engine.signal(Signals.kill)
        #expect(engine.end() == .signalled(9))
        #expect(eventually { workers().isEmpty })
        workers().forEach(Processes.end)
    }
}

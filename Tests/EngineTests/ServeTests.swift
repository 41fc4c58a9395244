// What `git pod serve` is for: commits go to origin as they come, whoever makes them and however.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine")
struct ServeTests {
    @Test("pushes commits as they come, one or many", arguments: TestOrigin.Kind.allCases)
    func commits(kind: TestOrigin.Kind) throws {
        let scene = try Scene(kind)
        let engine = try Serving(scene)
        try engine.begin()
        for number in 1...5 {
            let tip = try scene.commit("f\(number)", "\(number)")
            #expect(try engine.isDurable(tip), "\(engine.words)")
        }
        for number in 1...20 { try scene.commit("g", "\(number)") }
        #expect(try engine.isDurable(scene.tip()), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        #expect(engine.said("error").isEmpty)
        #expect(try scene.tip("refs/pod/seen/main") == scene.tip())
        #expect(try scene.tip("refs/remotes/origin/main") == scene.tip())
    }

    @Test("sees git push, update-ref, a ref written whole, and refs that are packed in between")
    func writers() throws {
        let scene = try Scene()
        let engine = try Serving(scene)
        try engine.begin()
        for number in 1...4 {
            let tip = try scene.loose("update-ref \(number)", onto: scene.tip())
            try scene.update(to: tip)
            #expect(try engine.isDurable(tip))
            try scene.home.git("pack-refs", "--all", at: scene.gitdir)
            let pushed = try scene.loose("push \(number)", onto: tip)
            try scene.home.git("branch", "-f", "work", pushed, at: scene.gitdir)
            try scene.home.git(
                "push", "-q", scene.gitdir, "work:main", at: scene.gitdir)
            #expect(try engine.isDurable(pushed))
            try scene.home.git("pack-refs", "--all", "--prune", at: scene.gitdir)
            // As a library does that writes a file beside and renames it.
            let renamed = try scene.loose("rename \(number)", onto: pushed)
            let file = "\(scene.gitdir)/refs/heads/main"
            try writeFile("\(scene.gitdir)/new", renamed + "\n")
            try rename("\(scene.gitdir)/new", to: file)
            #expect(try engine.isDurable(renamed))
        }
        #expect(engine.stop() == .exited(0))
    }

    @Test("follows a pattern: branches appear, vanish with their folders and come again")
    func pattern() throws {
        let scene = try Scene()
        let engine = try Serving(scene, "--branch", "data/*", "--branch", "main")
        try engine.begin()
        let base = try scene.tip() ?? ""
        for round in 1...4 {
            var tips: [String: String] = [:]
            for name in ["data/a", "data/deep/down/b\(round)", "other/x"] {
                let tip = try scene.loose(
                    "\(name) \(round)", onto: scene.tip("refs/heads/\(name)") ?? base)
                try scene.update(name, to: tip)
                tips[name] = tip
            }
            #expect(try engine.isDurable(tips["data/a"], "data/a"), "\(engine.words)")
            let deep = "data/deep/down/b\(round)"
            #expect(try engine.isDurable(tips[deep], deep), "\(engine.words)")
            if round % 2 == 0 { try scene.home.git("pack-refs", "--all", at: scene.gitdir) }
            // git takes the empty folders away with the branch.
            try scene.home.git("branch", "-D", deep, at: scene.gitdir)
            // Origin keeps what is deleted here.
            #expect(try scene.origin.tip("refs/heads/\(deep)") == tips[deep])
        }
        #expect(try scene.origin.tip("refs/heads/other/x") == nil)
        #expect(try engine.flush("--branch", "data/a").code == .done)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("of several branches takes the one that HEAD stands on, if none is named")
    func standing() throws {
        let scene = try Scene.inSync()
        try scene.home.git("branch", "data", "main", at: scene.gitdir)
        let engine = try Serving(scene, "--branch", "main", "--branch", "data")
        try engine.begin()
        let commit = try scene.commit("a", "1")
        let flush = try engine.flush()
        #expect(flush.code == .done, "\(flush.errors)")
        #expect(flush.json["commit"]?.string == commit)
    }

    @Test("is asked about the branch that the asker is set to, and says if it has not got that")
    func asked() throws {
        let scene = try Scene.inSync()
        try scene.home.git("branch", "data", "main", at: scene.gitdir)
        let engine = try Serving(scene, "--branch", "main")
        try engine.begin()
        for verb in ["flush", "push", "reconcile"] {
            let answer = try scene.answer(
                [verb, "--repo", scene.gitdir, "--json"], environment: ["GIT_POD_BRANCH": "data"])
            #expect(answer.code == .failed, "\(verb): \(answer.errors)")
            #expect(answer.errors.contains("looks after no branch data"), "\(answer.errors)")
        }
    }

    @Test("looks no longer after a branch that is not named any more at SIGHUP")
    func forgets() throws {
        let scene = try Scene.inSync()
        let base = try scene.home.git("rev-parse", "main", at: scene.gitdir)
        try scene.home.git("config", "pod.branch", "main data/*", at: scene.gitdir)
        try scene.update("data/x", to: base)
        let engine = try Serving(scene)
        try engine.begin()
        #expect(try engine.isDurable(base, "data/x"), "\(engine.words)")
        try scene.home.git("config", "pod.branch", "main", at: scene.gitdir)
        engine.signal(Signals.hangUp)
        #expect(
            try eventually { try scene.status().json["branches"]?.elements.count == 1 })
        try scene.update("data/x", to: scene.loose("more", onto: base))
        #expect(try engine.isDurable(scene.commit("a", "1")))
        #expect(try scene.origin.tip("refs/heads/data/x") == base)
    }

    @Test("goes on with a branch that is not named any more until origin has it")
    func leaves() throws {
        let scene = try Scene.inSync()
        let engine = try Serving(scene, "--recheck", "100ms", "--retry-cap", "200ms")
        try engine.begin()
        let tip = try engine.loseOrigin()
        try scene.home.git("branch", "other", "main~1", at: scene.gitdir)
        try scene.home.git("config", "pod.branch", "other", at: scene.gitdir)
        engine.signal(Signals.hangUp)
        #expect(eventually { !engine.said("reload").isEmpty })
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        #expect(try eventually { try scene.origin.tip() == tip }, "\(engine.words)")
        #expect(
            try eventually { try scene.status().json["branches"]?.elements.count == 1 })
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("looks after the others when one branch's file is broken, and after that one when mended")
    func brokenRef() throws {
        let scene = try Scene()
        let engine = try Serving(scene, "--branch", "data/*", "--recheck", "50ms")
        #expect(engine.says("start"))
        let base = try scene.tip() ?? ""
        let first = try scene.loose("first", onto: base)
        try scene.update("data/a", to: first)
        #expect(try engine.isDurable(first, "data/a"))
        // What a crash of the machine leaves of a ref that was not synced.
        try writeFile("\(scene.gitdir)/refs/heads/data/broken", "")
        try scene.home.git("pack-refs", "--all", at: scene.gitdir)
        let second = try scene.loose("second", onto: first)
        try scene.update("data/a", to: second)
        #expect(try engine.isDurable(second, "data/a"), "\(engine.words)")
        try writeFile("\(scene.gitdir)/refs/heads/data/broken", second + "\n")
        #expect(try engine.isDurable(second, "data/broken"), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("starts with a branch that is broken, and with HEAD on a branch that is not born")
    func brokenStart() throws {
        let scene = try Scene()
        try writeFile("\(scene.gitdir)/refs/heads/broken", "")
        let base = try scene.tip() ?? ""
        do {
            let engine = try Serving(scene, "--branch", "*")
            #expect(engine.says("start"), "\(engine.words)")
            #expect(try engine.isDurable(base), "\(engine.words)")
            _ = engine.stop()
        }
        try scene.home.git("symbolic-ref", "HEAD", "refs/heads/unborn", at: scene.gitdir)
        let engine = try Serving(scene)
        #expect(engine.says("start"), "\(engine.words)")
        let tip = try scene.loose("born", onto: base)
        try scene.update("unborn", to: tip)
        #expect(try engine.isDurable(tip, "unborn"), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("goes with HEAD, and still brings to origin what the branch before it had")
    func head() throws {
        let scene = try Scene()
        let engine = try Serving(scene)
        try engine.begin()
        let base = try scene.tip() ?? ""
        #expect(try engine.isDurable(base))
        let other = try scene.loose("other", onto: base)
        try scene.update("other", to: other)
        let last = try scene.loose("last on main", onto: base)
        // Both at once, so that the engine sees HEAD elsewhere before it has sent main.
        engine.signal(Signals.stop)
        try scene.update(to: last)
        try scene.home.git("symbolic-ref", "HEAD", "refs/heads/other", at: scene.gitdir)
        engine.signal(Signals.resume)
        #expect(try engine.isDurable(other, "other"), "\(engine.words)")
        #expect(try engine.isDurable(last), "\(engine.words)")
        #expect(try scene.refs("refs/pod/before/").isEmpty)
        let next = try scene.loose("next", onto: other)
        try scene.update("other", to: next)
        #expect(try engine.flush().code == .done)
        #expect(try scene.origin.tip("refs/heads/other") == next)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("keeps under refs/pod/before what the application moves the branch off, once for each")
    func anchors() throws {
        let scene = try Scene()
        let engine = try Serving(scene)
        try engine.begin()
        let base = try scene.tip() ?? ""
        #expect(try engine.isDurable(base))
        // Origin takes nothing, so that nobody else has what is left behind.
        try scene.origin.refuse()
        var left: [String] = []
        for number in 1...5 {
            let tip = try scene.loose("taken back \(number)", onto: base)
            try scene.update(to: tip)
            #expect(try eventually { try engine.mark()["local"]?.string == tip })
            left.append(tip)
        }
        try scene.update(to: base)
        let isKept = try eventually {
            Set(try scene.refs("refs/pod/before/").values) == Set(left)
        }
        #expect(isKept, "\(engine.words)")
        #expect(try scene.refs("refs/pod/before/").count == left.count)
        #expect(try eventually { try engine.mark()["local"]?.string == base })
        // A branch that is deleted with commits that nobody has.
        let last = try scene.loose("deleted", onto: base)
        try scene.update(to: last)
        #expect(try eventually { try engine.mark()["local"]?.string == last })
        try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.gitdir)
        let isLastKept = try eventually {
            try scene.refs("refs/pod/before/").values.contains(last)
        }
        #expect(isLastKept, "\(engine.words)")
    }

    @Test("serves a gitdir without an origin, and says so")
    func localOnly() throws {
        let scene = try Scene()
        let engine = try Serving(scene, access: [])
        #expect(engine.says("start"))
        let isLocal = try eventually {
            try scene.status().json["engine"]?["phase"]?.string == "local-only"
        }
        #expect(isLocal, "\(engine.words)")
        #expect(try engine.flush(timeout: "5s").code == .configuration)
        #expect(engine.stop() == .exited(0))
    }

    @Test("is one for a gitdir, and says so to the second")
    func second() throws {
        let scene = try Scene()
        let engine = try Serving(scene)
        try engine.begin()
        let other = try Serving(scene)
        #expect(other.end() == .exited(1))
        #expect(other.words.contains("an engine runs for"))
        // The first still answers.
        #expect(try engine.flush().code == .done)
        #expect(engine.stop() == .exited(0))
    }

    @Test("looks at origin at times that chance spreads, and by a new interval at once")
    func spreadLooks() throws {
        let scene = try Scene()
        try scene.home.git("config", "pod.originCheck", "1h", at: scene.gitdir)
        let engine = try Serving(scene, "--verbose")
        try engine.begin()
        try scene.home.git("config", "pod.originCheck", "500ms", at: scene.gitdir)
        engine.signal(Signals.hangUp)
        #expect(eventually { engine.said("look").count > 8 }, "\(engine.words)")
        let times = engine.said("look").compactMap { $0["time"]?.string }
            .compactMap(Self.milliseconds)
        let waits = zip(times, times.dropFirst()).map { ($1 - $0 + 86_400_000) % 86_400_000 }
        // A clock never goes off early by itself.
        #expect(waits.contains { $0 < 490 }, "\(waits)")
        #expect(engine.stop() == .exited(0))
    }

    /// Since midnight.
    private static func milliseconds(_ time: String) -> Int? {
        let parts = time.dropFirst(11).dropLast().split { $0 == ":" || $0 == "." }
            .compactMap { Int($0) }
        guard parts.count == 4 else { return nil }
        return ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000 + parts[3]
    }
}

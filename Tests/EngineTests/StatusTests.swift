// What status says: the same fields by an engine's word and by refs alone, and what they mean.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Status")
struct StatusTests {
    /// The names of an object's members.
    private func names(_ json: JSON) -> [String] {
        guard case .object(let members) = json else { return [] }
        return members.map(\.name)
    }

    private func number(_ json: JSON?) -> Int? {
        if case .number(let digits) = json { Int(digits) } else { nil }
    }

    @Test("takes nothing for origin's that its remote's name brings from elsewhere")
    func elsewhere() throws {
        let scene = try Scene.inSync()
        let commit = try scene.commit("a", "1")
        let mirror = scene.origin.pod.folder.file("mirror.git")
        try scene.home.git("clone", "-q", "--bare", scene.origin.path, mirror)
        try scene.home.git("config", "remote.origin.url", mirror, at: scene.gitdir)
        try scene.home.git("update-ref", "refs/remotes/origin/main", commit, at: scene.gitdir)
        try scene.home.git("config", "pod.origin", scene.origin.path, at: scene.gitdir)
        let branch = try scene.status().json["branches"]?.elements.first
        #expect(branch?["durable"]?.string != commit)
        #expect(branch?["pendingCommits"]?.text == "1")
    }

    @Test("says the same of a branch whether an engine runs or not")
    func same() throws {
        let scene = try Scene.inSync()
        let engine = try Serving(scene, "--retry-first", "1h", "--retry-cap", "1h")
        try engine.begin()
        let lost = try engine.loseOrigin()
        let running = try scene.branchStatus()
        engine.signal(Signals.kill)
        _ = engine.end()
        let alone = try scene.branchStatus()
        #expect(names(running) == names(alone))
        for name in [
            "branch", "state", "local", "origin", "seen", "durable", "pendingCommits",
            "pendingBytes", "originAhead", "saved", "blockedByLock",
        ] {
            #expect(running[name] == alone[name], "\(name): \(running.text) \(alone.text)")
        }
        #expect(alone["local"]?.string == lost)
        #expect(alone["state"]?.string == "waiting")
        #expect(number(alone["pendingCommits"]) ?? 0 > 0)
        #expect(number(alone["oldestPendingSeconds"]) ?? 0 > 0)
        #expect(try scene.status().json["engine"]?.text == "null")
    }

    @Test("names the last failure, its attempt, when it was, and the next attempt")
    func failure() throws {
        let scene = try Scene.inSync()
        let engine = try Serving(scene, "--retry-first", "1h", "--retry-cap", "1h")
        try engine.begin()
        _ = try engine.loseOrigin()
        let mark = try scene.branchStatus()
        #expect(mark["lastFailure"]?["reason"]?.string == "unreachable", "\(mark.text)")
        #expect(mark["lastFailure"]?["text"]?.string?.isEmpty == false)
        #expect(number(mark["lastFailure"]?["attempt"]) == 1)
        #expect(number(mark["lastFailure"]?["secondsAgo"]) != nil)
        #expect(number(mark["nextAttemptInSeconds"]) ?? 0 > 1000)
        let said = try scene.status().json["engine"]?["originFailure"]?["reason"]?.string
        #expect(said == "unreachable")
        let text = try scene.statusText()
        #expect(text.contains("(unreachable, attempt 1, "), "\(text)")
        #expect(text.contains("next attempt in "))
    }

    @Test("names the failure of an origin that was never reached")
    func neverReached() throws {
        let scene = try Scene.inSync()
        let tip = try scene.commit("a", "1")
        try scene.origin.vanish()
        let engine = try Serving(scene)
        #expect(engine.says("retry"), "\(engine.words)")
        let mark = try scene.branchStatus()
        #expect(mark["local"]?.string == tip)
        #expect(mark["lastFailure"]?["reason"]?.string == "unreachable", "\(mark.text)")
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(
            try eventually {
                try scene.status().json["engine"]?["originFailure"]?.text == "null"
            })
    }

    @Test("tells how far origin has moved once its commits are here")
    func originMoved() throws {
        let scene = try Scene.inSync()
        for number in 1...3 { try scene.commitToOrigin("theirs", "\(number)") }
        let theirs = try scene.origin.tip()
        let ours = try scene.tip() ?? ""
        try scene.commit("ours", "ours")
        #expect(try scene.reconcile("--on-divergence", "stop").outcome == "stopped")
        try scene.update(to: ours)
        let alone = try scene.branchStatus()
        #expect(alone["state"]?.string == "origin-moved", "\(alone.text)")
        #expect(number(alone["originAhead"]) == 3)
        #expect(number(alone["pendingCommits"]) == 0)
        #expect(try scene.statusText().contains("\(theirs ?? ""), 3 commits ahead"))
    }

    @Test("calls nothing durable that origin is known to have let go of", arguments: [false, true])
    func dropped(isParted: Bool) throws {
        let scene = try Scene.inSync()
        let ours = try scene.commit("ours", "1")
        #expect(try scene.reconcile().isPushed)
        #expect(try scene.branchStatus()["durable"]?.string == ours)
        try scene.rewindOrigin(to: try #require(try scene.tip("main~1")))
        if isParted { try scene.commitToOrigin("theirs", "1") }
        try scene.commit("more", "1")
        #expect(try scene.reconcile("--on-rewrite", "stop").outcome == "rewritten")
        let mark = try scene.branchStatus()
        #expect(mark["durable"]?.string != ours, "\(mark.text)")
        #expect(number(mark["pendingCommits"]) == 2, "\(mark.text)")
    }

    @Test(
        "remembers what a running engine has last seen of origin, though nothing had to be fetched",
        arguments: [false, true])
    func lastLook(isDeleted: Bool) throws {
        let scene = try Scene.inSync()
        let ours = try scene.commit("ours", "1")
        let engine = try Serving(scene, "--origin-check", "100ms")
        #expect(try engine.isDurable(ours), "\(engine.words)")
        if isDeleted {
            try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.origin.path)
        } else {
            try scene.rewindOrigin(to: try #require(try scene.tip("main~1")))
        }
        #expect(try eventually { try engine.mark()["state"] != .string("in-sync") })
        #expect(eventually { exists("\(scene.gitdir)/git-pod-heard") }, "\(engine.words)")
        #expect(engine.stop() != nil)
        let mark = try scene.branchStatus()
        #expect(mark["durable"]?.string != ours, "\(mark.text)")
        #expect(mark["state"] != .string("in-sync"), "\(mark.text)")
    }

    @Test("says of a running engine that origin has moved, and where to")
    func seenMoved() throws {
        let scene = try Scene.inSync()
        let engine = try Serving(scene, "--origin-check", "50ms")
        try engine.begin()
        let theirs = try scene.commitToOrigin("theirs", "1")
        let isSeen = try eventually {
            try scene.branchStatus()["origin"]?.string == theirs
        }
        #expect(isSeen, "\(engine.words)")
        let mark = try scene.branchStatus()
        #expect(mark["state"]?.string == "origin-moved")
        // It is fetched, to know what origin has; no branch moves by that.
        #expect(try eventually { try number(scene.branchStatus()["originAhead"]) == 1 })
        #expect(try scene.tip() != theirs)
    }

    @Test("shows where a stuck branch is saved, also when the engine has gone")
    func saved() throws {
        let scene = try Scene.inSync()
        let engine = try Serving(scene)
        try engine.begin()
        try scene.commitToOrigin("theirs", "1")
        let tip = try scene.commit("ours", "1")
        #expect(try engine.flush().code == .escaped)
        let running = try scene.branchStatus()
        #expect(running["saved"]?["commit"]?.string == tip)
        #expect(number(running["pendingCommits"]) == 1, "\(running.text)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        let alone = try scene.branchStatus()
        #expect(alone["saved"] == running["saved"], "\(alone.text)")
        #expect(try scene.statusText().contains("not on main: \(tip)"))
    }

    @Test("has every branch of a pattern, and one that is asked for, with an engine and without")
    func branches() throws {
        let scene = try Scene()
        try scene.home.git("config", "pod.branch", "main data/*", at: scene.gitdir)
        let base = try scene.tip() ?? ""
        for name in ["data/a", "data/b"] {
            try scene.update(name, to: scene.loose(name, onto: base))
        }
        func listed(_ flags: String...) throws -> [String] {
            try scene.answer(["status", "--repo", scene.gitdir, "--json"] + flags)
                .json["branches"]?.elements.compactMap { $0["branch"]?.string } ?? []
        }
        #expect(try listed() == ["data/a", "data/b", "main"])
        #expect(try listed("--branch", "data/b") == ["data/b"])
        let engine = try Serving(scene)
        try engine.begin()
        #expect(try engine.isDurable(scene.tip("refs/heads/data/b"), "data/b"))
        #expect(try listed() == ["data/a", "data/b", "main"])
        #expect(try listed("--branch", "data/b") == ["data/b"])
        try scene.update("other", to: base)
        #expect(try listed("--branch", "other") == ["other"])
        // A new branch lacks what is new on it, though origin has nothing of it.
        let new = try scene.loose("new", onto: scene.tip())
        try scene.origin.vanish()
        try scene.update("data/new", to: new)
        let isCounted = try eventually {
            try number(scene.branchStatus("data/new")["pendingCommits"]) == 1
        }
        #expect(isCounted, "\(engine.words)")
        engine.signal(Signals.kill)
        _ = engine.end()
        #expect(try number(scene.branchStatus("data/new")["pendingCommits"]) == 1)
    }
}

extension Scene {
    /// What `git pod status` prints for a person.
    func statusText() throws -> String {
        try TestSupport.run(
            [Products.path("git-pod"), "status", "--repo", gitdir],
            environment: home.environment()
        ).check().output
    }
}

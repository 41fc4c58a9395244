// Another origin in the configuration than before: taken on if it goes on from what is here, refused if it
// has nothing in common with it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Another origin than before")
struct OriginChangedTests {
    /// A repository beside origin, with origin's branches if it is not to be empty.
    static func other(_ scene: Scene, isEmpty: Bool = false) throws -> String {
        let path = scene.origin.pod.folder.file("other.git")
        if isEmpty {
            try scene.home.git("init", "-q", "--bare", path)
        } else {
            try scene.home.git("clone", "-q", "--bare", scene.origin.path, path)
        }
        return path
    }

    /// One that has a branch of that name, and no commit in common with it.
    static func stranger(_ scene: Scene) throws -> String {
        let path = try other(scene, isEmpty: true)
        try scene.commit("theirs.txt", "theirs", to: path, orphan: true)
        return path
    }

    private func refs(_ path: String, _ scene: Scene) throws -> [String: String] {
        try scene.refs("refs/", in: path)
    }

    @Test("is taken on where it has the same history, and gets what it lacks")
    func adopted() throws {
        let scene = try Scene.inSync()
        let other = try Self.other(scene)
        let tip = try scene.commit("ours.txt", "ours")
        let answer = try scene.reconcile("--origin", other)
        #expect(answer.outcome == "pushed-ahead" && answer.code == .done, "\(answer.errors)")
        #expect(answer.errors.contains("origin is \(other) now, and was \(scene.origin.path)"))
        #expect(try scene.tip(in: other) == tip)
        #expect(try scene.tip("refs/pod/seen/main") == tip)
        // Said once.
        #expect(try scene.reconcile("--origin", other).errors == "")
    }

    @Test(
        "is one that was never seen: it has dropped nothing of ours by never having had it",
        arguments: ["reconcile", "push", "flush"])
    func behind(verb: String) throws {
        let scene = try Scene.inSync()
        let other = try Self.other(scene)
        let tip = try #require(try scene.tip())
        let before = try #require(try scene.tip("main~2"))
        try scene.home.git("update-ref", "refs/heads/main", before, at: other)
        let answer = try scene.verb(verb, ["--origin", other])
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(try scene.tip() == tip)
        #expect(try scene.tip(in: other) == tip)
    }

    @Test("that has gone on without what the former had is replayed onto, with all that is ours")
    func parted() throws {
        let scene = try Scene.inSync()
        let other = try Self.other(scene)
        let before = try #require(try scene.tip("main~1"))
        try scene.home.git("update-ref", "refs/heads/main", before, at: other)
        try scene.commit("theirs.txt", "theirs", to: other)
        let mine = try scene.subjects()
        let answer = try scene.reconcile("--origin", other)
        #expect(answer.outcome == "rebased", "\(answer.errors)")
        let now = try scene.subjects()
        #expect(mine.allSatisfy(now.contains) && now.contains("Write theirs.txt"), "\(now)")
        #expect(try scene.subjects(in: other) == now)
        try scene.check()
    }

    @Test("without any commit is filled, and was not one where the branch was deleted")
    func empty() throws {
        let scene = try Scene.inSync()
        let other = try Self.other(scene, isEmpty: true)
        let answer = try scene.push("--origin", other)
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(try scene.tip(in: other) == scene.tip())
        #expect(try scene.tip("refs/pod/seen/main") == scene.tip())
    }

    @Test("brings nothing back that neither it nor the pod has, and loses no sight of it")
    func setAside() throws {
        let scene = try Scene.inSync()
        let other = try Self.other(scene)
        let (tip, kept) = (try scene.tip(), try scene.tip("main~1"))
        for path in [scene.gitdir, other] {
            try scene.home.git("update-ref", "refs/heads/main", kept ?? "", at: path)
        }
        try scene.home.git("update-ref", "-d", "refs/remotes/origin/main", at: scene.gitdir)
        let answer = try scene.reconcile("--origin", other)
        #expect(answer.outcome == "in-sync", "\(answer.errors)")
        #expect(try scene.tip(in: other) == kept)
        #expect(try scene.tip("refs/pod/seen/main") == kept)
        #expect(try scene.refs("refs/pod/before/").values.contains(tip ?? ""))
    }

    @Test("with no commit in common is refused", arguments: ["reconcile", "push", "flush"])
    func refused(verb: String) throws {
        let scene = try Scene.inSync()
        let other = try Self.stranger(scene)
        try scene.commit("ours.txt", "ours")
        // One that is still to be sent does not go there, either.
        try scene.update("conflicts/2026-01-01T00-00-00Z", to: try scene.tip() ?? "")
        try scene.home.git(
            "update-ref", "refs/pod/pending/conflicts/2026-01-01T00-00-00Z", "main",
            at: scene.gitdir)
        let (here, there) = (try refs(scene.gitdir, scene), try refs(other, scene))
        let answer = try scene.verb(verb, ["--origin", other])
        #expect(answer.code == .failed)
        #expect(answer.error.contains("no commit in common"), "\(answer.error)")
        #expect(answer.error.contains("origin was \(scene.origin.path) and is \(other) now"))
        #expect(try refs(scene.gitdir, scene) == here)
        #expect(try refs(other, scene) == there)
        let back = try scene.push()
        #expect(back.code == .done && !back.errors.contains("now, and was"), "\(back.errors)")
    }

    @Test("with branches, and not this one, is refused", arguments: ["reconcile", "push", "flush"])
    func lacking(verb: String) throws {
        let scene = try Scene.inSync()
        let other = try Self.stranger(scene)
        try scene.home.git("update-ref", "refs/heads/other", "main", at: other)
        try scene.home.git("update-ref", "-d", "refs/heads/main", at: other)
        let there = try refs(other, scene)
        let answer = try scene.verb(verb, ["--origin", other])
        #expect(answer.code == .failed)
        #expect(answer.error.contains("which has branches and no main"), "\(answer.error)")
        #expect(try refs(other, scene) == there)
    }

    @Test("is told by its own word alone: what comes from elsewhere by its remote's name is ours")
    func elsewhere() throws {
        let scene = try Scene.inSync()
        let mirror = try Self.other(scene)
        let theirs = try scene.commit("theirs.txt", "theirs", to: mirror)
        try scene.home.git("config", "remote.origin.url", mirror, at: scene.gitdir)
        try scene.home.git(
            "fetch", "-q", "origin", "+refs/heads/main:refs/remotes/origin/main", at: scene.gitdir)
        try scene.home.git("update-ref", "refs/heads/main", theirs, at: scene.gitdir)
        let ours = try scene.commit("ours.txt", "ours")
        let answer = try scene.reconcile("--origin", scene.origin.path)
        #expect(answer.outcome == "pushed-ahead", "\(answer.errors)")
        #expect(try scene.tip() == ours)
        #expect(try scene.origin.tip() == ours)
    }

    @Test(
        "drops what the engine has fetched from it: that is not sent back, whatever the remote's URL"
    )
    func droppedOfOurs() throws {
        let scene = try Scene.inSync()
        let base = try #require(try scene.tip())
        let mirror = try Self.other(scene)
        try scene.home.git("config", "remote.origin.url", mirror, at: scene.gitdir)
        let theirs = try scene.commitToOrigin("theirs.txt", "theirs")
        try scene.commit("ours.txt", "ours")
        let flags = ["--origin", scene.origin.path, "--on-divergence"]
        #expect(try scene.verb("reconcile", flags + ["stop"]).outcome == "stopped")
        try scene.update(to: theirs)
        try scene.commit("more.txt", "more")
        try scene.rewindOrigin(to: base)
        let answer = try scene.verb("reconcile", flags + ["rebase"])
        #expect(answer.outcome == "rewritten", "\(answer.errors)")
        let there = try scene.home.git("log", "--format=%H", "main", at: scene.origin.path)
        #expect(!there.contains(theirs))
    }

    @Test("gets nothing of a branch at a first contact that finds another history there")
    func unrelatedAtFirst() throws {
        let scene = try Scene()
        try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.origin.path)
        try scene.commit("x", "x", to: scene.origin.path, orphan: true)
        let refs = try scene.refs("refs/", in: scene.origin.path)
        let engine = try Serving(scene)
        #expect(engine.says("error"), "\(engine.words)")
        try scene.commit("more", "1")
        #expect(engine.stop() == .exited(1), "\(engine.words)")
        #expect(try scene.refs("refs/", in: scene.origin.path) == refs)
    }

    @Test("is not called what has it durable before it was asked")
    func notAskedYet() throws {
        let scene = try Scene.inSync()
        #expect(try scene.branchStatus()["durable"]?.string == scene.tip())
        let other = try Self.stranger(scene)
        try scene.home.git("config", "pod.origin", other, at: scene.gitdir)
        let mark = try scene.branchStatus()
        #expect(mark["durable"] == .null && mark["state"] == .string("waiting"), "\(mark.text)")
    }

    @Test("has not what went to a mirror under its remote's name", arguments: [false, true])
    func pushedElsewhere(isPushURL: Bool) throws {
        let scene = try Scene.inSync()
        let mirror = try Self.other(scene)
        let there = scene.origin.path
        try scene.home.git("config", "remote.origin.url", there, at: scene.gitdir)
        let (key, value) =
            isPushURL ? ("remote.origin.pushurl", mirror) : ("url.\(mirror).pushInsteadOf", there)
        try scene.home.git("config", key, value, at: scene.gitdir)
        try scene.home.git(
            "config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*",
            at: scene.gitdir)
        let ours = try scene.commit("ours.txt", "ours")
        try scene.home.git("push", "-q", "origin", "main", at: scene.gitdir)
        #expect(try scene.tip("refs/remotes/origin/main") == ours)
        let mark = try scene.branchStatus()
        #expect(mark["durable"]?.string != ours && mark["state"] == .string("waiting"))
        let answer = try scene.reconcile()
        #expect(answer.outcome == "pushed-ahead", "\(answer.errors)")
        #expect(try scene.tip() == ours)
        #expect(try scene.origin.tip() == ours)
    }

    @Test("is not the same one by another name")
    func spelling() throws {
        let scene = try Scene.inSync()
        for url in ["file://\(scene.origin.path)", "\(scene.origin.path)/"] {
            let answer = try scene.reconcile("--origin", url)
            #expect(answer.outcome == "in-sync")
            #expect(!answer.errors.contains("now, and was"), "\(answer.errors)")
        }
    }

    @Test("a clone remembers where it is from")
    func clone() throws {
        let scene = try Scene()
        let other = try Self.stranger(scene)
        let path = scene.origin.pod.folder.file("clone.git")
        #expect(try scene.answer(["clone", scene.origin.path, path]).code == .done)
        let answer = try scene.answer(["reconcile", "--repo", path, "--json", "--origin", other])
        #expect(answer.error.contains("and is \(other) now"), "\(answer.error)")
        #expect(!contents("\(path)/git-pod-origin").contains(other))
    }
}

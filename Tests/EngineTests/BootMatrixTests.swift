// What `git pod serve` finds at its place and at origin when it starts: each with its state, its words and
// the way out of it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("What an engine finds at its start")
struct BootMatrixTests {
    /// Starts an engine at `path`, quick to try again.
    private func serve(_ scene: Scene, at path: String, _ flags: String..., url: String? = nil)
        throws -> ServedAPI
    {
        let quick = ["--clone-retry-first", "50ms", "--clone-retry-cap", "100ms"]
        return try ServedAPI(
            scene, flags: ["--repo", path] + quick + flags,
            access: ["--origin", url ?? scene.origin.url] + scene.accessWithoutOrigin)
    }

    private func becomesReady(_ api: ServedAPI) -> Bool {
        (try? eventually { try api.get("/readyz").status == 200 }) ?? false
    }

    /// Waits until status shows this phase, and checks what a pod without a repository says of itself.
    private func waits(_ api: ServedAPI, as phase: String, saying words: String) throws {
        var status = JSON.null
        #expect(
            try eventually {
                status = try api.get("/v1/status").json
                return status["phase"]?.string == phase
            }, "\(status.text)")
        let error = status["error"]?.string ?? ""
        #expect(error.contains(words), "\(error)")
        #expect(try api.get("/livez").status == 200)
        #expect(try api.get("/readyz").status == 503)
        #expect(try api.metric("git_pod_clone_failing") == 1)
    }

    enum Place: String, CaseIterable {
        case empty = "nothing"
        case lost = "lost+found"
        case half = "half a clone of ours"
    }

    @Test("a volume with nothing of anybody's is cloned into", arguments: Place.allCases)
    func clean(place: Place) throws {
        let scene = try Scene()
        let path = try scene.origin.pod.folder.folder("volume")
        switch place {
        case .empty: break
        case .lost: try makeFolder("\(path)/lost+found")
        case .half:
            try scene.origin.pod.folder.folder("volume/.git-pod-clone/objects/pack")
            try writeFile("\(path)/.git-pod-clone/objects/pack/tmp_pack_x", "half")
            try writeFile("\(path)/.git-pod-clone/HEAD", "ref: refs/heads/other\n")
        }
        let api = try serve(scene, at: path)
        #expect(becomesReady(api), "\(api.engine.words)")
        #expect(try api.get("/v1/status").json["phase"]?.string == "serving")
        #expect(try scene.tip(in: path) == scene.origin.tip())
        #expect(exists("\(path)/lost+found") == (place == .lost))
        #expect(!exists("\(path)/.git-pod-clone"))
        try scene.home.git("fsck", "--full", at: path)
    }

    private func files(_ path: String) throws -> String {
        try run(["find", path, "-type", "f", "!", "-name", "git-pod*", "-ls"]).check().output
    }

    enum Refused: String, CaseIterable {
        case files = "is not empty: it holds letter"
        case workingTree = "is a working tree"
        case itsGitdir = "core.bare = false"
        case hollow = "is no bare repository"
        case noHead = "says neither a ref nor a commit"
        case file = "is no folder that can be read"
    }

    @Test(
        "what is somebody else's, or no repository, is refused and left as it is",
        arguments: Refused.allCases)
    func refused(what: Refused) throws {
        let scene = try Scene()
        let folder = scene.origin.pod.folder
        let path = folder.file("volume")
        var repo = path
        switch what {
        case .files: try writeFile(folder.folder("volume") + "/letter", "dear")
        case .workingTree, .itsGitdir:
            try scene.home.git("clone", "-q", scene.origin.path, path)
            if what == .itsGitdir { repo += "/.git" }
        case .hollow: try writeFile(folder.folder("volume") + "/HEAD", "ref: refs/heads/main\n")
        case .noHead:
            try scene.home.git("clone", "-q", "--bare", scene.origin.path, path)
            try writeFile("\(path)/HEAD", "")
        case .file: try writeFile(path, "no folder")
        }
        let before = try files(path)
        let engine = try Serving(scene, "--repo", repo)
        let end = engine.end()
        #expect(end == .exited(2), "\(engine.words)")
        #expect(engine.words.contains(what.rawValue), "\(engine.words)")
        #expect(try files(path) == before)
    }

    @Test(
        "a repository with a damaged object is served, said to be damaged, and goes on when mended")
    func damaged() throws {
        let scene = try Scene.inSync()
        let tip = try scene.commit("ours.txt", "ours")
        let object = "\(scene.gitdir)/objects/\(tip.prefix(2))/\(tip.dropFirst(2))"
        try rename(object, to: object + ".away")
        let api = try serve(scene, at: scene.gitdir)
        #expect(becomesReady(api), "\(api.engine.words)")
        #expect(api.engine.says("error") || api.engine.says("reconcile"))
        #expect(api.engine.words.contains(String(tip.prefix(7))), "\(api.engine.words)")
        #expect(try api.get("/livez").status == 200)
        try rename(object + ".away", to: object)
        #expect(try eventually { try api.post("/v1/reconcile").json["exitCode"] == .integer(0) })
        #expect(try scene.origin.tip() == tip)
    }

    @Test("an origin without that branch is waited for, and named")
    func noBranch() throws {
        let scene = try Scene()
        let path = scene.origin.pod.folder.file("boot.git")
        let api = try serve(scene, at: path, "--branch", "release")
        try waits(api, as: "clone-failed", saying: "origin has no branch release")
        #expect(!exists(path))
        try scene.home.git("branch", "release", "main", at: scene.origin.path)
        #expect(becomesReady(api), "\(api.engine.words)")
        #expect(try scene.tip("refs/heads/release", in: path) == scene.origin.tip())
    }

    @Test("an origin without a commit is ready at once, and gets the first one")
    func emptyOrigin() throws {
        let scene = try Scene()
        let origin = try OriginChangedTests.other(scene, isEmpty: true)
        let path = scene.origin.pod.folder.file("boot.git")
        let api = try serve(scene, at: path, url: origin)
        #expect(becomesReady(api), "\(api.engine.words)")
        let commit = try scene.commit("first.txt", "first", to: path)
        #expect(try eventually { try scene.tip(in: origin) == commit }, "\(api.engine.words)")
    }

    @Test("a far origin's progress shows, one that dies in the middle is tried again")
    func dying() throws {
        let stage = try TroubleStage()
        let scene = stage.scene
        try scene.origin.pod.addBulk(megabytes: 6, to: scene.origin.path)
        try stage.use(.init(cutDown: 2 << 20))
        let path = scene.origin.pod.folder.file("boot.git")
        let api = try ServedAPI(
            scene,
            flags: [
                "--repo", path, "--branch", "bulk", "--clone-retry-first", "50ms",
                "--clone-retry-cap", "100ms",
            ],
            access: [
                "--origin", scene.origin.url(port: stage.port), "--deploy-key", stage.key,
                "--known-hosts", stage.hosts,
            ])
        try waits(api, as: "clone-failed", saying: "127.0.0.1")
        #expect(!exists(path))
        // It is slow from here on: it stops after a while, for as long as somebody looks.
        try stage.use(.init(freezeDown: 3 << 20))
        #expect(
            try eventually {
                let clone = try api.get("/v1/status").json["clone"]
                return clone?["phase"]?.string == "receiving" && clone?["bytes"] != .integer(0)
                    && clone?["totalObjects"] != .integer(0)
            }, "\(api.engine.words)")
        #expect(try api.metric("git_pod_clone_received_bytes") ?? 0 > 0)
        #expect(try api.get("/readyz").status == 503)
        try stage.cut()
        #expect(becomesReady(api), "\(api.engine.words)")
        try scene.home.git("fsck", "--full", at: path)
    }
}

@Suite(
    "What an engine finds that only root can make",
    .enabled(if: currentUser() == 0, "it mounts volumes, and gives files away"))
struct RootBootTests {
    @Test("a gitdir of another user is served, and what it configures is not followed")
    func stranger() throws {
        let scene = try Scene.inSync()
        try scene.home.git("config", "core.sshCommand", "touch /tmp/never", at: scene.gitdir)
        try scene.home.git("config", "pod.retryCap", "1h", at: scene.gitdir)
        let tip = try scene.commit("ours.txt", "ours")
        try run(["chown", "-R", "4242:4242", scene.gitdir]).check()
        let api = try ServedAPI(scene)
        #expect(try eventually { try api.get("/readyz").status == 200 }, "\(api.engine.words)")
        #expect(api.engine.words.contains("belongs to user 4242"), "\(api.engine.words)")
        #expect(try api.engine.isDurable(tip), "\(api.engine.words)")
    }

    @Test("a volume that is too small is a state, and is cloned into when it has grown")
    func tooSmall() throws {
        let scene = try Scene()
        try scene.origin.pod.addBulk(megabytes: 20, to: scene.origin.path)
        let volume = try SmallVolume("12m")
        let api = try ServedAPI(
            scene,
            flags: [
                "--repo", volume.path, "--branch", "bulk", "--min-free", "4M",
                "--clone-retry-first", "50ms", "--clone-retry-cap", "100ms",
            ])
        var status = JSON.null
        #expect(
            try eventually {
                status = try api.get("/v1/status").json
                return status["phase"]?.string == "disk-full"
            }, "\(status.text)")
        #expect(status["error"]?.string?.contains("disk-full") == true, "\(status.text)")
        #expect(try api.get("/livez").status == 200)
        try volume.resize(to: "80m")
        #expect(try eventually { try api.get("/readyz").status == 200 }, "\(api.engine.words)")
    }

    @Test("on a full volume it stays up, is asked and fetched from, and goes on when there is room")
    func full() throws {
        let scene = try Scene.inSync()
        let volume = try SmallVolume("8m")
        let gitdir = "\(volume.path)/r.git"
        try run(["cp", "-a", scene.gitdir, gitdir]).check()
        let api = try ServedAPI(
            scene, flags: ["--repo", gitdir, "--origin-check", "200ms", "--recheck", "200ms"])
        #expect(try eventually { try api.get("/readyz").status == 200 }, "\(api.engine.words)")
        try scene.origin.vanish()
        let tip = try scene.commit("ours.txt", "ours", to: gitdir)
        try volume.fill()
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        api.engine.signal(Signals.hangUp)
        #expect(api.engine.says("reload"), "\(api.engine.words)")
        for path in ["/livez", "/readyz", "/v1/status", "/metrics"] {
            #expect(try api.get(path).status == 200, "\(path)")
        }
        #expect(try api.metric("git_pod_volume_free_bytes") == 0)
        let clone = scene.origin.pod.folder.file("fetched.git")
        let bridge = "\(Products.path("git-pod")) bridge git-upload-pack"
        try scene.home.git("clone", "-q", "--bare", "--upload-pack", bridge, gitdir, clone)
        #expect(try scene.tip(in: clone) == tip)
        // What the pod can still send is sent, or waits for room.
        try volume.empty()
        #expect(try eventually { try scene.origin.tip() == tip }, "\(api.engine.words)")
        #expect(api.engine.isRunning)
        #expect(api.engine.stop() == .exited(0), "\(api.engine.words)")
        try scene.home.git("fsck", "--full", at: gitdir)
    }
}

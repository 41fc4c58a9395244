// `git pod serve` where there is no repository yet: what it says meanwhile, and what becomes of it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("On an empty volume")
struct BootTests {
    /// An engine that is to clone into a folder which nobody has made.
    private func boot(_ scene: Scene, _ flags: String...) throws -> (api: ServedAPI, path: String) {
        let path = scene.origin.pod.folder.file("boot.git")
        let quick = ["--clone-retry-first", "50ms", "--clone-retry-cap", "200ms"]
        return (try ServedAPI(scene, flags: ["--repo", path] + quick + flags), path)
    }

    private func phase(_ api: ServedAPI) throws -> String? {
        try api.get("/v1/status").json["phase"]?.string
    }

    /// Brings a path origin back.
    private func show(_ scene: Scene) throws {
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
    }

    @Test("it clones, reconciles and pushes", arguments: TestOrigin.Kind.allCases)
    func cloned(kind: TestOrigin.Kind) throws {
        let scene = try Scene(kind)
        let (api, path) = try boot(scene)
        #expect(try eventually { try api.get("/readyz").status == 200 })
        #expect(try phase(api) == "serving")
        let commit = try scene.commit("made here", "1\n", to: path)
        #expect(try api.post("/v1/push?wait=60s").json["exitCode"] == .integer(0))
        #expect(try scene.origin.tip() == commit)
        #expect(api.engine.stop() == .exited(0))
    }

    @Test("it answers while origin is away, and says why it is not ready")
    func away() throws {
        let scene = try Scene()
        try scene.origin.vanish()
        let (api, path) = try boot(scene)
        #expect(try eventually { try phase(api) == "clone-failed" })
        #expect(try api.get("/livez").status == 200)
        let ready = try api.get("/readyz")
        #expect(ready.status == 503 && ready.body.contains("no-repository"))
        #expect(try api.get("/healthz").status == 503)
        #expect(try api.metric("git_pod_ready") == 0)
        #expect(try api.get("/v1/status").json["error"]?.string?.contains("check that") == true)
        #expect(try api.post("/v1/push").status == 503)
        // It has tried more than once by then.
        #expect(try eventually { try api.metric("git_pod_clone_attempts") ?? 0 > 2 })
        #expect(!exists("\(path)/HEAD"))
        try show(scene)
        #expect(try eventually { try api.get("/readyz").status == 200 })
        #expect(try scene.tip(in: path) == scene.origin.tip())
        // What the clone has cost is told as long as this process lives.
        #expect(try api.metric("git_pod_clone_attempts") ?? 0 > 2)
        #expect(try api.metric("git_pod_clone_failing") == 0)
        #expect(try api.metric("git_pod_clone_duration_seconds") ?? 0 > 0)
    }

    @Test("it gives up when it was told to, and tries again when it is asked")
    func givenUp() throws {
        let scene = try Scene()
        try scene.origin.vanish()
        let (api, _) = try boot(scene, "--clone-max-retries", "1")
        #expect(api.engine.says("stopped"))
        #expect(try api.get("/v1/status").json["stopped"]?.bool == true)
        try show(scene)
        #expect(try api.post("/v1/clone").status == 202)
        #expect(try eventually { try api.get("/readyz").status == 200 })
        let answer = try api.post("/v1/clone")
        #expect(answer.status == 200 && answer.json["inPlace"]?.bool == true)
    }

    @Test("a full one is a state and no end")
    func full() throws {
        let (api, path) = try boot(Scene(), "--min-free", "100000G")
        #expect(try eventually { try phase(api) == "disk-full" })
        #expect(try api.get("/livez").status == 200)
        #expect(!exists(path))
        #expect(api.engine.stop() == .exited(0))
    }

    @Test("a signal ends it in the middle of a clone, which is no repository then")
    func ended() throws {
        let scene = try Scene(.ssh)
        let server = try #require(scene.origin.server?.process)
        let stopped = [server] + Processes.below(server)
        for process in stopped { try run(["kill", "-STOP", "\(process)"]).check() }
        defer { for process in stopped { _ = try? run(["kill", "-CONT", "\(process)"]) } }
        let (api, path) = try boot(scene)
        #expect(try eventually { try phase(api) == "cloning" })
        #expect(api.engine.stop() == .exited(0))
        #expect(!exists(path))
    }

    @Test("one that holds something else is refused, not wiped")
    func taken() throws {
        let scene = try Scene()
        let path = scene.origin.pod.folder.file("boot.git")
        try scene.origin.pod.folder.folder("boot.git")
        try writeFile("\(path)/precious", "mine\n")
        let engine = try Serving(scene, "--repo", path)
        #expect(engine.end() == .exited(2))
        #expect(engine.words.contains("is not empty: it holds precious"), "\(engine.words)")
        #expect(contents("\(path)/precious") == "mine\n")
    }

    @Test("nothing is cloned if nothing says from where")
    func noOrigin() throws {
        let scene = try Scene()
        let path = scene.origin.pod.folder.file("boot.git")
        let engine = try Serving(scene, flags: ["--repo", path], access: [])
        #expect(engine.end() == .exited(2))
        #expect(engine.words.contains("give --origin URL to have it cloned"), "\(engine.words)")
    }
}

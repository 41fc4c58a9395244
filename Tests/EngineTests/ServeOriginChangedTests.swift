// A running engine whose origin is another one from now on: at its start, or by SIGHUP.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine with another origin than before")
struct ServeOriginChangedTests {
    /// An engine whose origin is what the gitdir's config says.
    private func serving(_ scene: Scene, _ flags: String...) throws -> ServedAPI {
        try configure(scene, scene.origin.url)
        return try ServedAPI(scene, flags: flags, access: [])
    }

    private func configure(_ scene: Scene, _ url: String) throws {
        try scene.home.git("config", "remote.origin.url", url, at: scene.gitdir)
    }

    /// Has it read the configuration again, with another origin in it.
    private func move(_ api: ServedAPI, to url: String) throws {
        try configure(api.scene, url)
        api.engine.signal(Signals.hangUp)
    }

    private func trouble(_ api: ServedAPI) throws -> String {
        try api.get("/v1/status").json["originFailure"]?["text"]?.string ?? ""
    }

    @Test("takes it on, says so, and pushes there")
    func adopted() throws {
        let scene = try Scene.inSync()
        let other = try OriginChangedTests.other(scene)
        let api = try serving(scene)
        try api.engine.begin()
        try move(api, to: other)
        #expect(api.engine.says("adopted"), "\(api.engine.words)")
        let commit = try scene.commit("ours.txt", "ours")
        #expect(try api.post("/v1/push?wait=60s").json["exitCode"] == .integer(0))
        #expect(try scene.tip(in: other) == commit)
        #expect(try scene.origin.tip() != commit)
        #expect(api.engine.said("adopted").count == 1)
        #expect(api.engine.stop() == .exited(0))
    }

    @Test("sends nothing to one that has nothing in common, says so, and stays")
    func refused() throws {
        let scene = try Scene.inSync()
        let other = try OriginChangedTests.stranger(scene)
        let there = try scene.refs("refs/", in: other)
        let api = try serving(scene, "--origin-check", "100ms", "--drain-timeout", "300ms")
        try api.engine.begin()
        try move(api, to: other)
        let commit = try scene.commit("ours.txt", "ours")
        #expect(try eventually { try trouble(api).contains("no commit in common") })
        #expect(try api.get("/readyz").status == 200)
        let push = try api.post("/v1/push").json
        #expect(push["exitCode"] == .integer(1), "\(push.text)")
        #expect(push["result"]?["error"]?.string?.contains("no commit in common") == true)
        #expect(try api.engine.flush(timeout: "1s").code == .unreachable)
        #expect(try scene.refs("refs/", in: other) == there)
        #expect(try scene.tip() == commit)
        // Put right, all is as it was.
        try move(api, to: scene.origin.url)
        #expect(try api.engine.flush().code == .done, "\(api.engine.words)")
        #expect(try scene.origin.tip() == commit)
        #expect(api.engine.said("adopted").isEmpty)
    }

    @Test("is ready while it cannot be reached, and takes it on when it can", arguments: [1, 3])
    func away(branches: Int) throws {
        let scene = try Scene.inSync()
        let other = try OriginChangedTests.other(scene)
        try rename(other, to: other + ".gone")
        for number in 1..<branches { try scene.update("more/\(number)", to: scene.tip() ?? "") }
        let api = try ServedAPI(
            scene, flags: ["--branch", "*"], access: ["--origin", other])
        #expect(try eventually { try api.get("/readyz").status == 200 })
        let commit = try scene.commit("ours.txt", "ours")
        #expect(try eventually { try !trouble(api).isEmpty }, "\(api.engine.words)")
        #expect(try api.metric("git_pod_origin_failing") == 1)
        try rename(other + ".gone", to: other)
        #expect(try api.engine.flush("--branch", "main").code == .done, "\(api.engine.words)")
        #expect(try scene.tip(in: other) == commit)
        #expect(api.engine.said("adopted").count == 1)
        #expect(
            try eventually { try scene.refs("refs/heads/more/", in: other).count == branches - 1 })
    }

    @Test("takes no reconcile with the former one for its word")
    func late() throws {
        let scene = try Scene.inSync()
        let commit = try scene.commit("ours.txt", "ours")
        let reached = "\(scene.origin.path)/reached"
        try writeFile(
            "\(scene.origin.path)/hooks/pre-receive",
            "#!/bin/sh\n: >'\(reached)'\nwhile [ -e '\(reached)' ]; do sleep 0.05; done\n",
            mode: 0o755)
        let api = try serving(scene, "--drain-timeout", "300ms")
        #expect(eventually { exists(reached) })
        let gone = scene.origin.pod.folder.file("nowhere.git")
        try move(api, to: gone)
        #expect(api.engine.says("reload"), "\(api.engine.words)")
        try run(["rm", reached]).check()
        #expect(try eventually { try scene.origin.tip() == commit })
        #expect(try eventually { try !trouble(api).isEmpty }, "\(api.engine.words)")
        #expect(try api.engine.flush(timeout: "500ms").code == .unreachable)
        #expect(try api.engine.mark()["durable"] == .null)
    }

    @Test("says so when SIGHUP finds an address changed that only a start listens on")
    func listen() throws {
        let scene = try Scene.inSync()
        let engine = try Serving(scene)
        try engine.begin()
        try scene.home.git("config", "pod.listenPublic", "127.0.0.1:1", at: scene.gitdir)
        engine.signal(Signals.hangUp)
        #expect(
            eventually {
                engine.said("reload").contains {
                    $0["message"]?.string?.contains("listenPublic is another one now") == true
                }
            }, "\(engine.words)")
    }
}

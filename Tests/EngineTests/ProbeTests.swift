// What probes say: from the first instant, and whatever becomes of origin.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Probes")
struct ProbeTests {
    private func reasons(_ answer: HTTPAnswer) -> [String] {
        (answer.json["reasons"]?.elements ?? []).compactMap { $0["reason"]?.string }
    }

    @Test("an engine whose first reconcile has ended lives, is ready and fresh")
    func ready() throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        for path in ["/livez", "/readyz", "/readyz?strict", "/readyz?strict=true", "/healthz"] {
            let answer = try api.get(path)
            #expect(answer.status == 200, "\(path)")
            #expect(answer.json["status"]?.string == "ok")
        }
        #expect(try api.get("/healthz").json["ready"]?["status"]?.string == "ok")
        #expect(try api.metric("git_pod_ready") == 1)
    }

    @Test("until the first reconcile has ended it lives and is not ready")
    func waiting() throws {
        let scene = try Scene.inSync()
        let other = try RunningCommand(
            [
                Products.path("git-pod"), "lock", "--repo", scene.gitdir, "--", "sh", "-c",
                "echo held >&2; exec sleep 1000",
            ], environment: scene.home.environment())
        #expect(try other.readErrors(until: "held"))
        let api = try ServedAPI(scene, flags: ["--lock-timeout", "1h"])
        #expect(try api.get("/livez").status == 200)
        for path in ["/readyz", "/healthz"] { #expect(try api.get(path).status == 503) }
        #expect(reasons(try api.get("/readyz")) == ["first-reconcile"])
        #expect(reasons(try api.get("/readyz?strict")) == ["first-reconcile", "stale-sync"])
        #expect(try api.metric("git_pod_ready") == 0)
        other.child.signal(Signals.kill)
        #expect(try eventually { try api.get("/readyz").status == 200 })
    }

    @Test("an origin that cannot be reached makes nobody dead or unready, only stale")
    func unreachable() throws {
        let scene = try Scene.inSync()
        try scene.origin.vanish()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        #expect(try api.get("/livez").status == 200)
        #expect(try api.get("/readyz").status == 200)
        let strict = try api.get("/readyz?strict")
        #expect(strict.status == 503)
        #expect(reasons(strict) == ["stale-sync"])
        #expect(try api.get("/healthz").json["strict"]?["status"]?.string == "unready")
    }

    @Test("a key that does not work makes nobody dead or unready")
    func badKey() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(
            scene, access: ["--origin", "ssh://127.0.0.1:1/x", "--deploy-key", "/no/such/key"])
        try api.engine.begin()
        #expect(try api.get("/livez").status == 200)
        #expect(try api.get("/readyz").status == 200)
    }

    @Test("without an origin there is nothing to wait for")
    func localOnly() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene, access: [])
        #expect(try api.get("/readyz").status == 200)
        #expect(reasons(try api.get("/readyz?strict")) == ["no-origin"])
    }
}

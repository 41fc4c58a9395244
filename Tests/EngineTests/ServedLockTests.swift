// The lock that an application takes over HTTP while it rebuilds.

import Model
import POSIX
import TestSupport
import Testing

@Suite("The lock over HTTP")
struct ServedLockTests {
    @Test("while it is held no reconcile moves the branch; one that was asked for follows it")
    func held() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        let old = try scene.tip()
        let new = try scene.commitToOrigin("theirs", "x")
        let token = try #require(try api.post("/v1/lock?for=100s").json["token"]?.string)
        let asked = try HTTPConnection(api.port)
        try asked.send("POST /v1/reconcile HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try !asked.read(within: .milliseconds(300)))
        #expect(try scene.tip() == old)
        // Commits go on to be saved.
        #expect(try api.get("/livez").status == 200)
        let other = try api.post("/v1/lock")
        #expect(other.status == 409)
        #expect(other.headers["retry-after"] != nil)
        #expect(try http("DELETE", "/v1/lock?token=\(token)", port: api.port).status == 200)
        _ = try asked.read()
        #expect(HTTPAnswer(asked.text)?.json["exitCode"] == .integer(0))
        #expect(try scene.tip() == new)
        #expect(try http("DELETE", "/v1/lock?token=\(token)", port: api.port).status == 404)
    }

    @Test("while a reconcile waits for it, commits are pushed as ever", arguments: [true, false])
    func pushes(isOurs: Bool) throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene, flags: ["--lock-timeout", "100s"])
        try api.engine.begin()
        let other: RunningCommand? =
            isOurs
            ? nil
            : try RunningCommand([
                Products.path("git-pod"), "lock", "--repo", scene.gitdir, "--", "sh", "-c",
                "echo held; sleep 100",
            ])
        defer { other?.child.end(grace: .zero) }
        if isOurs { #expect(try api.post("/v1/lock?for=100s").status == 200) }
        if let output = other?.child.outputDescriptor {
            #expect(try wait(for: output, reading: true, until: .longEnough))
        }
        let asked = try HTTPConnection(api.port)
        try asked.send("POST /v1/reconcile HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try !asked.read(within: .milliseconds(300)))
        let commit = try scene.commit("ours", "x")
        #expect(try eventually { try scene.origin.tip() == commit })
        #expect(try !asked.read(within: .milliseconds(10)))
    }

    @Test("it keeps another git-pod away as well, and lapses at its deadline")
    func lapses() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        let token = try #require(try api.post("/v1/lock?for=1s").json["token"]?.string)
        let lock = ["lock", "--repo", scene.gitdir, "--lock-timeout", "100s", "--", "true"]
        #expect(try run([Products.path("git-pod")] + lock).succeeded)
        #expect(
            try eventually { try api.post("/v1/lock?release=\(token)").status == 404 })
        #expect(try api.post("/v1/lock?for=1s").status == 200)
    }

    @Test(
        "what makes no sense is refused",
        arguments: ["for=", "for=x", "for=0s", "for=11m", "release=", "release=zz", "fro=1s"])
    func refused(query: String) throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        let status = try api.post("/v1/lock?\(query)").status
        #expect(status == (query.hasPrefix("release") ? 404 : 400))
    }
}

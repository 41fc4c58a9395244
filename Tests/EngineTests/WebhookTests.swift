// The webhook: who is let in, what is ours, and how few reconciles come of it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("The webhook")
struct WebhookTests {
    /// `sha256=…`, by openssl.
    private func signature(_ body: String, _ secret: String) throws -> String {
        let command = ["openssl", "dgst", "-sha256", "-hmac", secret, "-r"]
        let output = try run(command, input: Array(body.utf8)).check().output
        return "X-Hub-Signature-256: sha256=" + output.prefix { $0 != " " }
    }

    private func reload(
        _ api: ServedAPI, _ body: String = "", signed: Bool = false, headers: [String] = []
    ) throws -> HTTPAnswer {
        let proof =
            signed ? try signature(body, api.secret) : "Authorization: Bearer \(api.secret)"
        // As it comes through an ingress.
        return try http(
            "POST", "/v1/reload", port: api.publicPort,
            headers: ["Host: pod.example", proof] + headers, body: body)
    }

    @Test("a commit of somebody else's is fetched when origin tells of it, as GitHub and Gitea do")
    func fetched() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        for (number, header) in ["X-GitHub-Event: push", "X-Gitea-Event: push"].enumerated() {
            let tip = try scene.commitToOrigin("theirs\(number)", "x")
            let body = "{\"ref\":\"refs/heads/main\",\"after\":\"\(tip)\",\"forced\":false}"
            let answer = try reload(
                api, body, signed: true, headers: [header, "Content-Type: application/json"])
            #expect(answer.status == 200)
            #expect(answer.json["outcome"]?.string == "reconciled", "\(answer.body)")
            #expect(answer.json["report"]?["outcome"]?.string == "fast-forwarded")
            #expect(try scene.tip() == tip)
        }
        // A form, as GitHub sends if it is told to.
        let tip = try scene.commitToOrigin("theirs", "y")
        let form =
            "payload=%7B%22ref%22%3A%22refs%2Fheads%2Fmain%22%2C+%22after%22%3A%22\(tip)%22%7D"
        let answer = try reload(
            api, form, signed: true, headers: ["Content-Type: application/x-www-form-urlencoded"])
        #expect(answer.json["outcome"]?.string == "reconciled", "\(answer.body)")
        #expect(try scene.tip() == tip)
    }

    @Test("a commit that is here already needs no origin, unless it came by force")
    func noChanges() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        let before = api.reconciles
        try scene.origin.vanish()
        let tip = try #require(try scene.tip())
        for body in [
            "{\"branch\":\"main\",\"commitHash\":\"\(tip)\"}", "{\"commitHash\":\"\(tip)\"}",
            "{\"ref\":\"refs/heads/main\",\"after\":\"\(tip)\"}",
        ] {
            let answer = try reload(api, body)
            #expect(answer.status == 200)
            #expect(answer.json["outcome"]?.string == "noChanges")
        }
        #expect(api.reconciles == before)
        let forced = "{\"ref\":\"refs/heads/main\",\"after\":\"\(tip)\",\"forced\":true}"
        #expect(try reload(api, forced).json["outcome"]?.string == "reconciled")
    }

    @Test(
        "what is not ours is answered with 200 and the reason",
        arguments: [
            ("{\"ref\":\"refs/tags/v1\",\"after\":\"\"}", [], "refs/tags/v1 is no branch"),
            ("{\"ref\":\"refs/heads/other\"}", [], "this engine looks after no branch other"),
            ("{\"branch\":\"other\"}", [], "this engine looks after no branch other"),
            ("{\"zen\":\"x\"}", ["X-GitHub-Event: ping"], "the event is \"ping\", not push"),
        ])
    func ignored(body: String, headers: [String], reason: String) throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        let before = api.reconciles
        let answer = try reload(api, body, headers: headers)
        #expect(answer.status == 200)
        #expect(answer.json["outcome"]?.string == "ignored")
        #expect(answer.json["reason"]?.string == reason)
        #expect(api.reconciles == before)
    }

    @Test(
        "a body that makes no sense is refused",
        arguments: [
            "x", "[]", "{\"ref\":1}", "{\"commitHash\":\"abc\"}", "{\"branch\":true}",
            "{\"branch\":\"\"}",
            "{\"branch\":\"\",\"ref\":\"refs/heads/main\"}", "{\"after\":5}", "{\"ref\":null}",
            "{\"ref\":\"refs/tags/x\",\"forced\":1}",
            "{\"ref\":\"refs/heads/main\",\"after\":\"zz\"}",
        ])
    func malformed(body: String) throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        let answer = try reload(api, body)
        #expect(answer.status == 400, "\(answer) \(api.engine.words)")
    }

    @Test("nothing but the secret, or a signature of this very body with it, is a proof")
    func proofs() throws {
        let api = try ServedAPI(Scene.inSync())
        let body = "{\"branch\":\"other\"}"
        let right = try signature(body, api.secret)
        for headers in [
            [], ["Authorization: Bearer"], ["Authorization: Bearer "],
            ["Authorization: Bearer wrong"], ["Authorization: Bearer \(api.secret)x"],
            ["Authorization: Bearer \(api.secret.dropLast())"],
            ["Authorization: Basic \(api.secret)"], ["X-Hub-Signature-256: sha256="],
            [try signature(body + " ", api.secret)], [try signature(body, "wrong")],
            [right.replacing("sha256=", with: "sha1=")], [String(right.dropLast(2))],
            // A signature that is wrong is not made good by anything.
            [try signature(body, "wrong"), "Authorization: Bearer \(api.secret)"],
        ] {
            let answer = try http(
                "POST", "/v1/reload", port: api.publicPort, headers: headers, body: body)
            #expect(answer.status == 401, "\(headers)")
            #expect(answer.headers["www-authenticate"] == "Bearer")
        }
        for headers in [[right], ["authorization: bearer \(api.secret)"]] {
            let answer = try http(
                "POST", "/v1/reload", port: api.publicPort, headers: headers, body: body)
            #expect(answer.status == 200, "\(headers)")
        }
        #expect(!api.engine.words.contains(api.secret))
    }

    @Test("without a secret there is no webhook; one that is replaced counts from then on")
    func secrets() throws {
        let none = try ServedAPI(Scene.inSync(), hasSecret: false)
        #expect(try reload(none).status == 503)
        let api = try ServedAPI(Scene.inSync())
        #expect(try reload(api).status == 200)
        try writeFile(api.secretFile, "another one", mode: 0o600)
        #expect(try reload(api).status == 401)
        for content in ["", "\n"] {
            try writeFile(api.secretFile, content, mode: 0o600)
            let answer = try http(
                "POST", "/v1/reload", port: api.port, headers: ["Authorization: Bearer "])
            #expect(answer.status == 503)
        }
        #expect(api.engine.said("webhook").first?["level"]?.string == "error")
        #expect(!api.engine.words.contains("another one"))
    }

    @Test("webhooks that come together have one reconcile between them")
    func together() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        let held = try api.post("/v1/lock?for=60s")
        let token = try #require(held.json["token"]?.string)
        let before = api.reconciles
        let tip = try scene.commitToOrigin("theirs", "x")
        let body = "{\"commitHash\":\"\(tip)\"}"
        let calls = try (0..<10).map { _ in
            let call = try HTTPConnection(api.publicPort)
            try call.send(
                "POST /v1/reload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(api.secret)\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            return call
        }
        // All of them have come to the engine when it answers another.
        _ = try api.get("/livez")
        #expect(try api.post("/v1/lock?release=\(token)").status == 200)
        for call in calls {
            _ = try call.read()
            let answer = try #require(HTTPAnswer(call.text))
            #expect(answer.json["outcome"]?.string == "reconciled")
        }
        #expect(api.reconciles == before + 1)
        #expect(try scene.tip() == tip)
    }
}

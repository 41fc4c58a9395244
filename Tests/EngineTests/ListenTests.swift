// Where `git pod serve` listens, and what it does where it cannot; and who is served there.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Listening")
struct ListenTests {
    @Test(
        "with port 0 the system's choice is in the log and in status",
        arguments: ["127.0.0.1", "[::1]"])
    func anyPort(host: String) throws {
        let scene = try Scene.inSync()
        let engine = try Serving(scene, "--listen", "\(host):0")
        let port = try engine.port()
        try engine.begin()
        let status = try scene.status().json["engine"]
        #expect(status?["listen"]?.string == "\(host):\(port)")
        #expect(status?["listenPublic"] == .null)
    }

    @Test("if the default port is another's, that is one warning, and the engine works")
    func defaultTaken() throws {
        let scene = try Scene.inSync()
        // Whoever has it, has it.
        let taken = try? Loopback.listener(on: 7418)
        let engine = try Serving(scene, flags: [], hasListen: false)
        try engine.begin()
        let warning = try #require(engine.said("listening").first)
        #expect(warning["level"]?.string == "warning")
        #expect(
            warning["message"]?.string
                == "cannot listen on 127.0.0.1:7418: Address already in use; see who has it with "
                + "ss -ltnp, or set listen to another, or to none")
        #expect(engine.said("listening").count == 1)
        #expect(try scene.status().json["engine"]?["listen"] == .null)
        _ = taken
    }

    @Test(
        "if an address that was asked for is another's, it ends with 2 and says so",
        arguments: ["listen", "listen-public"])
    func taken(flag: String) throws {
        let scene = try Scene.inSync()
        let taken = try Loopback.listener()
        let address = "127.0.0.1:\(Loopback.port(of: taken.raw))"
        let engine = try Serving(scene, "--\(flag)", address)
        #expect(engine.end() == .exited(2))
        #expect(engine.words.contains("cannot listen on \(address): Address already in use; see"))
        #expect(!exists("\(scene.gitdir)/git-pod.sock"))
    }

    @Test(
        "an address that others can reach, or that is none, ends with 2",
        arguments: [
            ("listen", "0.0.0.0:0", "listen is \"0.0.0.0:0\", which others can reach"),
            ("listen", "[::]:0", "listen is \"[::]:0\", which others can reach"),
            ("listen", "8080", "listen is \"8080\""),
            ("listen-public", "example.com:80", "listenPublic is \"example.com:80\""),
        ])
    func refused(flag: String, address: String, text: String) throws {
        let engine = try Serving(Scene.inSync(), "--\(flag)", address)
        #expect(engine.end() == .exited(2))
        #expect(engine.words.contains(text), "\(engine.words)")
    }

    @Test("the public address has probes, metrics and the webhook, and nothing else")
    func publicRoutes() throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        for path in ["/livez", "/readyz", "/healthz", "/metrics"] {
            let answer = try http("GET", path, port: api.publicPort, headers: ["Host: pod.example"])
            #expect(answer.status == 200, "\(path)")
        }
        #expect(try http("POST", "/v1/reload", port: api.publicPort).status == 401)
        for (method, path) in [
            ("GET", "/v1/status"), ("GET", "/v1/events"), ("GET", "/openapi.json"),
            ("POST", "/v1/push"), ("POST", "/v1/reconcile"), ("POST", "/v1/lock"),
            ("DELETE", "/v1/lock"), ("POST", "/v1/fetches"), ("GET", "/"),
        ] {
            #expect(try http(method, path, port: api.publicPort).status == 404, "\(path)")
        }
        // What bridges tell comes by the socket alone.
        #expect(try api.post("/v1/fetches").status == 404)
    }

    @Test(
        "a request that a page of another site may have made is refused",
        arguments: [
            ["Host: pod.example"], ["Host: 127.0.0.1.evil.example"], ["Host: 10.0.0.1"],
            ["Host: localhost", "Origin: http://evil.example"],
            ["Host: localhost", "Origin: null"], ["Host: localhost", "Origin: https://localhost"],
            ["Host: localhost", "Origin: http://localhost:3000"],
        ])
    func crossSite(headers: [String]) throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        let before = api.reconciles
        for path in ["/v1/reconcile", "/v1/push", "/v1/lock"] {
            #expect(try api.post(path, headers: headers).status == 403)
        }
        #expect(try api.get("/v1/status", headers: headers).status == 403)
        #expect(api.reconciles == before)
        #expect(try api.get("/livez", headers: headers).status == 200)
    }

    @Test(
        "one from this machine is served, and so is a page of its own",
        arguments: [
            ["Host: 127.0.0.1:7418"], ["Host: localhost"], ["Host: LOCALHOST:80"],
            ["Host: [::1]:7418"], ["Host: localhost:5", "Origin: http://localhost:5"],
        ])
    func ownSite(headers: [String]) throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        #expect(try api.post("/v1/reconcile", headers: headers).json["exitCode"] == .integer(0))
    }

    @Test("a request without a Host is none of HTTP/1.1's")
    func noHost() throws {
        let api = try ServedAPI(Scene.inSync())
        let connection = try HTTPConnection(api.port)
        try connection.send("POST /v1/push HTTP/1.1\r\n\r\n")
        _ = try connection.read()
        #expect(connection.text.hasPrefix("HTTP/1.1 4"), "\(connection.text)")
    }

    @Test("200 idle connections, and one that sends slowly, do not stop a probe")
    func idle() throws {
        let api = try ServedAPI(Scene.inSync())
        let idle = try (0..<200).map { _ in try HTTPConnection(api.port) }
        try idle[0].send("GET /livez HTT")
        for _ in 0..<20 { #expect(try api.get("/livez").status == 200) }
        // More than there is room for: those that wait longest give way.
        let more = try (0..<200).map { _ in try HTTPConnection(api.port) }
        #expect(try api.get("/livez").status == 200)
        #expect(idle.count + more.count == 400)
    }
}

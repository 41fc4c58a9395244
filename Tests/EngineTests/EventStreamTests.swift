// `/v1/events`: what happens is told as it happens, and again to who comes back.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Events")
struct EventStreamTests {
    private func listen(_ api: ServedAPI, after last: String? = nil) throws -> HTTPConnection {
        let connection = try HTTPConnection(api.port)
        let header = last.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        try connection.send("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\(header)\r\n")
        try #require(try connection.read { $0.contains("retry: ") })
        return connection
    }

    private func ids(_ text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
    }

    @Test("a push is told with its commit, as the log has it")
    func push() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        let listener = try listen(api)
        let tip = try scene.commit("a", "1")
        #expect(try listener.read { $0.contains("event: push\n") && $0.contains(tip) })
        #expect(listener.text.contains("Content-Type: text/event-stream\r\n"))
        #expect(!listener.text.contains("event: start"))
        #expect(try api.metric("git_pod_event_listeners") == 1)
    }

    @Test("who comes back is told what it has missed, once, and then goes on listening")
    func replay() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        let first = try listen(api, after: "of-another-run")
        try #require(try first.read { $0.contains("event: reconcile") })
        #expect(first.text.contains("event: gap"))
        let seen = try #require(ids(first.text).last)
        let tip = try scene.commit("a", "1")
        #expect(try first.read { $0.contains(tip) })
        let second = try listen(api, after: seen)
        #expect(try second.read { $0.contains(tip) })
        #expect(!second.text.contains("event: gap"))
        #expect(Set(ids(second.text)).isDisjoint(with: [seen]))
        let next = try scene.commit("b", "2")
        #expect(try second.read { $0.contains(next) })
        #expect(ids(second.text).count == Set(ids(second.text)).count)
    }

    @Test("no more than 32 listen at a time, and who hangs up makes room")
    func tooMany() throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        do {
            let all = try (0..<32).map { _ in try listen(api) }
            let refused = try api.get("/v1/events")
            #expect(refused.status == 503)
            #expect(refused.headers["retry-after"] == "5")
            #expect(all.count == 32)
        }
        #expect(try eventually { try api.metric("git_pod_event_listeners") == 0 })
        _ = try listen(api)
    }

    @Test("an engine that ends lets its listeners go, and they do not keep it")
    func ending() throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        let listener = try listen(api)
        #expect(api.engine.stop() == .exited(0))
        // To its end.
        #expect(try !listener.read())
        #expect(listener.text.contains("event: drain"))
    }
}

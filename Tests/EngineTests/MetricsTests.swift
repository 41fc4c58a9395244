// What `/metrics` tells of an engine at work, and that Prometheus can read it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("a commit that becomes durable is counted once, with its time")
    func durable() throws {
        let scene = try Scene.inSync(.ssh)
        let api = try ServedAPI(scene)
        try api.engine.begin()
        #expect(try api.metric("git_pod_time_to_durable_seconds_count") == 0)
        let tip = try scene.commit("a", "1")
        #expect(try api.engine.isDurable(tip))
        #expect(try eventually { try api.metric("git_pod_time_to_durable_seconds_count") == 1 })
        #expect(try api.metric("git_pod_push_attempts_total{result=\"ok\"}") == 1)
        #expect(try api.metric("git_pod_branch_pending_commits{branch=\"main\"}") == 0)
        #expect(try api.metric("git_pod_branch_pending_seconds{branch=\"main\"}") == 0)
        #expect(try api.metric("git_pod_branches{state=\"in-sync\"}") == 1)
        let time = try #require(try api.metric("git_pod_time_to_durable_seconds_sum"))
        #expect(time > 0)
        let last = try #require(try api.metric("git_pod_last_push_timestamp_seconds"))
        #expect(abs(last - Double(wallClockSeconds())) < 3600)
        #expect(try eventually { try api.metric("git_pod_origin_warm") == 1 })
    }

    @Test("what waits is told in commits, bytes and seconds, and failures by their reason")
    func lag() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        _ = try api.engine.loseOrigin()
        let commits = try #require(
            try api.metric("git_pod_branch_pending_commits{branch=\"main\"}"))
        #expect(commits >= 1)
        let bytes = try #require(try api.metric("git_pod_branch_pending_bytes{branch=\"main\"}"))
        #expect(bytes > 100)
        let age = try #require(try api.metric("git_pod_branch_pending_seconds{branch=\"main\"}"))
        // The commit says that it was made at the beginning of 2026.
        #expect(abs(age - Double(wallClockSeconds() - 1_767_323_045)) < 3600)
        #expect(try api.metric("git_pod_origin_failing") == 1)
        let failed = try api.get("/metrics").body.split(separator: "\n")
            .filter { $0.hasPrefix("git_pod_push_attempts_total{") && !$0.contains("\"ok\"") }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
        #expect(failed >= 1)
    }

    @Test("an escape is counted as a reconcile, and is pending until origin has it")
    func escapes() throws {
        let scene = try Scene.inSync()
        try scene.commit("same", "here")
        try scene.commitToOrigin("same", "there")
        let api = try ServedAPI(scene)
        try api.engine.begin()
        #expect(
            try eventually {
                try api.metric("git_pod_reconciles_total{outcome=\"conflict-escaped\"}") == 1
            })
        #expect(try eventually { try api.metric("git_pod_escapes_pending") == 0 })
        #expect(try api.metric("git_pod_escape_storm") == 0)
    }

    @Test("of more branches than have a label, the others are in one sum")
    func manyBranches() throws {
        let scene = try Scene.inSync()
        for number in 0..<230 {
            let zeros = String(repeating: "0", count: 3 - "\(number)".count)
            try writeFile(
                "\(scene.gitdir)/refs/heads/b\(zeros)\(number)",
                try scene.tip().map { $0 + "\n" } ?? "")
        }
        let api = try ServedAPI(scene, flags: ["--branch", "b*"], access: [])
        let lines = try api.get("/metrics").body.split(separator: "\n")
            .filter { $0.hasPrefix("git_pod_branch_pending_commits{") }
        #expect(lines.count == 201)
        #expect(
            lines.contains { $0.hasPrefix("git_pod_branch_pending_commits{branch=\"~others\"} ") })
    }

    @Test("a fetch that the bridge serves is counted with its bytes, and is in the log")
    func fetches() throws {
        let scene = try Scene.inSync()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        #expect(try api.metric("git_pod_bridge_requests_total{result=\"served\"}") == 0)
        let bridge = [
            Products.path("git-pod"), "bridge", "--actor", "ada", "git-upload-pack", scene.gitdir,
        ]
        try run(bridge, environment: scene.home.environment(), input: Array("0000".utf8)).check()
        #expect(try api.metric("git_pod_bridge_requests_total{result=\"served\"}") == 1)
        let bytes = try #require(try api.metric("git_pod_bridge_sent_bytes_total"))
        #expect(bytes > 40)
        #expect(try api.metric("git_pod_bridge_request_duration_seconds_count") == 1)
        #expect(api.engine.said("fetch").first?["who"]?.string == "ada")
        // Its own audit log has it all the same.
        #expect(contents("\(scene.gitdir)/git-pod-audit.log").contains("\"who\":\"ada\""))
    }

    @Test("both formats have the same samples, each family with its help and its type")
    func formats() throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        let text = try api.get("/metrics")
        #expect(text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        let open = try api.get("/metrics", headers: ["Accept: application/openmetrics-text"])
        #expect(
            open.headers["content-type"]
                == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(open.body.hasSuffix("\n# EOF\n"))
        func names(_ body: String) -> [Substring] {
            body.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap {
                $0.split(separator: " ").first
            }
        }
        #expect(names(text.body) == names(open.body))
        for name in names(text.body) {
            let bare = name.prefix { $0 != "{" }
            let family = ["_bucket", "_sum", "_count"].reduce(bare) {
                $0.hasSuffix($1) ? $0.dropLast($1.count) : $0
            }
            #expect(name.hasPrefix("git_pod_"))
            #expect(text.body.contains("# HELP \(family) "), "\(family)")
            #expect(text.body.contains("# TYPE \(family) "), "\(family)")
        }
    }

    @Test(
        "promtool finds nothing to complain of",
        .enabled(if: findProgram("promtool") != nil, "promtool comes with Debian's prometheus"))
    func promtool() throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        let body = try api.get("/metrics").body
        let checked = try run(["promtool", "check", "metrics"], input: Array(body.utf8))
        #expect(checked.succeeded, "\(checked.output) \(checked.errors)")
        #expect(checked.output.isEmpty && checked.errors.isEmpty)
    }
}

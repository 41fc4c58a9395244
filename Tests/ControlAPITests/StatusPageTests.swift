// The status page as a value: whatever a peer has written stays text, and each state has its words.

import Model
import Testing

@testable import ControlAPI

@Suite("The status page's parts")
struct StatusPageTests {
    private let hostile = "<script>x</script>\"'&\u{202e}\u{0}שלום"

    private func page(_ status: String) -> PageContent {
        PageContent(
            status: JSON(parsing: Array(status.utf8)) ?? .null,
            time: UTCTime(millisecondsSince1970: 1_767_323_045_000), gitdir: "/data/repo.git",
            origin: "git@git.example.com:shop.git")
    }

    private func branch(_ members: String, _ name: String = "main") -> String {
        "{\"branch\":\(JSON.string(name).text),\"local\":\"b\",\(members)}"
    }

    @Test("text that is put into HTML is escaped, HTML is not, and what turns text around is shown")
    func escaping() {
        let markup: HTML = "<p title=\"\(hostile)\">\(.foreign(hostile))</p>"
        let text = "&lt;script&gt;x&lt;/script&gt;&quot;&#39;&amp;\\u{202e}\\x00שלום"
        #expect(markup.text == "<p title=\"\(text)\"><bdi>\(text)</bdi></p>")
        #expect(("\(1)\(["<i>", "</i>"] as [HTML])" as HTML).text == "1<i></i>")
        #expect(HTML.foreign(String(repeating: "x", count: 999)).text.count < 320)
    }

    @Test("whatever field of a status is hostile, no markup comes of it")
    func hostileStatus() {
        let text = JSON.string(hostile).text
        let fields = """
            "state":\(text),"origin":\(text),"seen":\(text),"durable":\(text),"pendingCommits":2,
            "pendingBytes":10,"oldestPendingSeconds":1,"originAhead":1,"nextAttemptInSeconds":1,
            "saved":{"commit":\(text),"conflictBranch":\(text)},"lastSuccessSecondsAgo":1,
            "lastFailure":{"reason":\(text),"text":\(text)},"lastReconcile":{"error":\(text)},
            "blockedByLock":{"path":\(text),"ageSeconds":1}
            """
        for phase in ["serving", "cloning", "clone-failed", "disk-full", "local-only", "<script>"] {
            var content = page(
                """
                {"phase":"\(phase)","error":\(text),"originFailure":{"text":\(text)},
                "clone":{"phase":\(text),"objects":1,"totalObjects":2},
                "branches":[\(branch(fields, hostile))]}
                """)
            let commit = PageContent.Commit(id: hostile, subject: hostile, time: 0, place: .here)
            content.lines = [hostile: [commit]]
            content.conflicts = [.init(name: hostile + "-2", tip: commit, isOnOrigin: true)]
            content.events = [
                .object(
                    ["time", "level", "event", "message"].map { ($0, .string(hostile)) })
            ]
            let document = content.document.text
            #expect(document.ranges(of: "<script>").count == 1)
            #expect(!document.contains("\u{202e}") && !document.contains("\u{0}"))
            #expect(document.contains("&lt;script&gt;x&lt;/script&gt;&quot;"))
        }
    }

    @Test("the first sentence says whether all is durable, and if not, whether it gets there")
    func verdicts() {
        let waits = "\"durable\":\"a\",\"pendingCommits\":2,\"state\":\"pushing\""
        let failed = waits + ",\"lastFailure\":{\"text\":\"no way\"}"
        let stuck = "\"durable\":\"a\",\"pendingCommits\":1,\"state\":\"stuck\""
        let saved = stuck + ",\"saved\":{\"commit\":\"b\",\"conflictBranch\":\"conflicts/x\"}"
        let cases: [(String, PageVerdict.Tone, String, String?)] = [
            ("\"phase\":\"cloning\"", .wait, "Cloning from origin", nil),
            (
                "\"phase\":\"local-only\"", .bad, "Nothing is durable: no origin is configured",
                "Commits"
            ),
            ("\"phase\":\"serving\",\"branches\":[]", .wait, "There is no branch yet", nil),
            (
                "\"branches\":[\(branch("\"durable\":\"b\",\"pendingCommits\":0"))]", .good,
                "Everything is durable", nil
            ),
            ("\"branches\":[\(branch(waits))]", .wait, "2 commits are not durable yet", nil),
            ("\"branches\":[\(branch(failed))]", .bad, "2 commits are not durable", "no way"),
            ("\"branches\":[\(branch(stuck))]", .bad, "1 commit is not durable", "main is stuck"),
            (
                "\"branches\":[\(branch(saved))]", .wait,
                "Everything is saved, not all on its branch",
                "Origin has main on conflicts/x, not on main."
            ),
            (
                "\"stopped\":true,\"branches\":[\(branch(waits))]", .bad,
                "2 commits are not durable",
                "Nothing is sent until"
            ),
        ]
        for (status, tone, title, reason) in cases {
            let verdict = PageVerdict(page("{\(status)}"))
            #expect(verdict.tone == tone && verdict.title == title, "\(status)")
            #expect(verdict.reason?.hasPrefix(reason ?? "") ?? (reason == nil), "\(verdict)")
        }
    }

    @Test("a first clone shows how far it is, and why it waits")
    func clone() {
        let running = page(
            """
            {"phase":"cloning","attempt":2,"clone":{"phase":"receiving","objects":50,"totalObjects":200,
            "bytes":2097152,"bytesPerSecond":1048576,"estimateSeconds":6}}
            """
        ).document.text
        #expect(running.contains("<progress aria-labelledby=\"clone\" max=\"100\" value=\"25\">"))
        #expect(
            running.contains(
                "Try 2: receiving 50 of 200 objects (25 %), 2 MiB at 1 MiB a second, about 6 s to go."
            ))
        #expect(running.contains("data-period=\"1000\"") && !running.contains("id=\"lag\""))
        let early = page(
            "{\"phase\":\"cloning\",\"attempt\":1,\"clone\":{\"phase\":\"connecting\",\"totalObjects\":0}}"
        )
        #expect(early.document.text.contains("<progress aria-labelledby=\"clone\"></progress>"))
        let failed = page(
            "{\"phase\":\"clone-failed\",\"attempt\":3,\"clone\":null,\"error\":\"gone\",\"nextAttemptInSeconds\":7}"
        )
        #expect(failed.document.text.contains("Try 3 has failed. The next is in 7 s."))
        #expect(PageVerdict(failed).reason == "gone")
    }

    @Test("the plot has a step wherever the lag changed, and says in words what it shows")
    func plot() {
        let points = [
            (3600, 0), (3585, 3), (3570, 3), (3555, 12), (3540, 0), (1800, nil), (15, 6), (0, 6),
        ].map { PageContent.LagPoint(secondsAgo: $0.0, commits: $0.1) }
        let plot = PagePlot(points, now: 6)
        #expect(
            plot.html.text.contains("d=\"M1 44V34H3V2H4V44ZM239 44V23H240V44Z\""),
            "\(plot.html.text)")
        #expect(
            plot.words.hasPrefix("At most 12 commits, now 6. In the last 60 min"), "\(plot.words)")
        let calm = PagePlot([.init(secondsAgo: 600, commits: 0)], now: 0)
        #expect(calm.words == "All was durable in the last 10 min.")
        #expect(PagePlot([], now: nil).words == "Nothing is known yet.")
        // An hour of change at each sample stays small.
        let wild = (0...240).reversed().map {
            PageContent.LagPoint(secondsAgo: $0 * 15, commits: $0 % 2 * 1000)
        }
        #expect(PagePlot(wild, now: 0).html.text.utf8.count < 5000)
    }

    @Test("its style and script are let through by their hashes, and by nothing else")
    func policy() throws {
        let response = ControlResponse.page(page("{}"))
        let policy = try #require(response.headers["Content-Security-Policy"])
        let hash = try #require(sha256(Array("abc".utf8)))
        #expect(hash.prefix(4) == [0xba, 0x78, 0x16, 0xbf])
        for source in [pageStyle, pageScript] {
            let hash = try #require(sha256(Array(source.text.utf8)))
            #expect(policy.contains("'sha256-\(Base64.encode(hash))'"))
        }
        #expect(policy.contains("require-trusted-types-for 'script'"))
    }
}

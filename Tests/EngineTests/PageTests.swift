// The status page over HTTP: where it is served, what protects it, and how large it gets.

import Model
import POSIX
import TestSupport
import Testing

@Suite("The status page")
struct PageTests {
    @Test(
        "it is served by the socket and the loopback address alone, and allows nothing from outside"
    )
    func served() throws {
        let api = try ServedAPI(Scene.inSync())
        try api.engine.begin()
        let page = try api.get("/")
        #expect(page.status == 200)
        #expect(page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(page.headers["cache-control"] == "no-store")
        let policy = try #require(page.headers["content-security-policy"])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"))
        #expect(page.body.contains("Everything is durable"))
        #expect(page.body.hasSuffix("</html>\n"))
        for word in ["src=", "href=\"http", "href=\"//", "@import", "url(", " style=", " onload="] {
            #expect(!page.body.contains(word), "\(word)")
        }
        #expect(try api.get("/", headers: ["Host: pod.example"]).status == 403)
        #expect(try http("GET", "/", port: api.publicPort).status == 404)
        #expect(try http("POST", "/", port: api.port).status == 405)
    }

    @Test("what origin had when it was last heard of counts, also where it is away at the start")
    func remembered() throws {
        let scene = try Scene.inSync()
        try scene.origin.vanish()
        let api = try ServedAPI(scene)
        try api.engine.begin()
        let page = try api.get("/").body
        #expect(page.contains("<span id=\"verdict\">Everything is durable</span>"))
        #expect(page.contains("does not appear to be a git repository"))
        #expect(!page.contains("only here"))
        try scene.commit("a", "1", message: "Begin without origin")
        #expect(
            try eventually {
                try api.get("/").body.contains(
                    "<span id=\"verdict\">1 commit is not durable</span>")
            })
        #expect(try api.engine.mark().count("pendingCommits") == 1)
        #expect(try api.metric("git_pod_branch_pending_commits{branch=\"main\"}") == 1)
    }

    @Test("with many branches and long texts it stays small, and says what it leaves out")
    func bounded() throws {
        let scene = try Scene.inSync()
        let long = String(repeating: "<b>&\"' ", count: 500)
        for number in 10..<40 {
            try scene.home.git("update-ref", "refs/heads/b\(number)", "main", at: scene.gitdir)
            try scene.commit("f", "x", branch: "b\(number)", message: long)
        }
        let api = try ServedAPI(scene, flags: ["--branch", "b*"], access: [])
        let page = try api.get("/")
        #expect(page.body.contains("and 18 more branches, 18 of them not durable"))
        #expect(page.body.ranges(of: "aria-labelledby=\"branch-").count == 12)
        #expect(!page.body.contains("<b>&\""))
        #expect(page.body.utf8.count < 150_000, "\(page.body.utf8.count)")
        let one = try ServedAPI(Scene.inSync())
        try one.engine.begin()
        let size = try one.get("/").body.utf8.count
        #expect(size < 20_000, "\(size)")
    }

    @Test("what it listens to is all that the log says of")
    func events() throws {
        let api = try ServedAPI(Scene.inSync())
        let body = try api.get("/").body
        let list = try #require(body.firstRange(of: "const events = ["))
        let names = body[list.upperBound...].prefix { $0 != "]" }
            .split { !$0.isLetter }.map(String.init)
        #expect(Set(names) == eventsInSources.union(["gap"]))
        #expect(names == names.sorted())
    }
}

/// What the sources give as names to entries of the log that listeners are told.
private let eventsInSources: Set<String> = {
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    var names: Set<String> = []
    for folder in ["Engine", "git-pod", "git-pod/Control"] {
        for file in directoryEntries("\(root)/Sources/\(folder)") ?? []
        where file.hasSuffix(".swift") {
            let source = contents("\(root)/Sources/\(folder)/\(file)")
            for call in source.split(separator: "LogEntry(").dropFirst() {
                // LogEntry(.info, "push", …
                let words = call.split(separator: "\"", maxSplits: 20)
                let named = zip(words, words.dropFirst()).first {
                    $0.hasSuffix(", ") && $1.allSatisfy(\.isLetter)
                }
                guard let (level, name) = named, !level.contains(".debug") else { continue }
                names.insert(String(name))
            }
        }
    }
    return names
}()

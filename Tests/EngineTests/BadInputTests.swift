// What cannot be worked on: one line that says which and what to do, the right exit code, nothing
// moved.

import Model
import POSIX
import TestSupport
import Testing

@Suite("What the engine's verbs refuse")
struct BadInputTests {
    /// A gitdir that is none, and words of what is said about it.
    struct Place: Sendable, CustomTestStringConvertible {
        let name: String
        let words: String
        var code = ExitCode.configuration
        let make: @Sendable (TemporaryDirectory, GitHome) throws -> String
        var testDescription: String { name }
    }

    static func places() -> [Place] {
        [
            Place(name: "missing", words: "there is no repository at") { folder, _ in
                folder.file("nowhere")
            },
            Place(name: "a file", words: "is no folder") { folder, _ in
                try writeFile(folder.file("file"), "x")
                return folder.file("file")
            },
            Place(name: "an empty folder", words: "is no bare repository") { folder, _ in
                try folder.folder("empty")
            },
            Place(name: "a working tree", words: "is a working tree") { folder, home in
                try home.git("init", "-q", folder.file("tree"))
                return folder.file("tree")
            },
            Place(name: "a working tree's gitdir", words: "core.bare = false") { folder, home in
                try home.git("init", "-q", folder.file("tree"))
                return folder.file("tree/.git")
            },
            Place(name: "SHA-256", words: "only SHA-1 is known") { folder, home in
                try home.git("init", "-q", "--bare", "--object-format=sha256", folder.file("r"))
                return folder.file("r")
            },
            Place(name: "a partial clone", words: "is a partial clone") { folder, home in
                try home.git("init", "-q", "--bare", folder.file("r"))
                try home.git("config", "remote.origin.promisor", "true", at: folder.file("r"))
                return folder.file("r")
            },
            Place(name: "a shallow clone", words: "is a shallow clone") { folder, home in
                try home.git("init", "-q", "--bare", folder.file("r"))
                try writeFile(
                    folder.file("r/shallow"), String(repeating: "12", count: 20) + "\n")
                return folder.file("r")
            },
            Place(name: "reftable", words: "only files are known") { folder, home in
                try home.git("init", "-q", "--bare", folder.file("r"))
                let config = "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
                try writeFile(
                    folder.file("r/config"), config + "[extensions]\n\trefStorage = reftable\n")
                return folder.file("r")
            },
            Place(name: "a broken config", words: "config") { folder, home in
                try home.git("init", "-q", "--bare", folder.file("r"))
                try writeFile(folder.file("r/config"), "[core\n")
                return folder.file("r")
            },
            Place(name: "packed refs that are a pipe", words: "is no plain file") { folder, home in
                try home.git("init", "-q", "--bare", folder.file("r"))
                try run(["mkfifo", folder.file("r/packed-refs")]).check()
                return folder.file("r")
            },
            Place(name: "a pipe that is borrowed", words: "pack-1.idx is no plain file") {
                folder, home in
                try home.git("init", "-q", "--bare", folder.file("r"))
                try run(["mkdir", "-p", folder.file("objects/pack"), folder.file("more")]).check()
                try writeFile(folder.file("r/objects/info/alternates"), "../../objects\n")
                try run(["ln", "-s", "../../more", folder.file("objects/pack/more")]).check()
                try run(["mkfifo", folder.file("more/pack-1.idx")]).check()
                return folder.file("r")
            },
            Place(name: "a branch that is damaged", words: "/r: corrupted", code: .failed) {
                folder, home in
                try home.git("init", "-q", "--bare", folder.file("r"))
                try writeFile(folder.file("r/refs/heads/main"), "none\n")
                return folder.file("r")
            },
            Place(name: "an include that is a pipe", words: "does not come to an end") {
                folder, home in
                try home.git("init", "-q", "--bare", folder.file("r"))
                try run(["mkfifo", folder.file("r/p;x")]).check()
                let include = "[include]\n\tpath = \"p;x\"\n"
                try appendToFile(folder.file("r/config"), include, mode: 0o644)
                return folder.file("r")
            },
            Place(name: "another format", words: "format that is not known: 2") { folder, home in
                try home.git("init", "-q", "--bare", folder.file("r"))
                try home.git("config", "core.repositoryFormatVersion", "2", at: folder.file("r"))
                return folder.file("r")
            },
            Place(name: "an extension", words: "format that is not known: the extension newest") {
                folder, home in
                try home.git("init", "-q", "--bare", folder.file("r"))
                for (key, value) in [
                    ("extensions.newest", "1"), ("core.repositoryFormatVersion", "1"),
                ] { try home.git("config", key, value, at: folder.file("r")) }
                return folder.file("r")
            },
        ]
            + [
                "refs/heads/main", "objects/ab/\(String(repeating: "c", count: 38))",
                "objects/info/commit-graph", "objects/pack/multi-pack-index",
                "objects/pack/pack-1.idx", "logs/refs/heads/main",
            ].map { name in
                Place(name: "a pipe", words: "/\(name) is no plain file, and ") { folder, home in
                    let path = folder.file("r/\(name)")
                    try home.git("init", "-q", "--bare", folder.file("r"))
                    try run(["mkdir", "-p", path.parentFolder]).check()
                    try run(["mkfifo", path]).check()
                    return folder.file("r")
                }
            } + [
                Place(name: "an unborn branch", words: "has no branch main", code: .failed) {
                    folder, home in
                    try home.git("init", "-q", "--bare", folder.file("r"))
                    return folder.file("r")
                }
            ]
    }

    @Test(arguments: ["reconcile", "push", "flush"])
    func places(verb: String) throws {
        let folder = try TemporaryDirectory()
        let home = try GitHome()
        for (number, place) in Self.places().enumerated() {
            let parent = try TemporaryDirectory()
            let path = try place.make(parent, home)
            let ended = try run(
                [Products.path("git-pod"), verb, "--repo", path, "--origin", folder.path],
                environment: home.environment())
            #expect(ended.errors.contains(place.words), "\(place.name): \(ended.errors)")
            #expect(ended.status == .exited(place.code.rawValue), "\(number) \(place.name)")
            let lines = ended.errors.split(separator: "\n")
            #expect(lines.count == 1, "\(place.name): \(ended.errors)")
            #expect(lines.allSatisfy { $0.hasPrefix("git-pod: ") })
        }
    }

    @Test(
        "a URL that could be taken for something else runs nothing",
        arguments: [
            "-oProxyCommand=touch canary", "ext::touch canary", "--upload-pack=touch canary",
            "ssh://-oProxyCommand=x/r.git", "git://example.com/r.git", "fd::3", "", "x\ny",
            "ssh://host/../\u{1b}[2J",
        ])
    func urls(url: String) throws {
        let scene = try Scene()
        let refs = try scene.refs("refs/")
        let answer = try scene.reconcile("--origin=\(url)")
        #expect(answer.code == .configuration, "\(answer.errors)")
        #expect(answer.errors.split(separator: "\n").count == 1, "\(answer.errors)")
        #expect(try scene.refs("refs/") == refs)
        #expect(!exists("canary") && !exists("\(scene.gitdir)/canary"))
    }

    @Test(
        "a branch's name that cannot be is refused at once, engine or not, and shown harmless",
        arguments: ["reconcile", "push", "flush", "status"])
    func branchName(verb: String) throws {
        let scene = try Scene()
        let engine = try Serving(scene)
        try engine.begin()
        for isServed in [true, false] {
            let answer = try scene.answer(
                [verb, "--repo", scene.gitdir, "--branch", "a\u{1}b"])
            #expect(answer.code == .configuration, "\(answer.errors)")
            #expect(answer.errors.contains(#""a\x01b" cannot be a branch's name"#), "\(answer)")
            if isServed { #expect(engine.stop() == .exited(0)) }
        }
    }

    @Test("a remote that nothing knows is a configuration error")
    func remotes() throws {
        let scene = try Scene()
        let unknown = try scene.answer(["reconcile", "--repo", scene.gitdir, "--json"])
        #expect(unknown.code == .configuration, "\(unknown.errors)")
        #expect(unknown.errors.contains("nothing says where the origin"))
        let impossible = try scene.reconcile("--remote", "a b")
        #expect(impossible.code == .configuration, "\(impossible.errors)")
    }

    @Test("a deploy key that cannot be read, or that others may read, is named")
    func keys() throws {
        let scene = try Scene(.ssh)
        let missing = try scene.reconcile("--deploy-key", "/nonexistent/key")
        #expect(missing.code == .configuration, "\(missing.errors)")
        #expect(missing.error.contains("/nonexistent/key"))
        let key = try #require(scene.origin.deployKey)
        try run(["chmod", "0644", key]).check()
        let open = try scene.reconcile()
        #expect(open.code == .configuration, "\(open.errors)")
        #expect(open.error.contains("chmod"))
        try run(["chmod", "0600", key]).check()
        for content in ["", "none\n", contents("\(key).pub")] {
            let path = scene.origin.pod.folder.file("key")
            try? removeFile(path)
            try writeNewFile(path, Array(content.utf8), mode: 0o600)
            let empty = try scene.reconcile("--deploy-key", path)
            #expect(empty.code == .configuration, "\(empty.errors)")
            #expect(empty.error.contains("the key file \(path) holds"), "\(empty.errors)")
        }
        #expect(try scene.tip("refs/pod/seen/main") == nil)
    }

    @Test("a changed host key is refused, and nothing is sent")
    func hostKey() throws {
        let scene = try Scene(.ssh)
        let other = try #require(try scene.origin.otherKnownHosts())
        let answer = try scene.reconcile("--known-hosts", other)
        #expect(answer.outcome == "fetch-failed")
        #expect(answer.code == .refused, "\(answer.errors)")
        #expect(answer.error.contains("host key"))
    }

    @Test("an object that is missing is damage, not a conflict")
    func corrupt() throws {
        let scene = try Scene.inSync()
        let ours = try scene.commit("ours.txt", "ours")
        try scene.commit("more.txt", "more")
        try scene.commitToOrigin("theirs.txt", "theirs")
        let tip = try scene.tip()
        try dropObject(try scene.home.git("rev-parse", "\(ours)^{tree}", at: scene.gitdir), scene)
        let answer = try scene.reconcile()
        #expect(answer.code == .failed, "\(answer.errors)")
        #expect(answer.outcome == "failed")
        #expect(answer.error.contains("fsck"))
        #expect(try scene.tip() == tip)
    }

    @Test(
        "a file's content that is missing keeps the branch where it is",
        arguments: ["rebase", "merge", "escape"])
    func missingContent(policy: String) throws {
        let scene = try Scene.inSync()
        let ours = try scene.commit("folder/ours.txt", "ours")
        try scene.commit("more.txt", "more")
        try scene.commitToOrigin("theirs.txt", "theirs")
        let blob = try scene.home.git("rev-parse", "\(ours):folder/ours.txt", at: scene.gitdir)
        try dropObject(blob, scene)
        let branches = try scene.refs("refs/heads/")
        let answer = try scene.reconcile("--on-divergence", policy)
        #expect(answer.code == .failed, "\(answer.errors)")
        #expect(answer.error.contains("object \(blob), which commit "), "\(answer.error)")
        #expect(try scene.refs("refs/heads/") == branches)
    }

    @Test("a commit-graph that lies of a commit's parents has nobody's commits dropped from origin")
    func commitGraph() throws {
        let scene = try Scene.inSync()
        let theirs = try scene.commitToOrigin("theirs.txt", "theirs")
        #expect(try scene.reconcile().outcome == "fast-forwarded")
        try scene.update("main", to: try scene.tip("main~1") ?? "")
        let ours = try scene.commit("ours.txt", "ours")
        try scene.home.git(
            "-c", "commitGraph.generationVersion=1", "commit-graph", "write", "--reachable",
            at: scene.gitdir)
        try lie(in: "\(scene.gitdir)/objects/info/commit-graph", that: ours, standsOn: theirs)
        // As libgit2 by itself would see it.
        #expect(try scene.push().code == .failed)
        #expect(try scene.origin.tip() == theirs)
        let answer = try scene.reconcile()
        #expect(["rebased", "fast-forwarded"].contains(answer.outcome), "\(answer.errors)")
        let isThere = try scene.home.attempt(
            ["merge-base", "--is-ancestor", theirs, "refs/heads/main"], at: scene.origin.path)
        #expect(isThere.succeeded)
    }

    /// Changes the first parent of a commit in a commit-graph (gitformat-commit-graph).
    private func lie(in path: String, that commit: String, standsOn parent: String) throws {
        var bytes = try readFile(path)
        func number(_ offset: Int, _ count: Int) -> Int {
            bytes[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
        }
        var chunks: [String: Int] = [:]
        for index in 0..<Int(bytes[6]) {
            let entry = 8 + 12 * index
            let name = String(decoding: bytes[entry..<entry + 4], as: UTF8.self)
            chunks[name] = number(entry + 4, 8)
        }
        let (fanout, ids) = (try #require(chunks["OIDF"]), try #require(chunks["OIDL"]))
        let count = number(fanout + 255 * 4, 4)
        func place(_ id: String) throws -> Int {
            let id = try #require(ObjectID(id)).bytes
            return try #require(
                (0..<count).first { Array(bytes[ids + 20 * $0..<ids + 20 * $0 + 20]) == id })
        }
        let entry = try #require(chunks["CDAT"]) + 36 * (try place(commit))
        let position = UInt32(try place(parent))
        for index in 0..<4 {
            bytes[entry + 20 + index] = UInt8(truncatingIfNeeded: position >> (24 - 8 * index))
        }
        // It stands one generation above that.
        bytes[entry + 31] += 4
        try run(["chmod", "644", path]).check()
        try writeFiles(below: path.parentFolder, [([Array("body".utf8)], bytes.dropLast(20))])
        let body = "\(path.parentFolder)/body"
        let sum = try #require(ObjectID(try run(["sha1sum", body]).output.prefix(40)))
        try removeFile(path)
        try writeNewFile(path, bytes.dropLast(20) + sum.bytes, mode: 0o644)
        try removeFile(body)
    }

    @Test(
        "what lies here of origin's tip is not taken for the whole of it, and the rest is fetched")
    func partOfTip() throws {
        let scene = try Scene.inSync(.ssh)
        let theirs = try scene.commitToOrigin("theirs.txt", "theirs")
        let tree = try scene.home.git("rev-parse", "\(theirs)^{tree}", at: scene.origin.path)
        let paths = [theirs, tree].map { "objects/\($0.prefix(2))/\($0.dropFirst(2))" }
        for path in paths {
            let copy = "\(scene.gitdir)/\(path)"
            try run(["mkdir", "-p", copy.parentFolder]).check()
            try run(["cp", "\(scene.origin.path)/\(path)", copy]).check()
        }
        #expect(try scene.reconcile().outcome == "fast-forwarded")
        #expect(try scene.tip() == theirs)
        #expect(try scene.home.attempt(["fsck"], at: scene.gitdir).succeeded)
    }

    @Test("a gitdir without a folder for packs gets one")
    func noPacks() throws {
        let scene = try Scene.inSync()
        try dropObject(String(repeating: "0", count: 40), scene)
        try run(["rm", "-r", "\(scene.gitdir)/objects/pack"]).check()
        try scene.commitToOrigin("theirs.txt", "theirs")
        let answer = try scene.reconcile()
        #expect(answer.outcome == "fast-forwarded", "\(answer.errors)")
    }

    @Test("an option without its value is named")
    func emptyValue() throws {
        for verb in ["reconcile", "push", "status"] {
            let ended = try run([Products.path("git-pod"), verb, "--repo", ""])
            #expect(ended.status == .exited(ExitCode.configuration.rawValue))
            #expect(ended.errors == "git-pod: --repo needs a value\n")
        }
    }

    /// Takes one object out of a gitdir.
    private func dropObject(_ id: String, _ scene: Scene) throws {
        let packs = "\(scene.gitdir)/objects/pack"
        let aside = try scene.origin.pod.folder.folder("packs")
        for name in directoryEntries(packs) ?? [] {
            try rename("\(packs)/\(name)", to: "\(aside)/\(name)")
        }
        for name in directoryEntries(aside) ?? [] where name.hasSuffix(".pack") {
            let pack = try readFile("\(aside)/\(name)")
            try scene.home.attempt(["unpack-objects", "-q"], at: scene.gitdir, input: pack).check()
        }
        try run(["rm", "-f", "\(scene.gitdir)/objects/\(id.prefix(2))/\(id.dropFirst(2))"]).check()
    }
}

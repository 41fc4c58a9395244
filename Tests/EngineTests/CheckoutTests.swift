// The files of a branch, published for readers: whole or not at all, and nothing of them outside of their
// folder.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A checkout for readers")
struct CheckoutTests {
    let scene: Scene
    let folder: String
    var current: String { "\(folder)/current" }

    init() throws {
        scene = try Scene.inSync()
        folder = scene.origin.pod.folder.file("shown")
    }

    private func serve(_ flags: String..., environment: [String: String] = [:])
        throws -> Serving
    {
        try Serving(
            scene, flags: ["--checkout", folder, "--checkout-grace", "100ms"] + flags,
            environment: environment)
    }

    private func shows(_ file: String, _ content: String) -> Bool {
        eventually { contents("\(current)/\(file)") == content }
    }

    private func standing() throws -> JSON {
        try scene.status().json["engine"]?["checkout"] ?? .null
    }

    private var trees: [String] { directoryEntries("\(folder)/.git-pod-trees") ?? [] }

    @Test("shows each durable tip, and takes away what was there before")
    func durable() throws {
        let engine = try serve()
        for text in ["one", "two"] {
            let commit = try scene.commit("news.txt", text)
            #expect(shows("news.txt", text), "\(engine.words)")
            #expect(linkTarget(current)?.hasSuffix(commit) == true)
            #expect(try standing()["commit"]?.string == commit)
        }
        #expect(!exists("\(current)/.git"))
        #expect(eventually { trees.count == 1 }, "\(trees)")
        _ = try engine.loseOrigin()
        try scene.commit("news.txt", "not on origin")
        #expect(contents("\(current)/news.txt") == "two")
        engine.signal(Signals.kill)
    }

    @Test("shows the last tip here where that is asked for, and of that what is asked for")
    func local() throws {
        for path in ["a/x", "a/deep/y", "b/z", "c"] { try scene.commit(path, path) }
        let engine = try serve("--checkout-of", "local", "--sparse", "a/deep/ c")
        #expect(shows("a/deep/y", "a/deep/y"), "\(engine.words)")
        let files = try run(["find", "\(current)/", "-type", "f"]).output
        #expect(
            Set(files.split(separator: "\n").map { $0.dropFirst(current.count + 1) })
                == ["a/deep/y", "c"])
        _ = try engine.loseOrigin()
        try scene.commit("c", "not on origin")
        #expect(shows("c", "not on origin"), "\(engine.words)")
        engine.signal(Signals.kill)
    }

    @Test("takes away at once what a killed run left half-written")
    func halfWritten() throws {
        let left = "\(folder)/.git-pod-trees/partial-\(String(repeating: "a", count: 40))"
        try run(["mkdir", "-p", left]).check()
        let engine = try serve("--checkout-grace", "1h")
        try scene.commit("a", "0")
        #expect(shows("a", "0"), "\(engine.words)")
        #expect(!exists(left))
        #expect(!trees.contains { $0.hasPrefix("partial-") })
    }

    @Test("publishes no tree whose paths no reader could open")
    func longPaths() throws {
        let engine = try serve("--checkout-of", "local")
        try scene.commit("a", "0")
        #expect(shows("a", "0"), "\(engine.words)")
        let name = String(repeating: "n", count: 250)
        var tree = try scene.home.git("rev-parse", "main^{tree}", at: scene.gitdir)
        for _ in 1...17 {
            let made = try scene.home.attempt(
                ["mktree"], at: scene.gitdir, input: Array("040000 tree \(tree)\t\(name)\n".utf8))
            tree = try made.check().output
        }
        let commit = try scene.home.git(
            "-c", "user.name=P", "-c", "user.email=p@x", "commit-tree", "-p", "main", "-m", "long",
            tree, at: scene.gitdir)
        try scene.home.git("update-ref", "refs/heads/main", commit, at: scene.gitdir)
        #expect(
            eventually {
                engine.said("checkout").contains {
                    $0["message"]?.string?.contains("paths longer than 4095 bytes") == true
                }
            }, "\(engine.words)")
        #expect(contents("\(current)/a") == "0")
    }

    @Test("lets readers see one commit at a time, and always one")
    func atomic() throws {
        let engine = try serve("--checkout-grace", "1m")
        try scene.commit("a", "0")
        #expect(shows("a", "0"), "\(engine.words)")
        let stop = scene.origin.pod.folder.file("stop")
        let files = "\(directoryEntries(current)?.count ?? 0)"
        let reader = try RunningCommand([
            "sh", "-c",
            """
            while [ ! -e "$2" ]; do
              tree=$(cd -P "$1" && pwd) && a=$(cat "$tree/a") || exit 1
              [ "$(ls "$tree" | wc -l)" -eq "$3" ] && [ -n "$a" ] || exit 2
            done
            """, "sh", current, stop, files,
        ])
        for number in 1...5 {
            try scene.commit("a", "\(number)")
            #expect(shows("a", "\(number)"), "\(engine.words)")
        }
        try writeFile(stop, "")
        let ended = try reader.finish()
        #expect(ended.status == .exited(0), "\(ended.errors)")
    }

    /// Puts a tree on main that no git would make of files. `-` in a line is the id of a file's object.
    private func commit(tree lines: [String]) throws -> String {
        let blob = try scene.home.attempt(
            ["hash-object", "-w", "--stdin"], at: scene.gitdir, input: Array("loot\n".utf8)
        ).check().output
        var bytes: [UInt8] = []
        for line in lines {
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            let id = words[1] == "-" ? blob : words[1]
            bytes += Array("\(words[0]) \(words[2])".utf8) + [0] + hexBytes(id)
        }
        let tree = try scene.home.attempt(
            ["hash-object", "-t", "tree", "--literally", "-w", "--stdin"], at: scene.gitdir,
            input: bytes
        ).check().output
        return tree
    }

    private func hexBytes(_ id: String) -> [UInt8] {
        let digits = Array(id.utf8).map { UInt8(String(UnicodeScalar($0)), radix: 16) ?? 0 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    private func publish(tree: String) throws {
        let commit = try scene.home.attempt(
            ["commit-tree", "-m", "Hostile", "-p", "main", tree], at: scene.gitdir
        ).check().output
        try scene.update(to: commit)
    }

    @Test(
        "publishes no tree that leads out of its folder or cannot be measured",
        arguments: [
            ["100644 - ../loot"], ["100644 - .git"], ["100644 - .GIT"], ["100644 - a/../../loot"],
            ["040000 T .."], ["040000 T .git"],
        ])
    func hostile(lines: [String]) throws {
        let engine = try serve("--checkout-of", "local")
        try scene.commit("good", "good")
        #expect(shows("good", "good"), "\(engine.words)")
        let inner = try commit(tree: ["100644 - loot"])
        let tree = try commit(tree: lines.map { $0.replacing(" T ", with: " \(inner) ") })
        try publish(tree: tree)
        #expect(try eventually { try standing()["error"] != .null }, "\(engine.words)")
        #expect(contents("\(current)/good") == "good")
        #expect(eventually { trees.count == 1 }, "\(trees)")
        #expect(try run(["find", scene.origin.pod.folder.path, "-name", "loot"]).output == "")
        // The next one is published as ever.
        try scene.update(to: try scene.tip("main~1") ?? "")
        try scene.commit("good", "better")
        #expect(shows("good", "better"), "\(engine.words)")
    }

    @Test("publishes no tree that is endless, or too deep, though it is small here")
    func bomb() throws {
        let engine = try serve("--checkout-of", "local")
        try scene.commit("good", "good")
        #expect(shows("good", "good"), "\(engine.words)")
        var deep = try commit(tree: ["100644 - x"])
        for _ in 0...200 { deep = try commit(tree: ["40000 \(deep) d"]) }
        try publish(tree: deep)
        #expect(says(engine, "deeper than 200"), "\(engine.words)")
        try scene.update(to: try scene.tip("main~1") ?? "")
        var tree = try commit(tree: (0..<10).map { "100644 - \($0)" })
        for _ in 0..<8 { tree = try commit(tree: (0..<10).map { "40000 \(tree) \($0)" }) }
        // Loose ones are measured slowly.
        try scene.home.git("update-ref", "refs/bomb/tree", tree, at: scene.gitdir)
        try scene.home.git("repack", "-adq", at: scene.gitdir)
        try publish(tree: tree)
        #expect(says(engine, "more than 1000000 files"), "\(engine.words)")
        #expect(contents("\(current)/good") == "good")
        engine.signal(Signals.kill)
    }

    private func says(_ engine: Serving, _ words: String) -> Bool {
        eventually {
            engine.said("checkout").contains { $0["message"]?.string?.contains(words) == true }
        }
    }

    @Test("has no symbolic link that leads out, and runs no filter")
    func links() throws {
        let marker = scene.origin.pod.folder.file("ran")
        for place in [[], ["-C", scene.gitdir]] {
            for key in ["filter.evil.smudge", "filter.evil.process", "core.fsmonitor"] {
                try run(
                    ["git"] + place + ["config", "--global"].prefix(place.isEmpty ? 2 : 1)
                        + [key, "touch \(marker); cat"],
                    environment: scene.home.environment()
                ).check()
            }
        }
        let folder = try scene.origin.pod.folder.folder("links/d1/d2").parentFolder.parentFolder
        // What it has open is the engine's, and another thing for whoever reads.
        let open = (3...60).map { number in
            let up = String(repeating: "../", count: 20)
            return ("open\(number)", "\(up)proc/self/fd/\(number)")
        }
        let outside =
            [
                ("abs", "/etc/passwd"), ("up", "../../../secret"),
                ("chain", "d1/d2/root/../out"), ("none", "nothing"), ("round", "round"),
            ] + open
        for (name, target) in outside + [
            ("in", "d1/file"), ("d1/d2/root", "../.."), ("twice", "in"),
            ("about", "./d1/d2/../../in"),
        ] { try makeLink(to: target, at: "\(folder)/\(name)") }
        try writeFile("\(folder)/d1/file", "inside")
        try writeFile("\(folder)/.gitattributes", "* filter=evil\n")
        for words in [["add", "-A"], ["commit", "-q", "-m", "Links"]] {
            if words[0] == "add" { try run(["git", "init", "-q", folder]).check() }
            try run(
                ["git", "-C", folder, "-c", "filter.evil.smudge=", "-c", "filter.evil.process="]
                    + words,
                environment: scene.home.environment([
                    "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "A",
                    "GIT_COMMITTER_EMAIL": "a@b",
                ])
            ).check()
        }
        try scene.home.git("fetch", "-q", folder, "+HEAD:refs/heads/links", at: scene.gitdir)
        try run(["rm", "-f", marker]).check()
        let engine = try serve("--checkout-of", "local", "--branch", "links")
        #expect(shows("in", "inside"), "\(engine.words)")
        for (name, target) in outside {
            #expect(linkTarget("\(current)/\(name)") == nil, "\(name)")
            #expect(contents("\(current)/\(name)") == target, "\(name)")
        }
        #expect(linkTarget("\(current)/in") == "d1/file")
        for name in ["twice", "about"] { #expect(contents("\(current)/\(name)") == "inside") }
        #expect(linkTarget("\(current)/d1/d2/root") == "../..")
        #expect(!exists(marker))
        #expect(
            eventually {
                engine.said("checkout").contains { $0["level"]?.string == "warning" }
            }, "\(engine.words)")
    }

    @Test("is whole after its engine was killed, and what was half written is taken away")
    func killed() throws {
        let first = try serve()
        try scene.commit("news.txt", "one")
        #expect(shows("news.txt", "one"), "\(first.words)")
        #expect(first.stop() == .exited(0))
        let git = try SlowGit(scene, "checkout-index")
        try scene.commit("news.txt", "two")
        let engine = try serve(environment: git.environment)
        #expect(eventually { git.waiting != nil }, "\(engine.words)")
        let process = try #require(git.waiting)
        engine.signal(Signals.kill)
        #expect(engine.end() == .signalled(Signals.kill))
        #expect(eventually { !Processes.isRunning(process) })
        #expect(trees.count == 2)
        #expect(contents("\(current)/news.txt") == "one")
        let next = try serve()
        #expect(shows("news.txt", "two"), "\(next.words)")
        #expect(eventually { trees.count == 1 }, "\(trees)")
        #expect(next.stop() == .exited(0))
    }

    @Test("has a folder of its own", arguments: [0, 1, 2, 3])
    func refused(number: Int) throws {
        let inside = "\(scene.gitdir)/shown"
        let taken = try scene.origin.pod.folder.folder("taken/current").parentFolder
        let flags = [
            ["--checkout", inside], ["--checkout", taken], ["--checkout", "/nowhere/at/all"],
            ["--checkout", folder, "--sparse", "a/../../b"],
        ][number]
        let words = [
            "no place for files", "no symbolic link", "no folder and cannot be made",
            "no path in a tree",
        ][number]
        let engine = try Serving(scene, flags: flags)
        #expect(engine.end() == .exited(2), "\(engine.words)")
        #expect(engine.words.contains(words), "\(engine.words)")
        #expect(!exists(inside))
    }
}

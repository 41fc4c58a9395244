// What `git pod serve` does when it starts with many branches: origin is asked once where they are, and
// only those have a reconcile that neither a push nor nothing at all brings together.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine that starts with many branches")
struct ServeManyTests {
    /// Has origin note what it is asked for, and gives the notes' file.
    private func noting(_ scene: Scene) throws -> String {
        let notes = scene.origin.pod.folder.file("asked")
        try writeFile(notes, "")
        try writeFile(
            scene.origin.pod.folder.file("deploy"),
            """
            #!/bin/sh
            echo "$SSH_ORIGINAL_COMMAND" >>'\(notes)'
            exec sh -c "exec $SSH_ORIGINAL_COMMAND"

            """, mode: 0o755)
        return notes
    }

    private func looks(_ notes: String) -> Int {
        contents(notes).split(separator: "\n").count { $0.hasPrefix("git-upload-pack") }
    }

    private func names(_ count: Int) -> [String] { (1...count).map { "data/b\($0)" } }

    private func outcomes(_ engine: Serving) -> [String: String] {
        var outcomes: [String: String] = [:]
        for entry in engine.said("reconcile") {
            guard let report = entry["report"], let name = report["branch"]?.string else {
                continue
            }
            outcomes[name] = report["outcome"]?.string
        }
        return outcomes
    }

    @Test("looks at origin once for all of them, and sends together what it lacks")
    func once() throws {
        let scene = try Scene(.ssh)
        let notes = try noting(scene)
        let names = names(30)
        for name in names { try scene.update(name, to: scene.tip() ?? "") }
        for outcome in ["pushed-ahead", "in-sync"] {
            try writeFile(notes, "")
            let engine = try Serving(scene, "--branch", "data/*", "--verbose")
            for name in names {
                #expect(try engine.isDurable(scene.tip(), name), "\(engine.words)")
            }
            #expect(try engine.flush("--branch", names[0]).code == .done)
            #expect(outcomes(engine).values.filter { $0 == outcome }.count == names.count)
            #expect(looks(notes) == 1, "\(contents(notes))")
            #expect(engine.said("send").count == (outcome == "in-sync" ? 0 : 1), "\(engine.words)")
            #expect(engine.said("error").isEmpty, "\(engine.words)")
            #expect(engine.stop() == .exited(0), "\(engine.words)")
            #expect(try scene.refs("refs/pod/seen/").count == names.count)
        }
    }

    @Test("reconciles those that origin has elsewhere, and only those")
    func mixed() throws {
        let scene = try Scene(.ssh)
        let notes = try noting(scene)
        let base = try scene.origin.tip() ?? ""
        let names = ["equal", "ahead", "unknown", "behind", "parted", "deleted", "rewound"]
        for name in names { try scene.update("data/\(name)", to: scene.tip() ?? "") }
        do {
            let engine = try Serving(scene, "--branch", "data/*")
            for name in names { #expect(try engine.isDurable(scene.tip(), "data/\(name)")) }
            #expect(engine.stop() == .exited(0), "\(engine.words)")
        }
        try scene.update("data/new", to: base)
        let ahead = try scene.commit("ahead", "1", branch: "data/ahead")
        try scene.home.git("update-ref", "-d", "refs/pod/seen/data/unknown", at: scene.gitdir)
        for name in ["behind", "parted"] {
            try scene.commit("theirs", name, to: scene.origin.path, branch: "data/\(name)")
        }
        try scene.commit("ours", "parted", branch: "data/parted")
        try scene.home.git("update-ref", "-d", "refs/heads/data/deleted", at: scene.origin.path)
        try scene.home.git("update-ref", "refs/heads/data/rewound", base, at: scene.origin.path)
        try writeFile(notes, "")
        let engine = try Serving(scene, "--branch", "data/*")
        let awaited = [
            "equal": "in-sync", "unknown": "in-sync", "new": "pushed-ahead",
            "ahead": "pushed-ahead", "behind": "fast-forwarded", "parted": "rebased",
            "deleted": "origin-deleted", "rewound": "rewritten",
        ]
        #expect(eventually { outcomes(engine).count == awaited.count }, "\(engine.words)")
        for (name, outcome) in awaited {
            #expect(outcomes(engine)["data/\(name)"] == outcome, "\(name)")
        }
        #expect(try engine.isDurable(ahead, "data/ahead"), "\(engine.words)")
        #expect(try engine.isDurable(base, "data/new"), "\(engine.words)")
        for name in ["unknown", "behind", "parted", "rewound"] {
            let isSettled = try eventually {
                let tip = try scene.tip("refs/heads/data/\(name)")
                return try scene.origin.tip("refs/heads/data/\(name)") == tip
                    && scene.tip("refs/pod/seen/data/\(name)") == tip
            }
            #expect(isSettled, "\(name)")
        }
        // One for all; one for each that is elsewhere, and one more to see whether origin is empty.
        #expect(looks(notes) == 6, "\(contents(notes))")
        #expect(engine.stop() != nil)
        #expect(try scene.origin.tip("refs/heads/data/deleted") == nil)
    }

    @Test("goes on where it was killed while refs here were to say what origin has of each")
    func killed() throws {
        let scene = try Scene()
        let names = names(120)
        for name in names { try scene.update(name, to: scene.tip() ?? "") }
        func seen() throws -> Int { try scene.refs("refs/pod/seen/").count }
        do {
            let engine = try Serving(scene, "--branch", "data/*")
            #expect(try eventually { try seen() > 0 }, "\(engine.words)")
            engine.signal(Signals.kill)
            #expect(engine.end() == .signalled(9))
        }
        #expect(try (1..<names.count).contains(seen()))
        #expect(contents("\(scene.gitdir)/git-pod-journal").contains("update refs/pod/seen/data/"))
        let engine = try Serving(scene, "--branch", "data/*")
        #expect(try eventually { try seen() == names.count }, "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        #expect(!(directoryEntries(scene.gitdir) ?? []).contains("git-pod-journal"))
        #expect(outcomes(engine).values.filter { $0 == "in-sync" }.count == names.count)
    }

    @Test(
        "sends the others where one names what is not here", arguments: ["commit", "tree", "blob"])
    func broken(kind: String) throws {
        let scene = try Scene()
        let engine = try Serving(scene, "--branch", "main", "--branch", "data/*")
        try engine.begin()
        let none = String(repeating: "12", count: 20)
        let tree =
            kind == "tree" ? none : "$(printf '100644 blob \(none)\\tx\\n' | git mktree --missing)"
        let parent = kind == "commit" ? "parent \(none)" : "parent $(git rev-parse main)"
        let script = """
            tree=\(kind == "commit" ? "$(git rev-parse main^{tree})" : tree)
            who='A <a@example.com> 1767323045 +0000'
            printf '%s\\n' "tree $tree" "\(parent)" "author $who" "committer $who" "" bad |
                git hash-object -t commit -w --stdin --literally >bad
            mkdir -p refs/heads/data
            mv bad refs/heads/data/bad
            """
        try run(
            ["sh", "-ec", "cd \"$GIT_DIR\"; \(script)"],
            environment: scene.home.environment(["GIT_DIR": scene.gitdir])
        ).check()
        #expect(eventually { engine.words.contains("data/bad") }, "\(engine.words)")
        for number in 1...3 {
            let tip = try scene.commit("ours", "\(number)")
            #expect(try engine.flush("--branch", "main").code == .done, "\(engine.words)")
            #expect(try scene.origin.tip() == tip)
        }
        #expect(try engine.mark("data/bad")["lastFailure"]?["reason"]?.string == "unknown")
        #expect(engine.stop() == .exited(1), "\(engine.words)")
    }

    @Test("sends one without the other where a rule refuses both for the sake of that")
    func refusedTogether() throws {
        let scene = try Scene()
        let engine = try Serving(scene, "--branch", "main", "--branch", "data/*")
        try engine.begin()
        try writeFile(
            "\(scene.origin.path)/hooks/pre-receive",
            """
            #!/bin/sh
            while read -r old new name; do case $name in refs/heads/data/x) exit 1 ;; esac; done

            """, mode: 0o755)
        let tree = try scene.home.git("rev-parse", "main^{tree}", at: scene.gitdir)
        let tip = try scene.home.git(
            "commit-tree", "-p", "main", "-m", "ours", tree, at: scene.gitdir)
        let moves = "update refs/heads/data/x \(tip)\nupdate refs/heads/main \(tip)\n"
        try scene.home.attempt(
            ["update-ref", "--stdin"], at: scene.gitdir, input: Array(moves.utf8)
        ).check()
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(try engine.flush("--branch", "main").code == .done)
        #expect(engine.says("error", reason: "rejected"), "\(engine.words)")
        #expect(try scene.origin.tip("refs/heads/data/x") == nil)
        #expect(try engine.mark()["state"]?.string == "in-sync")
    }

    @Test("says once that origin is away, and brings all to it when it is there")
    func away() throws {
        let scene = try Scene()
        let names = names(10)
        for name in names { try scene.update(name, to: scene.tip() ?? "") }
        try scene.origin.vanish()
        let engine = try Serving(scene, "--branch", "data/*")
        #expect(eventually { engine.said("retry").count > 2 }, "\(engine.words)")
        #expect(engine.said("reconcile").count == 1, "\(engine.words)")
        #expect(try engine.mark(names[0])["lastReconcile"]?["outcome"]?.string == "fetch-failed")
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        for name in names { #expect(try engine.isDurable(scene.tip(), name), "\(engine.words)") }
        #expect(outcomes(engine).count == names.count, "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }
}

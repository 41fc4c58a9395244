// How long the tips stay that the branch was moved off.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An anchor")
struct AnchorTests {
    private static let old = "refs/pod/before/2020-03-01T04-05-06Z"

    /// A scene whose gitdir has `commit` anchored as `name`, after one more reconcile.
    private func isKept(
        _ commit: String, as name: String = old, replaced lines: String = "", in scene: Scene
    ) throws -> Bool {
        try scene.home.git("update-ref", name, commit, at: scene.gitdir)
        if !lines.isEmpty { try writeFile("\(scene.gitdir)/git-pod-replaced", lines) }
        let answer = try scene.reconcile()
        #expect(answer.code == .done, "\(answer.errors)")
        return try scene.tip(name) != nil
    }

    @Test("goes when it is old and origin has its commits; not while it is young, or of the future")
    func onOrigin() throws {
        let scene = try Scene.inSync()
        let commit = try #require(try scene.tip("main~1"))
        #expect(!(try isKept(commit, in: scene)))
        #expect(!(try isKept(commit, as: Self.old + "-2", in: scene)))
        let now = UTCTime(millisecondsSince1970: wallClockMilliseconds()).rfc3339.prefix(10)
        #expect(try isKept(commit, as: "refs/pod/before/\(now)T00-00-00Z", in: scene))
        #expect(try isKept(commit, as: "refs/pod/before/9999-03-01T04-05-06Z", in: scene))
        #expect(try isKept(commit, as: "refs/pod/before/mine", in: scene))
    }

    @Test("stays, however old, while origin has neither its commits nor what took their place")
    func notOnOrigin() throws {
        let scene = try Scene.inSync()
        let main = try #require(try scene.tip())
        let lost = try scene.commit("lost.txt", "lost", branch: "lost")
        let other = try scene.commit("other.txt", "other", branch: "lost")
        try scene.home.git("update-ref", "-d", "refs/heads/lost", at: scene.gitdir)
        #expect(try isKept(lost, in: scene))
        #expect(try isKept(lost, replaced: "\(lost) \(other)\n", in: scene))
        #expect(try isKept(lost, replaced: "\(lost) refs/heads/conflicts/x\n", in: scene))
        #expect(!(try isKept(lost, replaced: "\(lost) \(main)\n", in: scene)))
    }

    @Test("stays, and stops nothing, if what is said to have taken its place is gone")
    func replacementGone() throws {
        let scene = try Scene.inSync()
        let lost = try scene.commit("lost.txt", "lost", branch: "lost")
        try scene.home.git("update-ref", "-d", "refs/heads/lost", at: scene.gitdir)
        let gone = String(repeating: "12", count: 20)
        #expect(try isKept(lost, replaced: "\(lost) \(gone)\n", in: scene))
    }

    @Test(
        "stays while only what origin has dropped has its change, told in other words",
        arguments: [false, true])
    func toldOtherwise(isThere: Bool) throws {
        let scene = try Scene.inSync()
        let base = try #require(try scene.tip())
        let first = try scene.commit("x", "precious")
        #expect(try scene.reconcile().code == .done)
        let retold = try scene.home.git(
            "-c", "user.name=P", "-c", "user.email=p@x", "commit-tree", "-p", base, "-m",
            "In better words", "\(first)^{tree}", at: scene.gitdir)
        try scene.home.git("update-ref", "refs/heads/main", retold, at: scene.gitdir)
        let last = try scene.commit("y", "y")
        try scene.rewindOrigin(to: base)
        if isThere {
            try scene.commit("x", "precious", to: scene.origin.path, message: "In other words")
        }
        try scene.commitToOrigin("z", "z")
        #expect(try scene.reconcile().outcome == "rewritten")
        #expect(try scene.content(of: "y") == "y")
        #expect(try isKept(last, in: scene) == !isThere)
    }

    /// A merge on the pod's main, of `side` that has a file of its own; with a file that neither parent
    /// has, if there is a `secret`.
    private func merge(_ secret: String?, in scene: Scene) throws -> String {
        let extra = secret.map {
            "printf '100644 blob %s\\tsecret\\n' $(echo \($0) | git hash-object -w --stdin)"
        }
        let script = """
            base=$(git rev-parse main)
            blob() { echo $1 | git hash-object -w --stdin; }
            tree() { { git ls-tree $base; cat; } | git mktree; }
            one=$(printf '100644 blob %s\\tone\\n' $(blob 1) | tree)
            two=$(printf '100644 blob %s\\ttwo\\n' $(blob 2) | tree)
            both=$({ printf '100644 blob %s\\tone\\n' $(blob 1)
                printf '100644 blob %s\\ttwo\\n' $(blob 2); \(extra ?? ":"); } | tree)
            a=$(git commit-tree -p $base -m one $one)
            b=$(git commit-tree -p $base -m two $two)
            tip=$(git commit-tree -p $a -p $b -m merge $both)
            git update-ref refs/heads/main $tip
            echo $tip
            """
        return try run(
            ["sh", "-ec", script], environment: scene.home.environment(["GIT_DIR": scene.gitdir])
        ).check().output
    }

    @Test(
        "of a merge that a replay has flattened goes if that merge said no more than its parents",
        arguments: [nil, "precious"])
    func flattened(secret: String?) throws {
        let scene = try Scene.inSync()
        let tip = try merge(secret, in: scene)
        try scene.commitToOrigin("theirs.txt", "theirs")
        #expect(try scene.reconcile().outcome == "rebased")
        let parent = try scene.tip("\(tip)^2") ?? ""
        #expect(!(try isKept(parent, in: scene)))
        #expect(try isKept(tip, in: scene) == (secret != nil))
        // Who waits for the merge has not to wait for ever.
        let flush = try scene.answer(
            [
                "flush", "--repo", scene.gitdir, "--json", "--timeout", "10s",
            ] + scene.access)
        #expect(flush.code == .done, "\(flush)")
    }

    @Test("stays if origin made the merge anew that it holds")
    func amended() throws {
        let scene = try Scene.inSync()
        let tip = try merge("precious", in: scene)
        #expect(try scene.reconcile().outcome == "pushed-ahead")
        let other = try scene.home.git(
            "commit-tree", "-p", "\(tip)^1", "-p", "\(tip)^2", "-m", "again", "\(tip)^1^{tree}",
            at: scene.origin.path)
        try scene.rewindOrigin(to: other)
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rewritten", "\(answer.errors)")
        #expect(try isKept(tip, in: scene))
    }
}

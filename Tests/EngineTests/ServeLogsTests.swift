// Decision logs that a serving engine sends with the branches, to a real sshd.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine that sends decision logs")
struct ServeLogsTests {
    private static let log = "refs/pod/log/engine"
    private static let flags = ["--push-logs", "true", "--verbose"]

    /// Appends an event to a log, and returns its commit.
    @discardableResult
    private func append(
        _ event: String, to log: String = log, after parent: String? = nil, _ scene: Scene,
        in repository: String? = nil
    ) throws -> String {
        let gitdir = repository ?? scene.gitdir
        let old = try scene.tip(log, in: gitdir)
        let parents = (parent ?? old).map { ["-p", $0] } ?? []
        let tree = try scene.home.git("write-tree", at: gitdir)
        let commit = try scene.home.attempt(
            ["commit-tree", "-m", event] + parents + [tree], at: gitdir
        ).check().output
        try scene.home.git("update-ref", log, commit, at: gitdir)
        return commit
    }

    private func originHas(_ commit: String?, _ engine: Serving, at log: String = log) throws
        -> Bool
    {
        let scene = engine.scene
        return try eventually {
            try scene.tip(log, in: scene.origin.path) == commit || !engine.isRunning
        } && scene.tip(log, in: scene.origin.path) == commit
    }

    @Test("does so as they grow, whatever folder they are in, and whether they are packed")
    func sent() throws {
        let scene = try Scene.inSync(.ssh)
        let first = try append("one", scene)
        let engine = try Serving(scene, flags: Self.flags)
        #expect(try originHas(first, engine), "\(engine.words)")
        let second = try append("two", scene)
        #expect(try originHas(second, engine), "\(engine.words)")
        let other = "refs/pod/log/shop/carts"
        let third = try append("three", to: other, scene)
        #expect(try originHas(third, engine, at: other), "\(engine.words)")
        let packed = try append("four", scene)
        try scene.home.git("pack-refs", "--all", "--prune", at: scene.gitdir)
        #expect(try originHas(packed, engine), "\(engine.words)")
        #expect(try scene.branchStatus(Self.log)["state"] == .string("in-sync"))
        #expect(try scene.branchStatus(Self.log)["durable"] == .string(packed))
        let last = try append("six", scene)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        #expect(try scene.tip(Self.log, in: scene.origin.path) == last)
        #expect(try scene.tip("refs/pod/seen/-log/engine") == last)
        #expect(try scene.tip("refs/pod/seen/-log/shop/carts") == third)
    }

    @Test("sends what came while origin was away in one list with the branch")
    func together() throws {
        let scene = try Scene.inSync()
        let engine = try Serving(scene, flags: Self.flags)
        #expect(try originHas(append("one", scene), engine), "\(engine.words)")
        let tip = try engine.loseOrigin()
        let event = try append("two", scene)
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        #expect(try engine.isDurable(tip) && originHas(event, engine), "\(engine.words)")
        let sent = engine.said("send").compactMap { $0["message"]?.string }
        #expect(
            sent.contains { $0.contains("refs/heads/main, \(Self.log)") }, "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("leaves them alone unless it is told to send them")
    func notAsked() throws {
        let scene = try Scene.inSync(.ssh)
        try append("one", scene)
        let engine = try Serving(scene)
        #expect(try engine.isDurable(scene.commit("ours", "1")), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        #expect(try scene.tip(Self.log, in: scene.origin.path) == nil)
    }

    @Test(
        "sends nothing again that origin has dropped, and overwrites nothing of another's",
        arguments: ["deleted", "rewound", "another's"])
    func dropped(change: String) throws {
        let scene = try Scene.inSync(.ssh)
        let first = try append("one", scene)
        try append("password", scene)
        do {
            let engine = try Serving(scene, flags: Self.flags)
            #expect(try originHas(scene.tip(Self.log), engine), "\(engine.words)")
            #expect(engine.stop() == .exited(0), "\(engine.words)")
        }
        var there: String?
        switch change {
        case "deleted": try scene.home.git("update-ref", "-d", Self.log, at: scene.origin.path)
        case "rewound":
            there = first
            try scene.home.git("update-ref", Self.log, first, at: scene.origin.path)
        default:
            there = try append("theirs", after: first, scene, in: scene.origin.path)
        }
        let engine = try Serving(scene, flags: Self.flags)
        #expect(engine.says("error"), "\(engine.words)")
        try append("three", scene)
        #expect(try engine.isDurable(scene.commit("ours", "1")), "\(engine.words)")
        #expect(
            try eventually {
                try scene.branchStatus(Self.log)["state"] == .string("stuck")
            }, "\(engine.words)")
        #expect(engine.stop() == .exited(1), "\(engine.words)")
        #expect(engine.words.contains(Self.log))
        #expect(try scene.tip(Self.log, in: scene.origin.path) == there)
        // A log is no branch: nothing of it is saved on one.
        #expect(try scene.refs("refs/heads/", in: scene.origin.path).count == 1)
        #expect(engine.said("error", reason: "non-fast-forward").count == 1, "\(engine.words)")
    }

    @Test("goes on with the logs of the pod before it", arguments: TestOrigin.Kind.allCases)
    func nextPod(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let other = "refs/pod/log/shop/carts"
        let tips = [try append("one", scene), try append("other", to: other, scene)]
        do {
            let engine = try Serving(scene, flags: Self.flags)
            for (log, tip) in zip([Self.log, other], tips) {
                #expect(try originHas(tip, engine, at: log), "\(engine.words)")
            }
            #expect(engine.stop() == .exited(0), "\(engine.words)")
        }
        try run(["rm", "-r", scene.gitdir]).check()
        let engine = try Serving(scene, flags: Self.flags)
        #expect(eventually { exists("\(scene.gitdir)/HEAD") }, "\(engine.words)")
        #expect(try scene.tip(Self.log) == tips[0] && scene.tip(other) == tips[1])
        let next = try append("two", scene)
        #expect(try originHas(next, engine), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("goes on from what origin has had from elsewhere, where the log here does")
    func joined() throws {
        let scene = try Scene.inSync(.ssh)
        let first = try append("one", scene)
        try scene.home.git(
            "push", "-q", scene.origin.path, "\(Self.log):\(Self.log)", at: scene.gitdir)
        #expect(try scene.tip(Self.log, in: scene.origin.path) == first)
        let second = try append("two", scene)
        let engine = try Serving(scene, flags: Self.flags)
        #expect(try originHas(second, engine), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }
}

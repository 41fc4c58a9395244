// A serving engine whose branch and origin's go apart: nothing is forced, nothing that was dropped
// there comes back, what is stuck is saved, and a reconcile makes one history of it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine and an origin that has moved")
struct ServeHistoryTests {
    private func serving(_ flags: String..., kind: TestOrigin.Kind = .path) throws -> Serving {
        let scene = try Scene(kind)
        let engine = try Serving(scene, flags: flags)
        try engine.begin()
        guard try engine.isDurable(scene.tip()) else {
            throw Failure(.failed, "no push: \(engine.words)")
        }
        return engine
    }

    @Test(
        "is loud once, tries no more, saves what comes, and has one history after a reconcile",
        arguments: TestOrigin.Kind.allCases)
    func nonFastForward(kind: TestOrigin.Kind) throws {
        let engine = try serving(kind: kind)
        let scene = engine.scene
        let theirs = try scene.commitToOrigin("theirs", "1")
        var tips: [String] = []
        for number in 1...3 {
            tips.append(try scene.commit("ours", "\(number)"))
            #expect(try engine.flush().code == .escaped, "\(engine.words)")
        }
        let conflicts = try scene.refs("refs/heads/conflicts/", in: scene.origin.path)
        #expect(Array(conflicts.values) == [tips[2]])
        #expect(try scene.origin.tip() == theirs)
        #expect(engine.said("error").count == 1, "\(engine.words)")
        #expect(engine.said("error", reason: "non-fast-forward").count == 1, "\(engine.words)")
        #expect(engine.said("retry").isEmpty)
        #expect(try engine.mark()["state"]?.string == "stuck")
        #expect(try scene.reconcile().outcome == "rebased")
        #expect(try engine.flush().code == .done)
        #expect(try scene.origin.tip() == scene.tip())
        let history = try scene.home.git("log", "--format=%s", "main", at: scene.origin.path)
        #expect(
            history.split(separator: "\n").prefix(4) == [
                "Write ours", "Write ours", "Write ours", "Write theirs",
            ])
        // One anchor for the tip that the reconcile moved the branch off.
        #expect(try Array(scene.refs("refs/pod/before/").values) == [tips[2]])
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        try scene.check()
    }

    @Test("reconciles by itself if it may, and flush gives the id that the commit has then")
    func autoReconcile() throws {
        let engine = try serving("--auto-reconcile", "true")
        let scene = engine.scene
        var followed = 0
        for number in 1...5 {
            try scene.commitToOrigin("theirs\(number)", "\(number)")
            let ours = try scene.commit("ours\(number)", "\(number)")
            let answer = try engine.flush()
            #expect(answer.code == .done, "\(answer) \(engine.words)")
            let tip = try scene.tip()
            #expect(answer.json["durableCommit"]?.string == tip && tip != ours)
            #expect(try scene.origin.tip() == tip)
            // The engine may have been quicker than who asks.
            if answer.json["commit"]?.string == ours { followed += 1 }
        }
        #expect(followed > 0)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        try scene.check()
    }

    @Test("reconciles by itself when only origin has gone on")
    func originGoesOn() throws {
        let engine = try serving("--auto-reconcile", "true", "--origin-check", "100ms")
        let theirs = try engine.scene.commitToOrigin("theirs", "1")
        #expect(try eventually { try engine.scene.tip() == theirs }, "\(engine.words)")
        #expect(try engine.flush().code == .done)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("answers a flush with 3 and the branch when a commit has escaped")
    func escape() throws {
        let engine = try serving("--auto-reconcile", "true")
        let scene = engine.scene
        try scene.commitToOrigin("same", "theirs\n")
        let ours = try scene.commit("same", "ours\n")
        let answer = try engine.flush()
        #expect(answer.code == .escaped, "\(answer) \(engine.words)")
        let name = try #require(answer.conflictBranch)
        #expect(try scene.origin.tip("refs/heads/\(name)") == ours)
        #expect(try eventually { try scene.tip() == scene.origin.tip() }, "\(engine.words)")
        let next = try scene.commit("other", "1")
        #expect(try engine.isDurable(next), "\(engine.words)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test("answers a flush with 4 when time is over, and 4 or 0 without an engine")
    func flush() throws {
        let engine = try serving()
        let scene = engine.scene
        _ = try engine.loseOrigin()
        let late = try engine.flush(timeout: "200ms")
        #expect(late.code == .unreachable)
        #expect(late.errors.contains("in time"), "\(late.errors)")
        engine.signal(Signals.kill)
        _ = engine.end()
        let flags = ["flush", "--repo", scene.gitdir, "--json", "--origin", scene.origin.path]
        #expect(try scene.answer(flags + ["--timeout", "100ms"]).code == .unreachable)
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        #expect(try scene.answer(flags).code == .done)
        #expect(try scene.origin.tip() == scene.tip())
    }

    @Test("sends nothing back that was dropped on origin", arguments: ["rewound", "rewritten"])
    func dropped(how: String) throws {
        let engine = try serving("--origin-check", "50ms")
        let scene = engine.scene
        let kept = try scene.tip() ?? ""
        let secret = try scene.commit("secret", "oops")
        #expect(try engine.isDurable(secret))
        var there = kept
        if how == "rewritten" {
            there = try scene.loose("instead", onto: kept, in: scene.origin.path)
        }
        try scene.rewindOrigin(to: there)
        let isSeen = try eventually { try engine.mark()["state"]?.string == "origin-moved" }
        #expect(isSeen, "\(engine.words)")
        if how == "rewound" {
            #expect(try engine.mark()["pendingCommits"]?.text == "1", "origin has let go of it")
        }
        let ours = try scene.commit("ours", "1")
        #expect(engine.says("saved"), "\(engine.words)")
        #expect(try scene.origin.tip() == there)
        #expect(try scene.reconcile().outcome == "rewritten")
        #expect(try engine.flush().code == .done)
        let log = try scene.home.git("log", "--format=%H %s", "main", at: scene.origin.path)
        #expect(!log.contains(secret) && !log.contains("secret"), "\(log)")
        #expect(log.contains("Write ours") && log.contains(there))
        #expect(try scene.isKept(ours))
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test(
        "sends nothing back that was dropped on origin and that nobody had looked at",
        arguments: ["rewound", "rewritten", "deleted"], [TestOrigin.Kind.ssh, .https])
    func droppedUnseen(how: String, kind: TestOrigin.Kind) throws {
        let engine = try serving("--origin-check", "1h", kind: kind)
        let scene = engine.scene
        let kept = try scene.tip() ?? ""
        #expect(try engine.isDurable(scene.commit("secret", "oops")))
        var there: String?
        switch how {
        case "rewound": there = kept
        case "rewritten": there = try scene.loose("instead", onto: kept, in: scene.origin.path)
        default: try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.origin.path)
        }
        if let there { try scene.rewindOrigin(to: there) }
        for number in 1...3 {
            let ours = try scene.commit("ours", "\(number)")
            let isSaved = try eventually {
                try engine.mark()["saved"]?["commit"]?.string == ours
            }
            #expect(isSaved, "\(engine.words)")
            #expect(try scene.origin.tip() == there)
        }
        #expect(try engine.mark()["state"]?.string == "stuck")
        #expect(engine.said("error").count == 1, "\(engine.words)")
        #expect(engine.said("error", reason: "non-fast-forward").count == 1, "\(engine.words)")
        #expect(try engine.flush().code == .escaped)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        #expect(try scene.origin.tip() == there)
    }

    @Test("reconciles no more by itself after many conflicts in a short time, and goes on saving")
    func escapeStorm() throws {
        let engine = try serving("--auto-reconcile", "true", kind: .ssh)
        let scene = engine.scene
        for number in 1...4 {
            let theirs = try scene.commitToOrigin("same", "theirs \(number)\n")
            let ours = try scene.commit("same", "ours \(number)\n")
            let isEscaped = try eventually {
                try scene.tip() == theirs
                    && scene.refs("refs/heads/conflicts", in: scene.origin.path).values
                        .contains(ours)
            }
            #expect(isEscaped, "\(engine.words)")
            #expect(engine.said("stopped").isEmpty || number == 4, "\(engine.words)")
        }
        #expect(engine.says("stopped"), "\(engine.words)")
        #expect(try scene.status().json["engine"]?["escapeStorm"]?.bool == true)
        let theirs = try scene.commitToOrigin("same", "theirs 5\n")
        let ours = try scene.commit("same", "ours 5\n")
        #expect(engine.says("saved"), "\(engine.words)")
        let isSaved = try eventually { try engine.mark()["saved"]?["commit"]?.string == ours }
        #expect(isSaved, "\(engine.words)")
        #expect(try scene.tip() == ours)
        // Whoever waits for it asks for all that can be done.
        #expect(try engine.flush().code == .escaped)
        #expect(try eventually { try scene.tip() == theirs }, "\(engine.words)")
        #expect(try scene.status().json["engine"]?["escapeStorm"]?.bool == false)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        try scene.check()
    }

    @Test("makes no branch again that was deleted on origin", arguments: ["false", "true"])
    func deleted(auto: String) throws {
        let engine = try serving("--origin-check", "50ms", "--auto-reconcile", auto)
        let scene = engine.scene
        try scene.home.git("update-ref", "-d", "refs/heads/main", at: scene.origin.path)
        let isSeen = try eventually { try engine.mark()["state"]?.string == "origin-moved" }
        #expect(isSeen, "\(engine.words)")
        #expect(try engine.mark()["pendingCommits"]?.text != "0", "origin has nothing")
        for number in 1...3 { try scene.commit("ours", "\(number)") }
        let isSaved = try eventually {
            try engine.mark()["saved"]?["commit"]?.string == scene.tip()
        }
        #expect(isSaved, "\(engine.words)")
        #expect(try scene.origin.tip() == nil)
        _ = try engine.flush()
        #expect(try scene.origin.tip() == nil)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
        #expect(try scene.origin.tip() == nil)
    }

    @Test("saves and reconciles what the application amended after it was durable")
    func amended() throws {
        let engine = try serving()
        let scene = engine.scene
        let base = try scene.tip() ?? ""
        let first = try scene.loose("first", onto: base)
        try scene.update(to: first)
        #expect(try engine.isDurable(first))
        let amended = try scene.loose("amended", onto: base)
        try scene.update(to: amended)
        #expect(try engine.flush().code == .escaped, "\(engine.words)")
        // Never forced.
        #expect(try scene.origin.tip() == first)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }
}

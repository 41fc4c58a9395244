// A reconcile that is killed after it moved the branch, and an origin that drops commits before the next:
// what the branch had taken over from origin is not taken for ours.

import POSIX
import TestSupport
import Testing

@Suite("A reconcile that is killed behind the branch's move", .serialized)
struct KilledMoveTests {
    /// How the branch comes to origin's commit "dropped.txt", which origin then drops.
    enum Move: CaseIterable {
        case fastForward, replay, merge, escape, rewrite
    }

    /// What only closes or syncs leaves the same files behind as the call after it.
    private static let changes: Set = ["rename", "unlink", "write"]

    private func scene(_ move: Move) throws -> Scene {
        let scene = try Scene.inSync()
        let first = try scene.tip("main~1") ?? ""
        if move != .fastForward {
            try scene.commit("ours.txt", "ours", message: "Ours")
        }
        switch move {
        case .merge: try scene.home.git("config", "pod.onDivergence", "merge", at: scene.gitdir)
        case .escape: try scene.home.git("config", "pod.onDivergence", "escape", at: scene.gitdir)
        case .rewrite: try scene.rewindOrigin(to: first)
        case .fastForward, .replay: break
        }
        try scene.commitToOrigin("dropped.txt", "dropped")
        return scene
    }

    @Test(
        "at any system call does not send back what origin dropped meanwhile",
        arguments: Move.allCases)
    func dropped(move: Move) throws {
        let scene = try scene(move)
        let kept = try #require(try scene.tip("main~1", in: scene.origin.path))
        let before = try scene.tip()
        try scene.snapshot()
        let calls = try scene.tracedCalls()
        func place(_ ref: String) throws -> Int {
            try #require(
                calls.firstIndex { $0.name == "rename" && $0.line.contains("\(ref).lock\"") },
                "\(ref)")
        }
        let moved = try place("refs/heads/main")
        let remembered = try place("refs/pod/seen/main")
        let between = calls[(moved + 1)...(remembered + 2)].filter {
            Self.changes.contains($0.name)
        }
        #expect(between.count > 3)
        for call in between {
            let when = "killed at \(call.line)"
            try scene.restore()
            #expect(try scene.killed(at: call), "\(when)")
            #expect(try scene.tip() != before, "\(when)")
            try scene.rewindOrigin(to: kept)
            let answer = try scene.reconcile()
            #expect(answer.outcome == "rewritten", "\(when): \(answer.errors)")
            let subjects = try scene.subjects(in: scene.origin.path)
            #expect(!subjects.contains("Write dropped.txt"), "\(when)")
            #expect(try scene.tip("refs/pod/seen/main") == scene.origin.tip(), "\(when)")
            #expect(!(directoryEntries(scene.gitdir) ?? []).contains("git-pod-journal"), "\(when)")
        }
    }

    @Test("at any system call before it does not take the move for done")
    func notMoved() throws {
        let scene = try Scene.inSync()
        let dropped = try #require(try scene.tip())
        let kept = try #require(try scene.tip("main~1"))
        try scene.rewindOrigin(to: kept)
        try scene.snapshot()
        let calls = try scene.tracedCalls()
        let moved = try #require(
            calls.firstIndex { $0.name == "rename" && $0.line.contains("refs/heads/main.lock\"") })
        let written = try #require(
            calls[..<moved].lastIndex { $0.name == "rename" && $0.line.contains("git-pod-journal") }
        )
        for call in calls[(written + 1)...moved] where Self.changes.contains(call.name) {
            let when = "killed at \(call.line)"
            try scene.restore()
            #expect(try scene.killed(at: call), "\(when)")
            #expect(try scene.tip() == dropped, "\(when)")
            #expect(try scene.reconcile().outcome == "rewritten", "\(when)")
            #expect(try scene.tip() == kept, "\(when)")
            #expect(try scene.origin.tip() == kept, "\(when)")
        }
    }
}

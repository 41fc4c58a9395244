// A reconcile that is killed: whatever it was doing, nothing is lost and the next one finishes it.
//
// strace(1) kills it at the entry of its Nth system call, so no hook in the product is needed.
// `bin/soak kills` runs many more than a test run does.

import Model
import POSIX
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("A reconcile that is killed", .serialized)
struct KillTests {
    /// How many kills in all; the environment may ask for more.
    static let count = environmentVariable("GIT_POD_TEST_KILLS").flatMap(Int.init) ?? 25

    enum Situation: CaseIterable {
        case ahead, behind, diverged, conflict, rewritten

        func make() throws -> Scene {
            let scene = try Scene.inSync()
            let kept = try scene.tip("main~1") ?? ""
            if self != .behind {
                try scene.commit(
                    self == .conflict ? "both.txt" : "ours.txt", "ours", message: "Ours")
            }
            switch self {
            case .ahead: break
            case .behind, .diverged: try scene.commitToOrigin("theirs.txt", "theirs")
            case .conflict: try scene.commitToOrigin("both.txt", "theirs")
            case .rewritten: try scene.rewindOrigin(to: kept)
            }
            return scene
        }
    }

    @Test(
        "at any system call loses nothing, and is finished by the next",
        arguments: Situation.allCases)
    func atSystemCalls(situation: Situation) throws {
        let scene = try situation.make()
        let ours = try #require(try scene.tip())
        try scene.snapshot()
        let calls = try scene.tracedCalls()
        #expect(calls.count > 50)
        var numbers = SeededNumbers(seed: 7)
        var killed = 0
        let runs = max(1, Self.count / Situation.allCases.count)
        for _ in 0..<runs {
            try scene.restore()
            let place = Int(numbers.next() % UInt64(calls.count))
            let when = "killed at call \(place) of \(calls.count), \(calls[place].line)"
            if try scene.killed(at: calls[place]) { killed += 1 }
            try expectNothingLost(scene, ours, when)
            let next = try reconcileAgain(scene)
            #expect(next.code == .done || next.code == .escaped, "\(when): \(next.errors)")
            try expectFinished(scene, situation, ours, when)
        }
        // Some runs make a call more or less, of which the last is then not reached.
        #expect(killed * 10 >= runs * 9)
    }

    @Test(
        "at any moment loses nothing, and is finished by the next",
        arguments: Situation.allCases)
    func atMoments(situation: Situation) throws {
        let scene = try situation.make()
        let ours = try #require(try scene.tip())
        try scene.snapshot()
        let start = monotonicNanoseconds()
        _ = try scene.reconcile()
        let whole = monotonicNanoseconds() - start
        var numbers = SeededNumbers(seed: 11)
        for _ in 0..<max(1, Self.count / Situation.allCases.count) {
            try scene.restore()
            let moment = Int64(numbers.next() % whole)
            let running = try RunningCommand(
                scene.command, environment: scene.home.environment())
            pause(.nanoseconds(moment))
            running.child.signal(SIGKILL)
            _ = try running.finish()
            let when = "killed after \(moment / 1000) of \(whole / 1000) µs"
            try expectNothingLost(scene, ours, when)
            let next = try reconcileAgain(scene)
            #expect(next.code == .done || next.code == .escaped, "\(when): \(next.errors)")
            try expectFinished(scene, situation, ours, when)
        }
    }

    /// The next run. Origin may still be busy with what the killed one had begun to send: then the
    /// run says so, and another one is made.
    private func reconcileAgain(_ scene: Scene) throws -> Answer {
        for _ in 0..<20 {
            let answer = try scene.reconcile()
            guard answer.error.contains("cannot lock ref") else { return answer }
            pause(.milliseconds(100))
        }
        return try scene.reconcile()
    }

    private func expectNothingLost(_ scene: Scene, _ ours: String, _ when: String) throws {
        #expect(try scene.isKept(ours), "\(when): \(ours) is on no ref")
        let fsck = try scene.home.attempt(
            ["fsck", "--full", "--no-dangling", "--connectivity-only"], at: scene.gitdir)
        #expect(fsck.succeeded, "\(when): \(fsck.errors)")
    }

    private func expectFinished(
        _ scene: Scene, _ situation: Situation, _ ours: String, _ when: String
    ) throws {
        let tip = try scene.tip()
        #expect(try scene.origin.tip() == tip, "\(when)")
        #expect(try scene.tip("refs/pod/seen/main") == tip, "\(when)")
        #expect(try scene.refs("refs/pod/pending/").isEmpty, "\(when)")
        #expect(try scene.isKept(ours), "\(when)")
        if situation == .conflict {
            let kept = try scene.refs("refs/heads/conflicts/", in: scene.origin.path)
            #expect(kept.values.contains(ours), "\(when)")
        } else if situation != .behind {
            #expect(try scene.content(of: "ours.txt") == "ours", "\(when)")
            #expect(try scene.subjects().filter { $0 == "Ours" }.count == 1, "\(when)")
        }
        let left = (directoryEntries(scene.gitdir) ?? []).filter {
            $0.hasPrefix("git-pod-scratch-") || $0 == "git-pod-journal" || $0.hasSuffix(".new")
        }
        #expect(left.isEmpty, "\(when): \(left)")
        try scene.check()
    }
}

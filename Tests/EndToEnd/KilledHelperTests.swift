// Nothing goes on running over there when the helper is gone.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A helper that is killed leaves nothing running in the pod")
struct KilledHelperTests {
    @Test("in the middle of a pack", arguments: Way.allCases)
    func inThePack(way: Way) throws {
        let served = try ServedPod()
        try served.pod.addBulk(megabytes: 30, to: served.pod.gitdir)
        let fetch = try served.pod.home.start(
            ["-c", "fetch.unpackLimit=1", "fetch", "-q", way.rawValue], at: served.pod.clone,
            environment: ["GIT_TRACE_PACKFILE": "2"])
        // git cannot get on far from there: its trace goes into a pipe that nobody reads.
        #expect(try fetch.readErrors(until: "PACK"))
        try killHelper(of: fetch, served)
    }

    @Test("while the pod waits for git", arguments: Way.allCases)
    func inTheNegotiation(way: Way) throws {
        let served = try ServedPod()
        // A git that asks for nothing: the test holds its place.
        let helper = try ChildProcess(
            [
                "env", "-C", served.pod.clone, Products.path("git-remote-pod"), way.rawValue,
                "pod://\(way.rawValue)",
            ], environment: served.pod.home.environment([:]), error: .inherit)
        defer { helper.end(grace: .milliseconds(100)) }
        writeAll("connect git-upload-pack\n", to: try #require(helper.inputDescriptor))
        let output = try #require(helper.outputDescriptor)
        let answer = ByteBuffer(capacity: 64 * 1024)
        var heard = ""
        while !heard.contains("version 2") {
            try #require(try wait(for: output, reading: true, until: .longEnough))
            try #require(try read(output, into: answer) != .end)
            heard += String(decoding: answer.takeAll(), as: UTF8.self)
        }
        #expect(!Self.serving(served).isEmpty)
        Processes.end(helper.process)
        try expectNoneServing(served)
    }

    /// Stops git, so that the far side has work left, kills the helper, and waits for everything
    /// that serves the gitdir to end.
    private func killHelper(of fetch: RunningCommand, _ served: ServedPod) throws {
        let helper = try #require(fetch.stoppedHelper())
        #expect(!Self.serving(served).isEmpty)
        Processes.end(helper)
        try expectNoneServing(served)
        fetch.child.signal(Signals.kill)
        _ = try fetch.finish()
    }

    private func expectNoneServing(_ served: ServedPod) throws {
        let ended = eventually { Self.serving(served).isEmpty }
        #expect(ended, "\(Self.serving(served).map(Processes.arguments))")
    }

    /// The processes on the pod's side that were given the gitdir.
    private static func serving(_ served: ServedPod) -> [Int32] {
        Processes.withArgument(containing: served.pod.gitdir).filter { process in
            let words = Processes.arguments(of: process)
            return words.contains("upload-pack") || words.contains("bridge")
                || words.contains("git-upload-pack")
        }
    }
}

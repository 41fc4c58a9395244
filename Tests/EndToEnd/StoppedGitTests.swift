// A git that takes its time is not a pod that is silent.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A git that stands still does not lose its fetch")
struct StoppedGitTests {
    @Test("stopped in the middle of the negotiation, whichever way it goes")
    func negotiation() throws {
        try standStill { way, idle in
            let served = try slow(way, idle)
            // Many commits that the pod does not know: the negotiation takes many rounds.
            try served.pod.load(
                Self.history(length: 4000, branch: "mine"), into: "\(served.pod.clone)/.git")
            let fetch = try served.pod.home.start(
                ["fetch", "-q", "slow"], at: served.pod.clone,
                environment: ["GIT_TRACE_PACKET": "2"])
            // git cannot get on far from there: its trace goes into a pipe that nobody reads.
            #expect(try fetch.readErrors(until: "> have "))
            return (served, fetch)
        }
    }

    @Test("stopped in the middle of the pack, whichever way it comes")
    func pack() throws {
        try standStill { way, idle in
            let served = try slow(way, idle)
            try served.pod.addBulk(megabytes: 40, to: served.pod.gitdir)
            let fetch = try served.pod.home.start(
                ["-c", "fetch.unpackLimit=1", "fetch", "-q", "slow"], at: served.pod.clone,
                environment: ["GIT_TRACE_PACKFILE": "2"])
            #expect(try fetch.readErrors(until: "PACK"))
            return (served, fetch)
        }
    }

    /// A pod whose section `slow` allows `idle` of silence.
    private func slow(_ way: Way, _ idle: Duration) throws -> ServedPod {
        let served = try ServedPod()
        let settings = ["idleTimeout": "\(idle.components.seconds)s"]
        try served.name("slow", way: way, settings: settings)
        return served
    }

    /// Stops a git on each way for more than three times what the far side is given, and expects
    /// it to succeed once it may go on.
    private func standStill(_ start: (Way, Duration) throws -> (ServedPod, RunningCommand)) throws {
        let problem = try withMoreTime { idle in
            var stopped: [(ServedPod, RunningCommand, Int32)] = []
            for way in Way.allCases {
                let (served, fetch) = try start(way, idle)
                guard let helper = fetch.stoppedHelper() else { return "the fetch ended too soon" }
                stopped.append((served, fetch, helper))
            }
            let gaveUp = eventually(within: idle * 3.3) {
                stopped.contains { !Processes.isRunning($0.2) }
            }
            if gaveUp { return "a helper gave up on a git that was only slow" }
            for (served, fetch, _) in stopped {
                fetch.child.signal(Signals.resume)
                let finished = try fetch.finish()
                guard finished.succeeded else { return String(finished.errors.suffix(300)) }
                let fetched = try served.pod.refs(in: served.pod.clone, below: "refs/remotes/slow/")
                #expect(try fetched == served.branches())
            }
            return nil
        }
        #expect(problem == nil)
    }

    /// A branch of empty commits, as `git fast-import` reads it.
    private static func history(length: Int, branch: String) -> String {
        (0..<length).map { number in
            "commit refs/heads/\(branch)\n"
                + "committer Ada Operator <ada@example.com> \(1_800_000_000 + number) +0000\n"
                + "data 0\n\n"
        }.joined()
    }
}

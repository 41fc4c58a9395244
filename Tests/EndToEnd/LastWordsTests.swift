// A pod that dies when it has said everything: what arrived before its connection ended is whole.

import Model
import POSIX
import TestSupport
import Testing

@Suite("What a pod said before it died is not lost with it")
struct LastWordsTests {
    @Test(
        "to our client: the service has ended, or has written everything and hangs",
        arguments: [[], ["; exec sleep 1000"]])
    func unread(bridge options: [String]) throws {
        try dieUnread(.libssh2, bridge: options)
    }

    /// Kills all of sshd when the pod has written a pack that git has not read yet, and expects the
    /// whole of it.
    private func dieUnread(_ way: Way, bridge options: [String]) throws {
        let served = try ServedPod(bridge: options)
        try served.pod.home.configure("protocol.version", "0")
        try served.pod.addBulk(megabytes: 1, to: served.pod.gitdir)
        let request = try served.request(for: "bulk")
        let problem = try withMoreTime { time in
            // Its output is read by nobody until the end: most of the pack waits in our client.
            let helper = try served.startHelper("pod://\(way)", saying: request)
            try #require(eventually { !Self.serving(served).isEmpty })
            try #require(eventually { Self.serving(served).isEmpty })
            // What the service wrote may still be on its way through sshd.
            _ = eventually(within: time) { helper.child.pollStatus() != nil }
            for process in Processes.below(served.server.process) { Processes.end(process) }
            let finished = try helper.finish()
            // The helper itself looks for the pack's end.
            guard finished.succeeded else { return finished.errors }
            return finished.bytes.count > 1 << 20 ? nil : "the pack is missing"
        }
        #expect(problem == nil)
    }

    /// The processes that serve the gitdir.
    private static func serving(_ served: ServedPod) -> [Int32] {
        Processes.withArgument(containing: served.pod.root).filter {
            Processes.arguments(of: $0).contains { $0 == "upload-pack" || $0 == "bridge" }
        }
    }
}

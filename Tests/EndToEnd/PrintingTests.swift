// What was asked for and could not be printed, is not done.

import Model
import POSIX
import TestSupport
import Testing

@Suite("What cannot be printed")
struct PrintingTests {
    /// Runs `words` with a standard output that takes nothing.
    private func printing(_ words: String) throws -> Finished {
        try run(
            ["sh", "-c", "exec \(Products.folder)/\(words) >/dev/full"],
            environment: GitHome().environment())
    }

    @Test(
        "ends with 1 and one line that says so",
        arguments: [
            "git-pod --version", "git-pod -h", "git-pod status -h", "git-remote-pod --version",
        ])
    func full(words: String) throws {
        let finished = try printing(words)
        #expect(finished.status == .exited(1))
        let program = words.prefix { $0 != " " }
        #expect(
            finished.errors
                == "\(program): cannot write to standard output: No space left on device; "
                + "free some space on that volume\n")
    }

    @Test("a status that nobody got is none, as text or JSON", arguments: ["", "--json"])
    func status(option: String) throws {
        let pod = try PodFixture()
        let finished = try printing("git-pod status --repo \(pod.gitdir) \(option)")
        #expect(finished.status == .exited(1))
        #expect(finished.errors.contains("cannot write to standard output"))
    }
}

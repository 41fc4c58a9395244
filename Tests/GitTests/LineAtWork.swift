// A pod that pushes commit after commit over one connection.

import Git
import Model
import POSIX
import TestSupport
import Testing

/// One origin and a ``PushLine`` to it, by way of a proxy if need be.
final class LineAtWork {
    let work: OriginAtWork
    private(set) var origin: Origin
    private(set) var line: PushLine
    private var count = 0

    var there: TestOrigin { work.there }

    init(
        _ kind: TestOrigin.Kind, sshd lines: [String] = [],
        _ change: (OriginAtWork) throws -> Void = { _ in }
    ) throws {
        work = try OriginAtWork(kind, sshd: lines)
        try change(work)
        origin = work.origin
        line = try #require(PushLine(origin))
    }

    /// Has the settings count that were changed, over a new line.
    func renew() throws {
        origin = work.origin
        line = try #require(PushLine(origin))
    }

    /// Adds a commit to the pod's main, with this many bytes that cannot be compressed.
    func commit(bytes: Int = 0) throws {
        count += 1
        guard bytes > 0 else {
            try work.pod.commit(to: work.pod.gitdir, "main", ["Commit number \(count)"])
            return
        }
        var numbers = SeededNumbers(seed: UInt64(count))
        var stream = Array(
            """
            commit refs/heads/main
            committer Pod <pod@example.com> 1767323045 +0000
            data 4
            Bulk
            from refs/heads/main^0
            M 100644 inline bulk
            data \(bytes)

            """.utf8)
        stream += numbers.bytes(bytes) + [10]
        try work.pod.home.attempt(
            ["-c", "core.compression=0", "fast-import", "--quiet", "--force"],
            at: work.pod.gitdir, input: stream
        ).check()
    }

    func warm() throws { try line.warm(for: [OriginAtWork.main]) }

    /// Pushes main over the line, and says what came of it.
    @discardableResult
    func push() throws -> PushResult? {
        try work.repository.refreshObjects()
        return try origin.push([try work.ahead()], over: line)[OriginAtWork.main]
    }

    /// Commits and pushes, and looks whether origin has it.
    func commitAndPush() throws {
        try commit()
        #expect(try push() == .done)
        try expectDurable()
    }

    func expectDurable() throws { #expect(try work.theirs() == work.own()) }

    /// Attends to the line until it is warm, and has nothing more to do.
    func settle() throws {
        try warm()
        let isWarm = try eventually {
            try line.attend()
            return line.isWarm
        }
        #expect(isWarm)
        for _ in 0..<20 {
            var requests = line.interest
            _ = try wait(for: &requests, until: .after(.milliseconds(5)))
            try line.attend()
        }
    }

    /// The git-receive-packs that run for this origin.
    var receivers: [Int32] {
        Processes.withArgument(containing: there.path).filter {
            let arguments = Processes.arguments(of: $0)
            return arguments.contains("receive-pack")
                || arguments.first?.hasSuffix("receive-pack") == true
        }
    }
}

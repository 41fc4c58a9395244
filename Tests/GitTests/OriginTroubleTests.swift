// What goes wrong with origins: each has its reason, one line that says what to do, and nothing moves.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("An origin in trouble")
struct OriginTroubleTests {
    typealias Kind = TestOrigin.Kind

    /// A failure of `body`, whose text is one line.
    private func failure(_ body: () throws -> Void) throws -> OriginFailure {
        let failure = try #require(throws: OriginFailure.self, performing: body)
        #expect(!failure.message.contains("\n"))
        return failure
    }

    @Test("whose hook refuses is told from one that took it", arguments: Kind.allCases)
    func hook(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        let before = try work.theirs()
        for hook in ["pre-receive", "update"] {
            try work.there.refuse("no commits on Fridays", hook: hook)
            let result = try work.pushAhead()
            guard case .refused(.rejected, let text) = result else {
                Issue.record("\(hook): \(String(describing: result))")
                continue
            }
            #expect(text.contains("no commits on Fridays"), "\(text)")
            #expect(text.contains("refs/heads/main"), "\(text)")
            try run(["rm", "\(work.there.path)/hooks/\(hook)"]).check()
        }
        #expect(try work.theirs() == before)
    }

    @Test("whose ref is locked refuses for now", arguments: Kind.allCases)
    func locked(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        let before = try work.theirs()
        try work.there.lock()
        let result = try work.pushAhead()
        guard case .refused(.unknown, let text) = result else {
            Issue.record("\(String(describing: result))")
            return
        }
        #expect(text.contains("lock"), "\(text)")
        #expect(try work.theirs() == before)
        try work.there.unlock()
        #expect(try work.pushAhead() == .done)
    }

    @Test("whose disk is full is told from one that refuses", arguments: Kind.allCases)
    func fullDisk(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        try writeFile(
            "\(work.there.path)/hooks/pre-receive",
            "#!/bin/sh\ncat >/dev/null; head -c 1 /dev/zero >/dev/full\nexit 1\n", mode: 0o755)
        guard case .refused(.diskFull, let text) = try work.pushAhead() else {
            Issue.record("not taken for a full disk")
            return
        }
        #expect(text.contains("No space left on device"), "\(text)")
    }

    @Test("that has gone is unreachable", arguments: Kind.allCases)
    func vanished(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        let update = try work.ahead()
        _ = try work.origin.fetch(branch: OriginAtWork.main)
        try work.there.vanish()
        let fetching = try failure { _ = try work.origin.fetch(branch: OriginAtWork.main) }
        #expect(fetching.reason == .unreachable && fetching.failure.kind == .unreachable)
        let pushing = try failure { _ = try work.origin.push([update]) }
        #expect(pushing.reason == .unreachable, "\(pushing)")
        #expect(pushing.failure.hint != nil, "\(pushing)")
    }

    @Test("without the repository says which", arguments: Kind.allCases)
    func hidden(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        try work.there.hideRepository()
        let failure = try failure { _ = try work.origin.fetch(branch: OriginAtWork.main) }
        #expect(failure.reason == .unreachable, "\(failure)")
        let words =
            kind == .https
            ? "repository '\(work.there.url)/' not found" : "does not appear to be a git repository"
        #expect(failure.message.contains(words), "\(failure)")
    }

    @Test("that is no longer waited for lets go", arguments: Kind.allCases)
    func cancelled(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        try writeFile(
            "\(work.there.path)/hooks/pre-receive",
            "#!/bin/sh\nwhile test -e hooks/pre-receive; do sleep 0.1; done\n", mode: 0o755)
        work.settings.idleTimeout = .seconds(600)
        let asked = Locked(0)
        work.settings.isCancelled = {
            asked.with {
                $0 += 1
                return $0 > 3
            }
        }
        let failure = try failure { _ = try work.pushAhead() }
        #expect(failure.message.contains("called off"), "\(failure)")
        // The children are gone with it, and git's own children too.
        let url = work.there.url
        #expect(eventually { kind == .path || Processes.withArgument(containing: url).isEmpty })
    }

    @Test("that falls silent is given up", arguments: Kind.allCases)
    func hangs(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        try writeFile(
            "\(work.there.path)/hooks/pre-receive",
            "#!/bin/sh\n\(work.pod.folder.standStill)\n", mode: 0o755)
        work.settings.idleTimeout = .milliseconds(600)
        work.settings.connectTimeout = .seconds(3)
        let failure = try failure { _ = try work.pushAhead() }
        #expect(failure.reason == .timeout && failure.failure.kind == .unreachable, "\(failure)")
    }
}

// How one branch stands, in the one form that a running engine and `git pod status` share.

import EngineCore
import Git
import Model
import POSIX

/// The watermarks of one branch, with what lies between them.
public struct BranchStatus: Sendable {
    /// A lock file that stands in the way of the branch, or of what is remembered of it.
    public struct BlockingLock: Sendable {
        public let path: String
        public let ageSeconds: Int64

        /// Nil if the ref's file is not locked.
        init?(on name: RefName, in gitdir: String) {
            path = "\(gitdir)/\(name).lock"
            guard let status = fileStatus(path) else { return nil }
            let age = wallClockMilliseconds() - status.modifiedNanoseconds / 1_000_000
            ageSeconds = max(0, age / 1000)
        }

        var json: JSON {
            .object([("path", .string(path)), ("ageSeconds", .integer(ageSeconds))])
        }
    }

    var mark: Watermark
    /// What the times in `mark` are counted up to.
    let now: Duration
    /// What the branch has and origin's has not; nil where that cannot be read.
    var pending: Lag?
    /// Commits that origin's branch has and this one has not; nil where its tip is not known, or not
    /// here.
    var originAhead: Int?
    /// The last reconcile since the engine's start.
    let lastReconcile: ReconcileReport?
    var blockedByLock: BlockingLock?

    var json: JSON { .object(watermarks + lag + pushes) }

    private typealias Members = [(name: String, value: JSON)]

    private var watermarks: Members {
        [
            ("branch", .string(mark.name.branch ?? mark.name.description)),
            ("state", .string(mark.state.rawValue)),
            ("local", Self.id(mark.local)),
            ("origin", Self.id(mark.origin)),
            ("seen", Self.id(mark.seen)),
            ("durable", Self.id(mark.durable)),
        ]
    }

    private var lag: Members {
        [
            ("pendingCommits", Self.number(pending.map { Int64($0.commits) })),
            ("pendingBytes", Self.number(pending?.bytes)),
            ("oldestPendingSeconds", oldestPending),
            ("originAhead", Self.number(originAhead.map { Int64($0) })),
            ("saved", mark.saved?.json ?? .null),
        ]
    }

    private var pushes: Members {
        [
            ("lastSuccessSecondsAgo", mark.lastSuccess.map { ago($0, now) } ?? .null),
            ("lastFailure", mark.lastFailure?.json(at: now) ?? .null),
            ("nextAttemptInSeconds", mark.nextAttempt.map { ago(now, $0) } ?? .null),
            ("lastReconcile", lastReconcile?.json ?? .null),
            ("blockedByLock", blockedByLock?.json ?? .null),
        ]
    }

    private var oldestPending: JSON {
        Self.number((pending?.oldest).map { max(0, wallClockSeconds() - $0) })
    }

    private static func number(_ value: Int64?) -> JSON { value.map { .integer($0) } ?? .null }

    private static func id(_ id: ObjectID?) -> JSON { id.map { .string($0.description) } ?? .null }
}

/// Whole seconds from one time to a later one.
private func ago(_ time: Duration, _ now: Duration) -> JSON {
    .integer(max(0, (now - time).components.seconds))
}

extension Watermark.Saved {
    fileprivate var json: JSON {
        .object([
            ("commit", .string(tip.description)), ("conflictBranch", .string(on.branch ?? "")),
        ])
    }
}

extension PushTrouble {
    /// As status shows it at the time `now`.
    func json(at now: Duration) -> JSON {
        .object([
            ("reason", .string(reason.rawValue)), ("text", .string(text)),
            ("attempt", .integer(attempt)), ("secondsAgo", ago(time, now)),
        ])
    }
}

// What a reconcile says of itself: one JSON value, or a line for a person.

import EngineCore
import Model

/// The result of one reconcile.
public struct ReconcileReport: Sendable {
    public var outcome: Outcome?
    public let branch: String
    /// The branch's tip before; nil if there was none.
    public var oldCommit: ObjectID?
    public var newCommit: ObjectID?
    /// Commits that the branch had and origin had not, when that was done which `outcome` tells.
    public var ahead = 0
    /// Commits that origin had and the branch had not.
    public var behind = 0
    /// The conflict branch that this reconcile made, without `refs/heads/`.
    public var conflictBranch: String?
    /// Whether origin was found rewritten.
    public var rewritten = false
    /// Whether something was sent in this run, and origin has confirmed all of it.
    public var pushed = false
    public var duration: Duration = .zero
    /// What went wrong, even where an outcome was reached: a push that failed after a rebase.
    public var failure: Failure?
    /// Why origin could not be asked, where that is what went wrong.
    var reason: PushFailureReason?
    /// What origin has now, and what of it was acted on; nil if origin was not reached.
    var sighting: Sighting?

    public init(branch: String, failure: Failure? = nil) {
        self.branch = branch
        self.failure = failure
    }

    /// The exit code that says it.
    public var exitCode: ExitCode {
        if conflictBranch != nil { return .escaped }
        return failure?.kind.exitCode ?? .done
    }

    public var json: JSON {
        .object([
            ("outcome", .string(outcome?.rawValue ?? "failed")),
            ("branch", .string(branch)),
            ("oldCommit", oldCommit.map { .string($0.description) } ?? .null),
            ("newCommit", newCommit.map { .string($0.description) } ?? .null),
            ("ahead", .integer(ahead)),
            ("behind", .integer(behind)),
            ("conflictBranch", conflictBranch.map { .string($0) } ?? .null),
            ("rewritten", .bool(rewritten)),
            ("pushed", .bool(pushed)),
            ("durationMs", .integer(duration.milliseconds)),
            ("error", failure.map { .string($0.description) } ?? .null),
        ])
    }

    /// One line for a person; nil if nothing but the failure is to be said.
    public var line: String? {
        guard let outcome, outcome != .fetchFailed else { return nil }
        let now = newCommit?.short ?? "nothing"
        let sent = pushed ? ", and origin has it" : ""
        let text =
            switch outcome {
            case .inSync: "\(branch) and origin are both at \(now)"
            case .fastForwarded: "\(branch) follows origin to \(now), \(Self.count(behind))"
            // Of a branch that origin has not, a look counts nothing.
            case .pushedAhead where ahead == 0: "\(branch) is at \(now), and not on origin yet"
            case .pushedAhead: "\(branch) is \(Self.count(ahead)) ahead, at \(now)\(sent)"
            case .rebased:
                "\(branch) was replayed onto origin's \(Self.count(behind)): \(now)\(sent)"
            case .merged: "\(branch) was merged with origin's \(Self.count(behind)): \(now)\(sent)"
            case .conflictEscaped where conflictBranch == nil:
                "\(branch) is at origin's \(now); what is here goes to a conflict branch"
            case .conflictEscaped: "\(branch) is at origin's \(now)"
            case .rewritten: "origin's \(branch) was rewritten; it is at \(now) here\(sent)"
            case .originDeleted: "origin has no \(branch) any more"
            case .stopped: "\(branch) and origin have parted; nothing was moved"
            case .fetchFailed: ""
            }
        return "\(outcome.rawValue): \(text)"
            + (conflictBranch.map { "; what was here is on \($0)" } ?? "")
    }

    private static func count(_ commits: Int) -> String {
        commits == 1 ? "1 commit" : "\(commits) commits"
    }
}

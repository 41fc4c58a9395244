// One push in the foreground: what is on the branch and on pending conflict branches goes to origin.

import EngineCore
import Git
import Model
import POSIX

/// The result of one push.
public struct PushReport: Sendable {
    public let branch: String
    /// What origin had before.
    public var oldCommit: ObjectID?
    /// The branch's tip.
    public var newCommit: ObjectID?
    /// Whether something was sent in this run, and origin has confirmed all of it.
    public var pushed = false
    /// Whether origin is known to have the branch's tip.
    public var durable = false
    /// Conflict branches that origin has not confirmed.
    public var pending: [String] = []
    public var reason: PushFailureReason?
    public var failure: Failure?
    public var duration: Duration = .zero

    public init(branch: String, failure: Failure? = nil) {
        self.branch = branch
        self.failure = failure
    }

    public var exitCode: ExitCode { failure?.kind.exitCode ?? .done }

    public var json: JSON {
        .object([
            ("branch", .string(branch)),
            ("oldCommit", oldCommit.map { .string($0.description) } ?? .null),
            ("newCommit", newCommit.map { .string($0.description) } ?? .null),
            ("pushed", .bool(pushed)),
            ("durable", .bool(durable)),
            ("pendingConflictBranches", .array(pending.map { .string($0) })),
            ("reason", reason.map { .string($0.rawValue) } ?? .null),
            ("durationMs", .integer(duration.milliseconds)),
            ("error", failure.map { .string($0.description) } ?? .null),
        ])
    }

    /// One line for a person; nil if nothing but the failure is to be said.
    public var line: String? {
        guard durable, let newCommit else { return nil }
        return oldCommit == newCommit
            ? "origin has \(branch) at \(newCommit.short) already"
            : "origin has \(branch) at \(newCommit.short) now"
    }
}

extension Engine {
    /// Sends the branch if origin can take it without losing anything, and pending conflict branches
    /// in any case. Never throws: what went wrong is in the report.
    public func push() -> PushReport {
        let start = monotonicNanoseconds()
        var report = PushReport(branch: branch.branch ?? "")
        do throws(Failure) { try push(&report) } catch { report.failure = report.failure ?? error }
        report.failure = report.failure?.naming(repository.path)
        report.duration = .nanoseconds(monotonicNanoseconds() - start)
        if report.pushed { tell(.pushed, report.json) }
        return report
    }

    private func push(_ report: inout PushReport) throws(Failure) {
        let local = try localTip()
        report.newCommit = local
        try unfinishedEscape(local)
        report.pending = try pendingEscapes().compactMap(\.branch.branch)
        let tips: OriginTips
        do throws(OriginFailure) { tips = try fetch() } catch {
            report.reason = error.reason
            throw error.failure
        }
        report.oldCommit = tips.branch
        let plan = try plan(for: local, tips)
        try adopt(tips.branch, by: plan)
        try track(tips.branch)
        let obstacle = obstacle(by: plan)
        // Conflict branches go also where the branch cannot.
        var delivery = try deliver(obstacle == nil ? local : nil, tips)
        if !delivery.renamed.isEmpty {
            let rest = try deliver(nil, tips)
            delivery.failure = delivery.failure ?? rest.failure
            delivery.reason = delivery.reason ?? rest.reason
            delivery.isConfirmed = delivery.failure == nil && rest.isConfirmed
        }
        report.pushed = delivery.isConfirmed
        report.durable = delivery.hasBranch
        if delivery.hasBranch { try remember(local) }
        report.pending = try pendingEscapes().compactMap(\.branch.branch)
        if let obstacle {
            report.reason = .nonFastForward
            throw obstacle
        }
        report.reason = delivery.reason
        report.failure = delivery.failure
    }

    /// The same decision as a reconcile's, with nobody to bring both sides together.
    private func plan(for local: ObjectID, _ tips: OriginTips) throws(Failure) -> ReconcilePlan {
        let seen = try lastSeen()
        let situation = try attempt { () throws(GitError) in
            try self.repository.situation(
                local: local, tip: tips.branch, originIsEmpty: tips.originIsEmpty, seen: seen)
        }
        return ReconcilePlan(situation, onDivergence: .stop, onRewrite: .stop)
    }

    /// Why origin's branch cannot go to ours without losing anything; nil if it can.
    private func obstacle(by plan: ReconcilePlan) -> Failure? {
        switch plan {
        case .nothing, .push: return nil
        case .fail(let refusal), .stop(.originDeleted, let refusal): return failure(refusal)
        default:
            return .cannotBePushed(branch.branch ?? "", gitdir: repository.path)
        }
    }
}

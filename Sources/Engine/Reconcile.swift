// One reconcile: fetch, decide, carry out, send. The decision is EngineCore's ReconcilePlan; Steps.swift
// carries each of its cases out.

import EngineCore
import Git
import Model
import POSIX

extension Engine {
    /// Brings the branch and origin together once, and says what came of it. Never throws: what went
    /// wrong is in the report.
    ///
    /// - Parameter dryRun: whether only to say what would be done. Objects may be fetched then; no
    ///   ref moves, and nothing is sent.
    public func reconcile(dryRun: Bool = false) -> ReconcileReport {
        let start = monotonicNanoseconds()
        let run = Reconcile(self, dryRun: dryRun)
        do throws(Failure) { try run.run() } catch {
            run.report.failure = error.naming(repository.path)
        }
        run.sight()
        run.report.duration = .nanoseconds(monotonicNanoseconds() - start)
        if !dryRun {
            // Under the lock still: what the hook rebuilds, nobody moves meanwhile.
            if run.report.conflictBranch != nil { tell(.conflict, run.report.json) }
            tell(.reconciled, run.report.json)
        }
        return run.report
    }
}

/// One reconcile under way.
final class Reconcile {
    /// How often it is begun anew because origin or the application moved meanwhile.
    private static let maximumRounds = 5

    let engine: Engine
    let isDryRun: Bool
    var report: ReconcileReport
    /// What origin has, nil inside if it lacks the branch; nil until that is known.
    var originTip: ObjectID??
    private var counted: [ObjectID] = []
    /// Whether origin has no branch at all: it lacks all that the branch holds.
    private var originIsEmpty = false

    /// What comes after a step.
    enum Next {
        case finished
        /// Something moved meanwhile: look again.
        case again
    }

    init(_ engine: Engine, dryRun: Bool) {
        self.engine = engine
        isDryRun = dryRun
        report = ReconcileReport(branch: engine.branch.branch ?? "")
    }

    func run() throws(Failure) {
        let onDivergence: DivergencePolicy = try engine.settings.choice("onDivergence") ?? .rebase
        let onRewrite: RewritePolicy = try engine.settings.choice("onRewrite") ?? .replay
        report.oldCommit = try engine.localTip()
        report.newCommit = report.oldCommit
        if let tip = report.oldCommit, !isDryRun { try engine.unfinishedEscape(tip) }
        for _ in 1...Self.maximumRounds {
            guard let tips = try fetch() else { return }
            let local = try engine.localTip()
            let situation = try observe(local, tips)
            let plan = ReconcilePlan(
                situation, onDivergence: onDivergence, onRewrite: onRewrite)
            if !isDryRun { try accept(tips, by: plan) }
            if try carryOut(plan, local, tips) == .finished { return }
        }
        throw Failure(
            .failed, "\(report.branch) and origin kept moving through \(Self.maximumRounds) tries",
            hint: "run it again")
    }

    /// Says how origin was left.
    func sight() {
        // Of an origin that is not adopted, nothing follows for a push.
        guard let originTip, engine.isAdopted else { return }
        report.sighting = Sighting(origin: originTip, seen: try? engine.target(engine.seen))
    }

    /// Asks origin; nil if that came to nothing, which the report then says.
    private func fetch() throws(Failure) -> OriginTips? {
        do throws(OriginFailure) {
            let tips = try engine.fetch()
            return tips
        } catch {
            report.reason = error.reason
            if error.isOutOfReach { report.outcome = report.outcome ?? .fetchFailed }
            report.failure = error.failure
            return nil
        }
    }

    /// Origin's tips count from here on.
    private func accept(_ tips: OriginTips, by plan: ReconcilePlan) throws(Failure) {
        try engine.adopt(tips.branch, by: plan)
        try engine.track(tips.branch)
    }

    private func observe(_ local: ObjectID, _ tips: OriginTips) throws(Failure) -> Situation {
        originTip = .some(tips.branch)
        originIsEmpty = tips.originIsEmpty
        let seen = try engine.lastSeen()
        return try attempt { () throws(GitError) in
            let repository = self.engine.repository
            if self.report.outcome == nil { try self.count(local, tips.branch) }
            return try repository.situation(
                local: local, tip: tips.branch, originIsEmpty: tips.originIsEmpty, seen: seen)
        }
    }

    /// The outcome of several rounds is that of the one that did most, and so are its counts.
    ///
    /// - Parameters:
    ///   - local: the branch's tip that it was done with. A writer may have moved it on since it was
    ///     decided what to do.
    ///   - tip: origin's.
    func reached(_ outcome: Outcome, from local: ObjectID, _ tip: ObjectID?) {
        if outcome == .rewritten { report.rewritten = true }
        let order: [Outcome] = [
            .inSync, .pushedAhead, .fastForwarded, .merged, .rebased, .rewritten, .conflictEscaped,
        ]
        let known = report.outcome.flatMap(order.firstIndex) ?? -1
        guard (order.firstIndex(of: outcome) ?? order.count) >= known else { return }
        report.outcome = outcome
        try? count(local, tip)
    }

    /// Counts what the two have apart, unless these two were counted last.
    func count(_ local: ObjectID, _ tip: ObjectID?) throws(GitError) {
        guard tip != nil || originIsEmpty, counted != [local, tip ?? .zero] else { return }
        if let tip {
            (report.ahead, report.behind) = try engine.repository.aheadBehind(local, tip)
        } else {
            report.ahead = try engine.repository.commits(from: [local], hiding: []).count
        }
        counted = [local, tip ?? .zero]
    }
}

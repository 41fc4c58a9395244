// The first look at many branches: origin is asked once where all of them are. What a push, or nothing,
// brings together is settled by that; only the others get a reconcile of their own. The push service
// has the steward do it at its start.

import EngineCore
import Git
import Model

/// What one look at origin says of many branches.
struct Survey: Sendable {
    /// Of those that need no reconcile of their own.
    var reports: [ReconcileReport] = []
    /// Those that need one.
    var rest: [RefName] = []
    /// Why nothing could be looked at; the reports say the same then.
    var failure: Failure?

    init(rest: [RefName] = []) { self.rest = rest }

    /// Nothing is known of any of `branches`.
    init(
        _ branches: [RefName], failure: Failure, outcome: Outcome? = nil,
        reason: PushFailureReason? = nil
    ) {
        self.failure = failure
        reports = branches.map { name in
            var report = ReconcileReport(branch: name.branch ?? "", failure: failure)
            (report.outcome, report.reason) = (outcome, reason)
            return report
        }
    }
}

extension Engine {
    /// Asks origin once where `branches` are, and sees what follows from that for each.
    func survey(_ branches: [RefName]) -> Survey {
        guard isAdopted else { return Survey(rest: branches) }
        let found: [RefName: ObjectID]
        do throws(OriginFailure) { found = try origin().tips(branches) } catch {
            return Survey(
                branches, failure: error.failure, outcome: error.isOutOfReach ? .fetchFailed : nil,
                reason: error.reason)
        }
        var survey = Survey()
        let hasOld = (try? !oldAnchors().isEmpty) ?? true
        for name in branches {
            // What goes wrong with one is said by its own reconcile.
            if let report = try? on(name).settled(by: found[name], droppingAnchors: hasOld) {
                survey.reports.append(report)
            } else {
                survey.rest.append(name)
            }
        }
        return survey
    }

    /// What comes of the branch by origin's tip alone: nothing is left to do, or a push brings both
    /// together. Nil where a reconcile has to decide.
    private func settled(by tip: ObjectID?, droppingAnchors: Bool) throws(Failure)
        -> ReconcileReport?
    {
        let (local, known) = (try localTip(), try lastSeen())
        guard try unfinishedEscape(local) == nil else { return nil }
        var report = ReconcileReport(branch: branch.branch ?? "")
        (report.oldCommit, report.newCommit) = (local, local)
        if let tip {
            guard tip == local || tip == known, try holds(local, known ?? tip) else { return nil }
            try remember(tip)
            try setTracking(tip)
            report.outcome = tip == local ? .inSync : .pushedAhead
            report.ahead = try attempt { () throws(GitError) in
                tip == local ? 0 : try self.repository.aheadBehind(local, tip).0
            }
            if droppingAnchors { try dropOldAnchors(origin: tip) }
        } else {
            guard known == nil else { return nil }
            report.outcome = .pushedAhead
        }
        report.sighting = Sighting(origin: tip, seen: tip)
        return report
    }

    private func holds(_ tip: ObjectID, _ commit: ObjectID) throws(Failure) -> Bool {
        try attempt { () throws(GitError) in try self.repository.isAncestor(commit, of: tip) }
    }
}

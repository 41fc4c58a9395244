// The cases of a reconcile's plan, carried out.

import EngineCore
import Git
import Model
import POSIX

extension Reconcile {
    func carryOut(_ plan: ReconcilePlan, _ local: ObjectID, _ tips: OriginTips) throws(Failure)
        -> Next
    {
        switch plan {
        case .nothing(let outcome):
            reached(outcome, from: local, tips.branch)
            return try finish(local, tips)
        case .fastForward(let tip, let outcome):
            return try follow(tip, from: local, anchored: false, outcome, tips)
        case .abandon(let tip):
            return try follow(tip, from: local, anchored: true, .rewritten, tips)
        case .push(_, let outcome):
            reached(outcome, from: local, tips.branch)
            return try finish(local, tips)
        case .replay(let upstream, let onto, let outcome):
            return try replay(local, after: upstream, onto: onto, outcome, tips)
        case .merge(let theirs):
            try engine.repository.checkPresent(local, hiding: [theirs])
            return try merge(local, theirs, tips)
        case .escape(let tip):
            try engine.repository.checkPresent(local, hiding: [tip])
            return try escape(local, to: tip, after: tip, .conflictEscaped, tips)
        case .stop(let outcome, let refusal):
            report.outcome = outcome
            report.rewritten = outcome == .rewritten
            try? count(local, tips.branch)
            throw engine.failure(refusal)
        case .fail(let refusal): throw engine.failure(refusal)
        }
    }

    /// The branch goes to origin's tip, with nothing of ours on it.
    private func follow(
        _ tip: ObjectID, from local: ObjectID, anchored: Bool, _ outcome: Outcome,
        _ tips: OriginTips
    ) throws(Failure) -> Next {
        if isDryRun { return foresee(outcome, tip: tip, from: outcome) }
        if anchored { _ = try engine.anchor(local) }
        guard
            try engine.refs.follow(tip, engine.branch, from: local, to: tip, outcome.rawValue)
        else { return .again }
        reached(outcome, from: local, tip)
        return try finish(tip, tips)
    }

    /// Ours, which `upstream` has not, goes on top of origin's tip; or to a conflict branch.
    private func replay(
        _ local: ObjectID, after upstream: ObjectID, onto: ObjectID, _ outcome: Outcome,
        _ tips: OriginTips
    ) throws(Failure) -> Next {
        let replayer = Replayer(
            engine.repository, upstream: upstream, onto: onto, committer: try engine.committer())
        guard !isDryRun else {
            if case .conflict = try replayer.add(commitsUpTo: local, after: nil) {
                return foresee(.conflictEscaped, tip: onto, from: outcome)
            }
            return foresee(outcome, tip: replayer.tip, from: outcome)
        }
        var anchor: Keep?
        var replayed: ObjectID?
        var recorded = 0
        let swap = try engine.swap(from: local, following: onto, outcome.rawValue) {
            tip throws(Failure) in
            if replayed != tip {
                guard case .clean = try replayer.add(commitsUpTo: tip, after: replayed) else {
                    return nil
                }
                replayed = tip
                try replayer.store()
            }
            if let anchor { try anchor.follow(tip) } else { anchor = try self.engine.anchor(tip) }
            try self.engine.record(replayer.replaced.dropFirst(recorded), onto: onto)
            recorded = replayer.replaced.count
            try self.engine.record(
                mergesOf: tip, hiding: [upstream, onto], by: replayer.tip)
            return replayer.tip
        }
        switch swap {
        case .rewound: return .again
        case .moved(let old, let new):
            reached(outcome, from: old, onto)
            return try finish(new, tips)
        case .conflict(let tip):
            return try escape(
                tip, to: onto, after: upstream,
                outcome == .rewritten ? .rewritten : .conflictEscaped, tips)
        }
    }

    private func foresee(_ outcome: Outcome, tip: ObjectID, from wanted: Outcome) -> Next {
        report.outcome = wanted == .rewritten ? .rewritten : outcome
        report.rewritten = wanted == .rewritten
        report.newCommit = tip
        return .finished
    }

    /// Ours and origin's get a common child; or ours goes to a conflict branch.
    private func merge(_ local: ObjectID, _ theirs: ObjectID, _ tips: OriginTips) throws(Failure)
        -> Next
    {
        guard !isDryRun else {
            let merged = try joined(local, theirs)
            return foresee(
                merged == nil ? .conflictEscaped : .merged, tip: merged ?? theirs, from: .merged)
        }
        var anchor: Keep?
        let swap = try engine.swap(from: local, following: theirs, "merged") {
            tip throws(Failure) in
            guard let merged = try self.joined(tip, theirs) else { return nil }
            if let anchor { try anchor.follow(tip) } else { anchor = try self.engine.anchor(tip) }
            return merged
        }
        switch swap {
        case .rewound: return .again
        case .moved(let old, let new):
            reached(.merged, from: old, theirs)
            return try finish(new, tips)
        case .conflict(let tip):
            return try escape(tip, to: theirs, after: theirs, .conflictEscaped, tips)
        }
    }

    /// The commit that joins both; nil if they conflict.
    private func joined(_ ours: ObjectID, _ theirs: ObjectID) throws(Failure) -> ObjectID? {
        let committer = try engine.committer()
        let verdict = try engine.repository.merge(
            ours, with: theirs, message: "Merge origin's \(report.branch)\n", author: committer,
            committer: committer, isTrial: isDryRun)
        guard case .merged(let commit) = verdict else { return nil }
        return commit
    }

    /// The branch's tip goes to a conflict branch, and the branch to origin's tip.
    private func escape(
        _ local: ObjectID, to tip: ObjectID, after upstream: ObjectID, _ outcome: Outcome,
        _ tips: OriginTips
    ) throws(Failure) -> Next {
        if isDryRun { return foresee(outcome, tip: tip, from: outcome) }
        var kept: Keep?
        let swap = try engine.swap(from: local, following: tip, "conflict-escaped") {
            local throws(Failure) in
            if let kept {
                try self.engine.follow(local, with: kept)
            } else {
                kept = try self.engine.escape(local)
            }
            if let kept { try self.engine.record(escaped: local, after: upstream, to: kept.name) }
            return tip
        }
        if let kept {
            engine.endEscape(to: kept.name)
            report.conflictBranch = kept.name.branch
        }
        guard case .moved(let old, _) = swap, let kept else { return .again }
        reached(outcome, from: old, tip)
        engine.note("what \(report.branch) held is on \(kept.name.branch ?? "")")
        if report.rewritten {
            engine.note("\(kept.name.branch ?? "") carries what origin dropped back to it")
        }
        return try finish(tip, tips)
    }

    /// Origin is sent what it lacks, and is remembered.
    private func finish(_ tip: ObjectID, _ tips: OriginTips) throws(Failure) -> Next {
        report.newCommit = tip
        if isDryRun { return .finished }
        // The branch holds origin's tip by now. Were this to wait for the push, commits that origin
        // drops meanwhile would be taken for ours by the next round, or by the next start.
        try engine.remember(tips.branch)
        let delivery = try engine.deliver(tip, tips)
        report.pushed = delivery.isConfirmed
        report.failure = delivery.failure
        if delivery.hasBranch { originTip = .some(tip) }
        if let taken = report.conflictBranch.flatMap(RefName.init(branch:)),
            let name = delivery.renamed[taken]
        {
            report.conflictBranch = name.branch
        }
        if delivery.originMoved || !delivery.renamed.isEmpty { return .again }
        try engine.dropOldAnchors(origin: delivery.hasBranch ? tip : tips.branch)
        return .finished
    }
}

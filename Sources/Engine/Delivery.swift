// What goes to origin and what comes from it: the branch's commits, conflict branches that it has not
// confirmed, and its tips.

import EngineCore
import Git
import Model
import POSIX

/// What origin has, as a fetch found it.
struct OriginTips {
    /// Origin's tip of the branch, with all its objects here.
    let branch: ObjectID?
    /// Whether it has no branch at all.
    let originIsEmpty: Bool
    /// What it has of the conflict branches that we still have to send.
    let conflicts: [RefName: ObjectID]
}

/// What came of a push.
struct Delivery {
    /// Whether origin is known to have the branch's tip.
    var hasBranch = false
    /// Whether something was sent, and origin has confirmed all of it.
    var isConfirmed = false
    /// Whether origin's branch was elsewhere than the fetch had found it.
    var originMoved = false
    /// Why something was not taken.
    var failure: Failure?
    var reason: PushFailureReason?
    /// Conflict branches whose names somebody has taken on origin, and the names they got.
    var renamed: [RefName: RefName] = [:]
}

extension Engine {
    /// Conflict branches that origin has not confirmed, with the marks that say so.
    func pendingEscapes() throws(Failure) -> [(mark: Reference, branch: RefName)] {
        let marks = try attempt { () throws(GitError) in
            try self.repository.references(under: IncidentName.pending)
        }
        return marks.compactMap { mark in
            IncidentName.conflictBranch(ofMark: mark.name).map { (mark, $0) }
        }
    }

    /// Origin, and the connection to it, for as long as this engine is at work.
    func origin() throws(OriginFailure) -> Origin {
        if let known = knownOrigin { return known }
        do throws(Failure) {
            let made = Origin(repository: repository, settings: try originSettings())
            knownOrigin = made
            return made
        } catch { throw OriginFailure(.unknown, error) }
    }

    /// Asks origin for its tips, and fetches what the branch's needs.
    func fetch() throws(OriginFailure) -> OriginTips {
        let pending: [RefName]
        let known: [ObjectID]
        do throws(Failure) {
            pending = try pendingEscapes().map(\.branch)
            known = [try target(seen), try heard()].compactMap { $0 }
        } catch { throw OriginFailure(.unknown, error) }
        let origin = try origin()
        let tips = try origin.fetch(branch: branch, alsoAsk: pending, itHad: known)
        let isEmpty = try tips[branch] == nil ? !origin.hasBranches() : false
        return OriginTips(
            branch: tips[branch], originIsEmpty: isEmpty,
            conflicts: tips.filter { $0.key != branch })
    }

    /// Sends `tip` and every pending conflict branch, in one command list. Nil: only those.
    func deliver(_ tip: ObjectID?, _ tips: OriginTips) throws(Failure) -> Delivery {
        var delivery = Delivery()
        var updates: [RefUpdate] = []
        if let tip, tips.branch == tip {
            delivery.hasBranch = true
        } else if let tip {
            updates.append(RefUpdate(branch, from: tips.branch, to: tip))
        }
        for (mark, branch) in try pendingEscapes() {
            let kept = try target(branch) ?? mark.target
            if tips.conflicts[branch] == kept {
                _ = try refs.delete(mark.name, from: mark.target)
            } else {
                updates.append(RefUpdate(branch, from: tips.conflicts[branch], to: kept))
            }
        }
        guard !updates.isEmpty else { return delivery }
        let results: [RefName: PushResult]
        do throws(OriginFailure) {
            results = try origin().push(updates)
        } catch {
            delivery.failure = error.failure
            delivery.reason = error.reason
            return delivery
        }
        for update in updates { try take(results[update.name], of: update, &delivery) }
        delivery.isConfirmed = delivery.failure == nil && delivery.renamed.isEmpty
        return delivery
    }
}

extension Engine {
    /// Takes origin's word on one ref.
    private func take(
        _ result: PushResult?, of update: RefUpdate, _ delivery: inout Delivery
    ) throws(Failure) {
        switch result {
        case .done:
            if update.name == branch {
                delivery.hasBranch = true
                try remember(update.new)
                try setTracking(update.new)
            } else if let mark = IncidentName.pendingMark(of: update.name),
                let old = try target(mark)
            {
                _ = try refs.delete(mark, from: old)
            }
        case .refused(let reason, let text):
            if update.name == branch, reason == .nonFastForward { delivery.originMoved = true }
            if update.name != branch {
                let isTaken = reason == .nonFastForward
                let leavesNoRoom = isTaken ? false : originLeavesNoRoom(for: update.name)
                if isTaken || leavesNoRoom {
                    delivery.renamed[update.name] = try renameEscape(update, beside: leavesNoRoom)
                    return
                }
            }
            delivery.reason = reason
            delivery.failure = Failure(reason, text, otherwise: "run it again")
        case nil:
            delivery.reason = .unknown
            delivery.failure = Failure(
                .failed, "origin said nothing of \(update.name)", hint: "run it again")
        }
    }

    /// Somebody has a branch of that name on origin: what we keep gets another one.
    private func renameEscape(_ update: RefUpdate, beside: Bool) throws(Failure) -> RefName {
        let kept = try newEscape(update.new, beside: beside)
        endEscape(to: kept.name)
        if let mark = IncidentName.pendingMark(of: update.name), let old = try target(mark) {
            _ = try refs.delete(mark, from: old)
        }
        let other = beside ? IncidentName.folder?.branch : update.name.branch
        note("origin has another \(other ?? ""): what is here is \(kept.name) now")
        return kept.name
    }

    /// Whether origin refused a conflict branch because it has a branch called `conflicts` itself. It
    /// is asked: each host says that in other words.
    private func originLeavesNoRoom(for name: RefName) -> Bool {
        guard let folder = IncidentName.folder, name.description.hasPrefix("\(folder)/"),
            let tips = try? origin().tips([folder])
        else { return false }
        return tips[folder] != nil
    }

    /// Writes down what takes the place of replayed commits.
    func record(
        _ replaced: some Collection<(old: ObjectID, new: ObjectID?)>, onto: ObjectID
    ) throws(Failure) {
        var stand = onto
        var lines: [(old: ObjectID, by: Replacement)] = []
        for (old, new) in replaced {
            // What brought nothing new is contained in what it would have been replayed onto.
            stand = new ?? stand
            lines.append((old, .commit(stand)))
        }
        try replacements.append(lines)
    }

    /// Writes down that `new` stands for the merges that `local` has and `hidden` has not: a replay
    /// leaves them out, and their parents' commits are what took their place.
    func record(
        mergesOf local: ObjectID, hiding hidden: [ObjectID], by new: ObjectID
    ) throws(Failure) {
        let merges = try attempt { () throws(GitError) in
            try self.repository.merges(from: [local], hiding: hidden)
        }
        try replacements.append(merges.map { ($0, .commit(new)) })
    }

    /// Writes down that what `local` has and `upstream` has not is on a conflict branch.
    func record(escaped local: ObjectID, after upstream: ObjectID, to name: RefName)
        throws(Failure)
    {
        let ours = try attempt { () throws(GitError) in
            try self.repository.commits(from: [local], hiding: [upstream])
        }
        try replacements.append(ours.map { ($0, .escaped(name)) })
    }

    /// Drops anchors that are older than `keepBefore` and whose commits, or those that took their
    /// place, origin has.
    func dropOldAnchors(origin: ObjectID?) throws(Failure) {
        guard let origin else { return }
        let old = try oldAnchors()
        guard !old.isEmpty else { return }
        let replaced = replacements.all()
        for anchor in old {
            if try isReplaced(anchor.target, by: origin, replaced) {
                _ = try refs.delete(anchor.name, from: anchor.target)
            }
        }
    }

    /// Anchors that are older than `keepBefore`.
    func oldAnchors() throws(Failure) -> [Reference] {
        let keep = try settings.days("keepBefore") ?? .seconds(30 * 86_400)
        let limit = wallClockMilliseconds() - keep.milliseconds
        return try attempt { () throws(GitError) in
            try self.repository.references(under: IncidentName.anchors)
        }.filter { (IncidentName.time(ofAnchor: $0.name) ?? .max) < limit }
    }

    /// Whether origin's tip has every commit of `tip`, or the one that took its place.
    private func isReplaced(
        _ tip: ObjectID, by origin: ObjectID, _ replaced: [ObjectID: Replacement]
    ) throws(Failure) -> Bool {
        let commits = try attempt { () throws(GitError) in
            try self.repository.commits(from: [tip], hiding: [origin])
        }
        for commit in commits {
            // What was written down for a move that never came may be gone by now.
            guard let stand = Self.latest(commit, replaced), repository.contains(stand) else {
                return false
            }
            let isThere = try attempt { () throws(GitError) in
                try self.repository.isAncestor(stand, of: origin)
            }
            guard isThere else { return false }
        }
        // A replay flattens merges, and what somebody has put into one is nowhere else then.
        let merges = try attempt { () throws(GitError) in
            try self.repository.merges(from: [tip], hiding: [origin])
        }
        for merge in merges where try !repository.isPlainMerge(merge) { return false }
        return true
    }

    /// What stands for `commit` after all replays; nil if it was replaced by none, or escaped.
    private static func latest(_ commit: ObjectID, _ replaced: [ObjectID: Replacement])
        -> ObjectID?
    {
        replaced.successors(of: commit).compactMap { successor in
            if case .commit(let new) = successor { new } else { nil }
        }.last
    }

    /// Who commits what is replayed: git's own identity settings, and the time of now.
    func committer() throws(Failure) -> Signature {
        let (name, email) = settings.committer
        return Signature(name: name, email: email, seconds: wallClockSeconds())
    }
}

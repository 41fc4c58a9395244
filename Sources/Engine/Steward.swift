// The work of the push service on the gitdir itself, under the gitdir's lock: reconciles, refs that
// follow what origin has confirmed, conflict branches of stuck branches, anchors. On a thread of its
// own, one thing after the other.

import EngineCore
import Git
import Model
import POSIX

/// Does the push service's work on one gitdir.
struct Steward: Sendable {
    let gitdir: String
    let settings: Settings
    let environment: Environment
    let note: @Sendable (String) -> Void
    let tellAdopted: @Sendable (String) -> Void

    private func engine(_ branch: RefName) throws(Failure) -> Engine {
        try Engine(
            Repository(known: gitdir), settings, branch: branch, environment: environment,
            tellAdopted: tellAdopted, note: note)
    }

    /// Reconciles `branch`, and says how it is left.
    ///
    /// - Parameter began: called once the gitdir's lock is had, which others may hold for long.
    func reconcile(_ branch: RefName, began: () -> Void = {}) -> ReconcileReport {
        do throws(Failure) {
            let engine = try engine(branch)
            began()
            return engine.reconcile()
        } catch {
            return ReconcileReport(branch: branch.branch ?? "", failure: error)
        }
    }

    /// Brings what origin has of `branch` here, and moves nothing but the ref that tracks it.
    func fetch(_ branch: RefName) throws(Failure) {
        let engine = try engine(branch)
        let tips = try reaching { () throws(OriginFailure) in try engine.fetch() }
        try engine.track(tips.branch)
    }

    /// Notes where origin has `branch`, nowhere for nil, though nothing need be fetched.
    func note(_ tip: ObjectID?, of branch: RefName) throws(Failure) {
        try engine(branch).track(tip)
    }

    /// Looks at many branches that were not reconciled yet, and says what is left to do for which.
    func survey(_ branches: [RefName]) -> Survey {
        guard let first = branches.first else { return Survey() }
        do throws(Failure) { return try engine(first).survey(branches) } catch {
            return Survey(branches, failure: error)
        }
    }

    /// Remembers what origin has confirmed, in this order. What fails keeps nothing else from it, unless
    /// it takes long: then the rest is for the next time.
    ///
    /// - Returns: those that are not written, and why, where it was tried.
    func settle(_ confirmed: [RefUpdate]) -> (left: [RefUpdate], why: [RefName: String]) {
        let patience = Deadline.after(Self.settlePatience)
        var left: [RefUpdate] = []
        var why: [RefName: String] = [:]
        var rest = confirmed[...]
        while !rest.isEmpty {
            let group = rest.prefix(Self.settledTogether)
            rest = rest.dropFirst(group.count)
            // Opened once for all of these, and not kept from others for longer.
            var opened: Engine?
            for update in group {
                guard why.isEmpty || !patience.hasPassed else {
                    left.append(update)
                    continue
                }
                do throws(Failure) {
                    if let opened {
                        try opened.on(update.name).settle(update)
                    } else {
                        let own = try engine(update.name)
                        try own.beginSettling(Array(group))
                        opened = own
                        try own.settle(update)
                    }
                } catch {
                    left.append(update)
                    why[update.name] = error.description
                }
            }
            opened?.endSettling(Array(group))
        }
        return (left, why)
    }

    private static let settledTogether = 50
    private static let settlePatience = Duration.seconds(1)

    /// The tip of a branch that cannot be pushed, kept on a conflict branch with its mark.
    ///
    /// - Returns: nil if origin has it, or must not get it.
    func save(_ branch: RefName, _ tip: ObjectID, on conflict: RefName?) throws(Failure)
        -> RefName?
    {
        try engine(branch).save(tip, on: conflict)
    }

    /// Anchors what the application has moved `branch` off.
    func keep(_ old: ObjectID, leftBy branch: RefName, for new: ObjectID?) throws(Failure) {
        // Nearly always the branch has only gone on, and then nobody's lock is waited for.
        let repository = try Repository(known: gitdir)
        let hasLeft = try attempt { () throws(GitError) in
            guard let new else { return true }
            return try !repository.isAncestor(old, of: new)
        }
        if hasLeft { try engine(branch).keep(old, leftFor: new) }
    }
}

extension Engine {
    /// Origin has confirmed `update`.
    func settle(_ update: RefUpdate) throws(Failure) {
        if let mark = IncidentName.pendingMark(of: update.name),
            IncidentName.isConflictBranch(update.name)
        {
            guard try target(mark) == update.new else { return }
            _ = try refs.delete(mark, from: update.new)
            return
        }
        if update.name.branch != nil { try setTracking(update.new) }
        try remember(update.new, isLate: true)
    }

    /// Writes down what ``settle(_:)`` is going to move.
    func beginSettling(_ updates: [RefUpdate]) throws(Failure) {
        try refs.begin(updates.flatMap(moves))
    }

    /// The last of them is settled, or was tried.
    func endSettling(_ updates: [RefUpdate]) {
        for entry in updates.flatMap(moves) { refs.end(entry) }
    }

    private func moves(settling update: RefUpdate) -> [Journal.Entry] {
        guard !IncidentName.isConflictBranch(update.name) else { return [] }
        let name = update.name
        return [name.tracking(remote: settings.remote), name.seen].compactMap { $0 }.map {
            .update($0, to: update.new)
        }
    }

    /// Puts `tip` on `conflict`, or on a new conflict branch where that is nil or went elsewhere.
    func save(_ tip: ObjectID, on conflict: RefName?) throws(Failure) -> RefName? {
        if IncidentName.isConflictBranch(branch) { return try rename(tip) }
        let known = try [heard(), target(seen)].compactMap { $0 }
        let ours = try attempt { () throws(GitError) in
            try self.repository.commits(from: [tip], hiding: known, limit: 1)
        }
        guard !ours.isEmpty, try !isOfAnother(tip) else { return nil }
        if let conflict, try follow(tip, on: conflict) { return conflict }
        let kept = try escape(tip)
        endEscape(to: kept.name)
        return kept.name
    }

    /// Whether origin has never had anything of the branch, and has another history under its name: it may
    /// be the wrong one.
    private func isOfAnother(_ tip: ObjectID) throws(Failure) -> Bool {
        guard try target(seen) == nil, let there = try heard(), repository.hasCommit(there) else {
            return false
        }
        return try attempt { () throws(GitError) in
            try self.repository.mergeBase(tip, there) == nil
        }
    }

    /// Fast-forwards a conflict branch of the same incident. False if it cannot go there.
    private func follow(_ tip: ObjectID, on conflict: RefName) throws(Failure) -> Bool {
        guard let old = try target(conflict) else { return false }
        let continues = try attempt { () throws(GitError) in
            try self.repository.isAncestor(old, of: tip)
        }
        // The mark first: a conflict branch without one would never be sent.
        guard continues, try mark(conflict, at: tip) else { return false }
        return old == tip ? true : try refs.move(conflict, from: old, to: tip, "save")
    }

    /// A conflict branch that origin does not take under its name gets another one.
    private func rename(_ tip: ObjectID) throws(Failure) -> RefName? {
        let kept = try newEscape(tip)
        endEscape(to: kept.name)
        if let mark = IncidentName.pendingMark(of: branch), let old = try target(mark) {
            _ = try refs.delete(mark, from: old)
        }
        note("origin does not take \(branch.branch ?? ""): what is here is \(kept.name) now")
        return kept.name
    }

    /// Anchors `old` if the application has left commits behind that no other branch here holds.
    func keep(_ old: ObjectID, leftFor new: ObjectID?) throws(Failure) {
        // A reconcile anchors what it moves the branch off, and that is seen as a move as well.
        let anchors = try attempt { () throws(GitError) in
            try self.repository.references(under: IncidentName.anchors)
        }
        let known =
            try [new, heard(), target(seen)].compactMap { $0 } + anchors.map(\.target)
        let left = try attempt { () throws(GitError) in
            try self.repository.commits(from: [old], hiding: known, limit: 1)
        }
        guard !left.isEmpty else { return }
        let kept = try anchor(old)
        note("\(branch) was moved off \(old.short): that is on \(kept.name) now")
    }
}

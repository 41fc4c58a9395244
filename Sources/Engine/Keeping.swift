// The refs that keep a tip which the branch is moved off: anchors and conflict branches. Made before
// the branch moves; fast-forwarded only by the incident that made them.

import EngineCore
import Git
import Model
import POSIX

/// One tip kept under one name, which follows as the writer adds commits before the branch moves.
final class Keep {
    let name: RefName
    private var tip: ObjectID
    private let refs: RefMoves

    init(_ name: RefName, at tip: ObjectID, _ refs: RefMoves) {
        self.name = name
        self.tip = tip
        self.refs = refs
    }

    /// Sees to it that `next`, which continues the tip that is kept, is kept too.
    func follow(_ next: ObjectID) throws(Failure) {
        guard next != tip else { return }
        guard try refs.move(name, from: tip, to: next, "keep the branch's tip") else {
            throw Failure(.failed, "\(name) was moved by somebody else", hint: "run it again")
        }
        tip = next
    }
}

extension Engine {
    /// Anchors `tip` under `refs/pod/before/`.
    func anchor(_ tip: ObjectID) throws(Failure) -> Keep {
        let now = UTCTime(millisecondsSince1970: wallClockMilliseconds())
        for attempt in 1...IncidentName.maximumAttempts {
            guard let name = IncidentName.anchor(now, attempt: attempt) else { break }
            if try refs.move(name, from: nil, to: tip, "keep the branch's tip") {
                return Keep(name, at: tip, refs)
            }
        }
        throw Failure(.failed, "no anchor could be made for \(tip.short)", hint: "run it again")
    }

    /// Puts `tip` on a new conflict branch, or on the one that a killed run had made for it, and
    /// marks it as not yet on origin.
    func escape(_ tip: ObjectID) throws(Failure) -> Keep {
        guard let name = try unfinishedEscape(tip) else { return try newEscape(tip) }
        let kept = try target(name) ?? tip
        if let mark = IncidentName.pendingMark(of: name), try target(mark) == nil {
            // Origin has confirmed it. What somebody has done with it there since stands.
            if kept == tip { return Keep(name, at: tip, refs) }
            endEscape(to: name)
            return try newEscape(tip)
        }
        let keep = Keep(name, at: kept, refs)
        // The application may have gone on since, and a push may have sent what was kept then.
        try follow(tip, with: keep)
        return keep
    }

    /// The same, on a conflict branch that was not there.
    ///
    /// - Parameter beside: whether origin has a branch called `conflicts`, which leaves no room for
    ///   others below it.
    func newEscape(_ tip: ObjectID, beside: Bool = false) throws(Failure) -> Keep {
        let now = UTCTime(millisecondsSince1970: wallClockMilliseconds())
        let isFile =
            try IncidentName.folder.flatMap { name throws(Failure) in try target(name) } != nil
        for attempt in 1...IncidentName.maximumAttempts {
            guard
                let name = IncidentName.conflictBranch(
                    now, attempt: attempt, beside: isFile || beside),
                let mark = IncidentName.pendingMark(of: name)
            else { break }
            let entry = Journal.Entry.escape(of: branch, to: name)
            try refs.begin(entry)
            // The mark first: a conflict branch without one would never be sent.
            if try target(name) == nil, try refs.move(mark, from: nil, to: tip, "escape") {
                if try refs.move(name, from: nil, to: tip, "escape") {
                    return Keep(name, at: tip, refs)
                }
                _ = try refs.delete(mark, from: tip)
            }
            refs.end(entry)
        }
        throw Failure(
            .failed, "no conflict branch could be made for \(tip.short)", hint: "run it again")
    }

    /// Has a conflict branch follow the branch, and its mark before it: a mark that stays behind ends
    /// with what origin got first.
    func follow(_ tip: ObjectID, with escape: Keep) throws(Failure) {
        guard try mark(escape.name, at: tip) else {
            throw Failure(
                .failed, "the mark of \(escape.name) was moved by somebody else",
                hint: "run it again")
        }
        try escape.follow(tip)
    }

    /// Marks a conflict branch as not yet on origin. False if somebody else moves its mark.
    func mark(_ conflict: RefName, at tip: ObjectID) throws(Failure) -> Bool {
        guard let mark = IncidentName.pendingMark(of: conflict) else { return false }
        let marked = try target(mark)
        return marked == tip ? true : try refs.move(mark, from: marked, to: tip, "escape")
    }

    /// The escape is complete: the branch has moved.
    func endEscape(to name: RefName) {
        refs.end(.escape(of: branch, to: name))
    }

    /// The conflict branch that a killed run had made for `tip` or for a commit before it, if the
    /// branch has not moved off that yet. What is left of any other escape is settled.
    @discardableResult
    func unfinishedEscape(_ tip: ObjectID) throws(Failure) -> RefName? {
        for case .escape(of: branch, to: let name) in refs.unfinished {
            guard let kept = try target(name) else {
                // Killed between the mark and the branch; or somebody has deleted the branch since, and
                // the mark alone keeps what was on it.
                if let mark = IncidentName.pendingMark(of: name), let old = try target(mark),
                    (try? repository.isAncestor(old, of: tip)) == true
                {
                    _ = try refs.delete(mark, from: old)
                }
                refs.end(.escape(of: branch, to: name))
                continue
            }
            let continues = try attempt { () throws(GitError) in
                try self.repository.isAncestor(kept, of: tip)
            }
            if continues { return name }
            refs.end(.escape(of: branch, to: name))
        }
        return nil
    }
}

// Questions about history: ancestors, merge bases, what one side has and the other has not.

import CLibgit2
import Model

extension Repository {
    /// The best common ancestor of two commits; nil if they share no history.
    public func mergeBase(_ one: ObjectID, _ two: ObjectID) throws(GitError) -> ObjectID? {
        var base = git_oid()
        var first = one.oid
        var second = two.oid
        let code = unsafe git_merge_base(&base, handle, &first, &second)
        if code == GIT_ENOTFOUND.rawValue { return nil }
        guard code == 0 else { throw historyError(code, "compare \(one.short) and \(two.short)") }
        return ObjectID(base)
    }

    /// All best common ancestors of two commits.
    public func mergeBases(_ one: ObjectID, _ two: ObjectID) throws(GitError) -> [ObjectID] {
        try mergeBases(one, ofAny: [two])
    }

    /// Whether `ancestor` is `commit` or reachable from it.
    public func isAncestor(_ ancestor: ObjectID, of commit: ObjectID) throws(GitError) -> Bool {
        if ancestor == commit { return true }
        var first = commit.oid
        var second = ancestor.oid
        let code = unsafe git_graph_descendant_of(handle, &first, &second)
        guard code >= 0 else {
            throw historyError(code, "compare \(ancestor.short) and \(commit.short)")
        }
        return code == 1
    }

    /// Commits reachable from `tips` and not from `hidden`, newest first, whatever their dates are. No
    /// more than `limit`.
    public func commits(
        from tips: [ObjectID], hiding hidden: [ObjectID], limit: Int = .max
    ) throws(GitError) -> [ObjectID] {
        if let line = try straightLine(from: tips, to: hidden) { return Array(line.prefix(limit)) }
        var bases: [ObjectID] = []
        for tip in tips { bases += try mergeBases(tip, ofAny: hidden) }
        let found = try commitsByDate(from: tips, hiding: Array(Set(hidden + bases)))
        // Behind the bases the library follows dates, too. What it has wrongly found is what they reach,
        // down to its beginnings.
        guard !found.isEmpty, !bases.isEmpty,
            try !reachable(from: bases, among: beginnings(of: found)).isEmpty
        else { return Array(found.prefix(limit)) }
        let shared = try reachable(from: bases, among: Set(found))
        return Array(found.filter { !shared.contains($0) }.prefix(limit))
    }

    /// Those of `wanted` that are behind `starts`. Of few each is asked for, which reads no more history than
    /// it has to; many are looked for in all of it, once.
    private func reachable(from starts: [ObjectID], among wanted: Set<ObjectID>) throws(GitError)
        -> Set<ObjectID>
    {
        var found: Set<ObjectID> = []
        if wanted.count <= Self.few {
            for id in wanted where try mergeBases(id, ofAny: starts).contains(id) {
                found.insert(id)
            }
            return found
        }
        var (ahead, seen) = (starts, Set(starts))
        while let id = ahead.popLast(), found.count < wanted.count {
            if wanted.contains(id) { found.insert(id) }
            for parent in try parents(of: id) where seen.insert(parent).inserted {
                ahead.append(parent)
            }
        }
        return found
    }

    private static let few = 4

    /// The same, and some that `hidden` has as well where clocks were wrong: to be used where one too
    /// many does no harm.
    func commitsByDate(
        from tips: [ObjectID], hiding hidden: [ObjectID], limit: Int = .max
    ) throws(GitError) -> [ObjectID] {
        if let line = try straightLine(from: tips, to: hidden) { return Array(line.prefix(limit)) }
        var made: OpaquePointer?
        try check("walk the history") { unsafe git_revwalk_new(&made, handle) }
        defer { unsafe git_revwalk_free(made) }
        unsafe git_revwalk_sorting(made, GIT_SORT_TOPOLOGICAL.rawValue | GIT_SORT_TIME.rawValue)
        for tip in tips {
            var oid = tip.oid
            let code = unsafe git_revwalk_push(made, &oid)
            guard code == 0 else { throw historyError(code, "read commit \(tip.short)") }
        }
        for tip in hidden {
            var oid = tip.oid
            let code = unsafe git_revwalk_hide(made, &oid)
            guard code == 0 else { throw historyError(code, "read commit \(tip.short)") }
        }
        var found: [ObjectID] = []
        var oid = git_oid()
        while found.count < limit {
            let code = unsafe git_revwalk_next(&oid, made)
            if code == GIT_ITEROVER.rawValue { break }
            guard code == 0 else { throw historyError(code, "walk the history") }
            found.append(ObjectID(oid))
        }
        return found
    }

    /// All best common ancestors of a commit and of some others taken together.
    private func mergeBases(_ one: ObjectID, ofAny others: [ObjectID]) throws(GitError)
        -> [ObjectID]
    {
        guard !others.isEmpty else { return [] }
        var bases = unsafe git_oidarray()
        let all = ([one] + others).map(\.oid)
        let code = unsafe git_merge_bases_many(&bases, handle, all.count, all)
        if code == GIT_ENOTFOUND.rawValue { return [] }
        guard code == 0 else { throw historyError(code, "compare \(one.short) with others") }
        defer { unsafe git_oidarray_dispose(&bases) }
        return unsafe UnsafeBufferPointer(start: bases.ids, count: bases.count)
            .map { ObjectID($0) }
    }

    /// Those of `commits` that have no parent among them.
    private func beginnings(of commits: [ObjectID]) throws(GitError) -> Set<ObjectID> {
        let all = Set(commits)
        var found: Set<ObjectID> = []
        for id in commits where try all.isDisjoint(with: parents(of: id)) { found.insert(id) }
        return found
    }

    private func parents(of id: ObjectID) throws(GitError) -> [ObjectID] {
        var found: OpaquePointer?
        var oid = id.oid
        let code = unsafe git_commit_lookup(&found, handle, &oid)
        guard code == 0 else { throw historyError(code, "read commit \(id.short)") }
        defer { unsafe git_commit_free(found) }
        return unsafe (0..<git_commit_parentcount(found)).compactMap { number in
            unsafe git_commit_parent_id(found, number).map { unsafe ObjectID($0) }
        }
    }

    /// How far ``straightLine(from:to:)`` goes.
    private static let longestLine = 1000

    /// The commits from `tip` to before `end`, where each has one parent; nil where it is not so, or
    /// too far. The library's own walk goes by dates, and behind `end` as far as commits are dated
    /// later than those it was asked for: to the beginning, where a clock is wrong.
    private func straightLine(from tips: [ObjectID], to hidden: [ObjectID]) throws(GitError)
        -> [ObjectID]?
    {
        guard tips.count == 1, let tip = tips.first, Set(hidden).count == 1, let end = hidden.first
        else { return nil }
        var line: [ObjectID] = []
        var next = tip
        while next != end, line.count < Self.longestLine {
            line.append(next)
            let parents = try parents(of: next)
            guard parents.count == 1 else { return nil }
            next = parents[0]
        }
        return next == end ? line : nil
    }

    /// A commit that history names and the repository lacks is damage, not an absent name.
    private func historyError(_ code: Int32, _ attempt: String) -> GitError {
        let error = lastError(code, attempt)
        guard error.kind == .notFound || error.kind == .other else { return error }
        return GitError(.corrupt, attempt, error.detail, code: code)
    }
}

extension Repository {
    /// How many commits `one` has that `two` has not, and the other way round.
    public func aheadBehind(_ one: ObjectID, _ two: ObjectID) throws(GitError) -> (Int, Int) {
        var ahead = 0
        var behind = 0
        var first = one.oid
        var second = two.oid
        let code = unsafe git_graph_ahead_behind(&ahead, &behind, handle, &first, &second)
        guard code == 0 else { throw historyError(code, "compare \(one.short) and \(two.short)") }
        return (ahead, behind)
    }
}

extension Repository {
    /// The merges among ``commits(from:hiding:limit:)``.
    public func merges(
        from tips: [ObjectID], hiding hidden: [ObjectID]
    ) throws(GitError) -> [ObjectID] {
        var merges: [ObjectID] = []
        for commit in try commits(from: tips, hiding: hidden)
        where try parents(of: commit).count > 1 {
            merges.append(commit)
        }
        return merges
    }

    /// When a commit was made, by its committer's clock: seconds since 1970.
    public func commitTime(_ id: ObjectID) throws(GitError) -> Int64 {
        var found: OpaquePointer?
        var oid = id.oid
        let code = unsafe git_commit_lookup(&found, handle, &oid)
        guard code == 0 else { throw historyError(code, "read commit \(id.short)") }
        defer { unsafe git_commit_free(found) }
        return unsafe git_commit_time(found)
    }
}

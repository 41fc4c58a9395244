// Whether the objects of commits are here: a branch is not moved onto what could never be pushed. The
// replay asks for what it carries over, the engine before a merge or an escape, and a fetch for what it
// did not have to bring.

import Model

extension Repository {
    /// - Parameter hidden: commits that are here with all their history.
    /// - Throws: ``Failure`` of kind `failed` if something that `tip` has and `hidden` has not is
    ///   missing.
    public func checkPresent(_ tip: ObjectID, hiding hidden: [ObjectID]) throws(Failure) {
        let found: [ObjectID]
        do throws(GitError) { found = try commitsByDate(from: [tip], hiding: hidden) } catch {
            throw error.failure
        }
        let objects = NewObjects(self)
        for id in found { try objects.checkPresent(id, objects.commit(id)) }
    }
}

extension Repository {
    /// The same, reading all of it where that is not too much: what is there may be damaged.
    func checkReadable(_ tip: ObjectID, hiding hidden: [ObjectID]) throws(Failure) {
        do throws(GitError) {
            if try ThinPack.bytes(of: [tip], hiding: hidden, in: self) != nil { return }
        } catch { throw error.failure }
        try checkPresent(tip, hiding: hidden)
    }
}

extension NewObjects {
    /// - Throws: ``Failure`` of kind `failed` if something that `commit` has and its first parent has
    ///   not is missing.
    func checkPresent(_ id: ObjectID, _ commit: CommitText) throws(Failure) {
        try checkPresent(commit.tree, instead: treeBefore(commit), of: id)
    }

    private func checkPresent(
        _ new: ObjectID, instead old: ObjectID?, of commit: ObjectID, depth: Int = 1
    ) throws(Failure) {
        guard new != old, present.insert(new).inserted else { return }
        guard depth <= Tree.deepest else {
            throw Failure(
                .failed,
                "commit \(commit.short) has more than \(Tree.deepest) folders in each other",
                hint: "git refuses that, too: take it out of the history")
        }
        let (before, after) = (try tree(old), try tree(new))
        guard before.isRegular, after.isRegular else {
            for entry in after.entries {
                try checkPresent(entry, instead: nil, of: commit, depth: depth)
            }
            return
        }
        var walk = TreeWalk(Sides(base: before, ours: after, theirs: after))
        var same: [UInt8] = []
        while let step = walk.next(copyingTo: &same) {
            guard let entry = step.ours else { continue }
            try checkPresent(entry, instead: step.base, of: commit, depth: depth)
        }
    }

    private func checkPresent(
        _ entry: TreeEntry, instead old: TreeEntry?, of commit: ObjectID, depth: Int
    ) throws(Failure) {
        if entry.isTree {
            let base = old.flatMap { $0.isTree ? $0.id : nil }
            return try checkPresent(entry.id, instead: base, of: commit, depth: depth + 1)
        }
        guard entry.mode != Mode.submodule, entry.id != old?.id, try !has(entry.id) else { return }
        throw Failure(
            .failed, "object \(entry.id), which commit \(commit.short) has, is missing",
            hint: Failure.lookWithFsck)
    }

    private func has(_ id: ObjectID) throws(Failure) -> Bool {
        if repository.contains(id) { return true }
        // A writer may have packed it.
        do throws(GitError) { try repository.refreshObjects() } catch { throw error.failure }
        return repository.contains(id)
    }
}

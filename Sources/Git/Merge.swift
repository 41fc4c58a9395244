// Two lines of history joined by a merge commit, as git merge would, without a worktree. Engine's
// reconcile calls it where that is the policy.

import Model

/// What came of merging two commits.
public enum MergeVerdict: Sendable, Equatable {
    /// The merge commit, in the repository and on disk.
    case merged(ObjectID)
    /// The paths that both sides changed in ways that exclude each other.
    case conflict(paths: [String])
}

extension Repository {
    /// Merges `theirs` into `ours`: a commit with both for parents, ours first.
    ///
    /// - Parameter isTrial: nothing is written, and the commit is not there then.
    /// - Throws: ``Failure`` of kind `failed` if the two share no history, an object cannot be read,
    ///   the disk is full, or git cannot be used; the repository is as it was then.
    public func merge(
        _ ours: ObjectID, with theirs: ObjectID, message: String, author: Signature,
        committer: Signature, isTrial: Bool = false
    ) throws(Failure) -> MergeVerdict {
        let objects = NewObjects(self)
        switch try ThreeWayMerge(objects).mergeCommits(ours, theirs) {
        case .conflict(let paths): return .conflict(paths: paths)
        case .tree(let tree):
            let content = CommitText.bytes(
                tree: tree, parents: [ours, theirs], author: Array(author.line.utf8),
                committer: committer, message: Array(message.utf8))
            let merged = try objects.add(.commit, content)
            if !isTrial { try objects.store() }
            return .merged(merged)
        }
    }

    /// Whether `id` is a merge of two commits that says no more than those: git would make the same of
    /// them by itself. What a person has put into a merge is nowhere else.
    public func isPlainMerge(_ id: ObjectID) throws(Failure) -> Bool {
        let objects = NewObjects(self)
        let commit = try objects.commit(id)
        guard commit.parents.count == 2 else { return false }
        let (ours, theirs) = (commit.parents[0], commit.parents[1])
        do throws(GitError) {
            guard try !mergeBases(ours, theirs).isEmpty else { return false }
        } catch { throw error.failure }
        guard case .tree(let tree) = try ThreeWayMerge(objects).mergeCommits(ours, theirs) else {
            return false
        }
        return tree == commit.tree
    }
}

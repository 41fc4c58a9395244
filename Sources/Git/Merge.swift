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
    /// - Throws: ``Failure`` of kind `failed` if the two share no history, an object cannot be read,
    ///   the disk is full, or git cannot be used; the repository is as it was then.
    public func merge(
        _ ours: ObjectID, with theirs: ObjectID, message: String, author: Signature,
        committer: Signature
    ) throws(Failure) -> MergeVerdict {
        let objects = NewObjects(self)
        switch try ThreeWayMerge(objects).mergeCommits(ours, theirs) {
        case .conflict(let paths): return .conflict(paths: paths)
        case .tree(let tree):
            let content = CommitText.bytes(
                tree: tree, parents: [ours, theirs], author: Array(author.line.utf8),
                committer: committer, message: Array(message.utf8))
            let merged = try objects.add(.commit, content)
            try objects.store()
            return .merged(merged)
        }
    }
}

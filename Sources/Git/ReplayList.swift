// Which commits a replay takes, and in which order: as git rebase lists them. Replayer calls it.

import Model

extension NewObjects {
    /// The commits of `tip` without those of `hidden`, ancestors first, merges left out.
    ///
    /// That is git's topological order: every commit after all of its ancestors, and of several
    /// parents the first one's line before the second one's.
    func commitsToReplay(
        to tip: ObjectID, hiding hidden: [ObjectID]
    ) throws(Failure) -> [(id: ObjectID, commit: CommitText)] {
        let found: [ObjectID]
        do throws(GitError) { found = try repository.commits(from: [tip], hiding: hidden) } catch {
            throw error.failure
        }
        var commits: [ObjectID: CommitText] = [:]
        for id in found { commits[id] = try commit(id) }
        var children: [ObjectID: Int] = [:]
        for commit in commits.values {
            for parent in commit.parents { children[parent, default: 0] += 1 }
        }
        var ordered: [(id: ObjectID, commit: CommitText)] = []
        var waiting = commits[tip] == nil ? [] : [tip]
        while let id = waiting.popLast() {
            guard let commit = commits[id] else { continue }
            if commit.parents.count < 2 { ordered.append((id, commit)) }
            for parent in commit.parents where commits[parent] != nil {
                children[parent, default: 0] -= 1
                if children[parent] == 0 { waiting.append(parent) }
            }
        }
        return ordered.reversed()
    }
}

/// Finds the commits that the other side has already, under other ids (git's cherry marks).
///
/// Most commits are told apart by the paths that they touch; only where those are the same as some
/// upstream commit's is git asked, which compares the changes themselves.
struct PatchMarks {
    private let upstream: ObjectID
    private let headers: Set<Int>
    /// A commit of upstream could not be told apart from others.
    private let isUnsure: Bool

    /// - Parameter tip: what is to be replayed; commits that it has too are no marks.
    init(upstream: ObjectID, tip: ObjectID, in objects: NewObjects) throws(Failure) {
        self.upstream = upstream
        var headers: Set<Int> = []
        var isUnsure = false
        for (_, commit) in try objects.commitsToReplay(to: upstream, hiding: [tip]) {
            if let header = try objects.header(of: commit) {
                headers.insert(header)
            } else {
                isUnsure = true
            }
        }
        self.headers = headers
        self.isUnsure = isUnsure
    }

    /// Those of `commits` that upstream has already.
    func alreadyUpstream(
        _ commits: [(id: ObjectID, commit: CommitText)], of tip: ObjectID, in objects: NewObjects,
        by merge: ThreeWayMerge
    ) throws(Failure) -> Set<ObjectID> {
        guard isUnsure || !headers.isEmpty else { return [] }
        for (_, commit) in commits {
            let header = try objects.header(of: commit)
            if header.map(headers.contains) ?? true {
                return try merge.alreadyUpstream(upstream, tip)
            }
        }
        return []
    }
}

extension NewObjects {
    /// The tree that a commit's changes are counted from; nil is the empty one.
    func treeBefore(_ commit: CommitText) throws(Failure) -> ObjectID? {
        guard let parent = commit.parents.first else { return nil }
        return try self.commit(parent).tree
    }

    fileprivate func header(of commit: CommitText) throws(Failure) -> Int? {
        try TreeChanges.header(from: try treeBefore(commit), to: commit.tree, in: self)
    }
}

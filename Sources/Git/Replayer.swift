// Replay: the commits of one side made anew on top of the other's, as git rebase would in a worktree,
// without one. Engine's reconcile calls it.
//
// Equal to `git rebase --no-fork-point --empty=drop --no-autosquash` with default configuration.

import Model

/// How far a replay has come.
public struct Replay: Sendable, Equatable {
    /// What the replayed commits stand on.
    public let onto: ObjectID
    /// The last commit of the replay. Only there for others once it was stored.
    public internal(set) var tip: ObjectID
    /// Each commit of the old branch and what took its place, oldest first; nil took the place of
    /// one that is upstream already, or that has nothing left to change. One whose change is only in
    /// what origin has dropped is left out, and nothing takes its place.
    public internal(set) var replaced: [(old: ObjectID, new: ObjectID?)] = []

    public static func == (one: Replay, two: Replay) -> Bool {
        one.onto == two.onto && one.tip == two.tip
            && one.replaced.elementsEqual(two.replaced) { $0 == $1 }
    }
}

/// What came of replaying some commits.
public enum ReplayVerdict: Sendable, Equatable {
    /// All of them are replayed, or dropped for a reason.
    case clean
    /// `commit` changes what upstream changed otherwise. Those before it are replayed.
    case conflict(at: ObjectID, paths: [String])
}

/// Replays commits in memory, in as many steps as the branch grows by meanwhile.
///
/// Nothing that it makes is in the repository before ``store()``.
public final class Replayer {
    private let upstream: ObjectID
    private let committer: Signature
    private let objects: NewObjects
    private let merge: ThreeWayMerge
    private var marks: PatchMarks?
    public private(set) var replay: Replay

    /// The last commit of what was replayed so far.
    public var tip: ObjectID { replay.tip }
    /// See ``Replay/replaced``.
    public var replaced: [(old: ObjectID, new: ObjectID?)] { replay.replaced }
    /// How often git itself had to be asked; for measurements.
    public var questions: Int { merge.questions }

    /// - Parameters:
    ///   - upstream: the side whose commits are left out, and recognised under other ids: origin's
    ///     tip, or what it was last if it was rewritten.
    ///   - onto: what the commits go on top of; its commits are never replayed.
    public init(
        _ repository: Repository, upstream: ObjectID, onto: ObjectID, committer: Signature
    ) {
        self.upstream = upstream
        self.committer = committer
        objects = NewObjects(repository)
        merge = ThreeWayMerge(objects)
        replay = Replay(onto: onto, tip: onto)
    }

    /// Replays the commits of `tip` on top of what was replayed already: those that are not
    /// upstream's, or, if the branch was replayed up to `old` before, those since then.
    ///
    /// - Throws: ``Failure`` of kind `failed` for an object that cannot be read, a full disk, or a git
    ///   that cannot be used. What was replayed before stays valid.
    public func add(
        commitsUpTo tip: ObjectID, after old: ObjectID? = nil
    ) throws(Failure) -> ReplayVerdict {
        let hidden = [upstream, replay.onto] + (old.map { [$0] } ?? [])
        let commits = try objects.commitsToReplay(to: tip, hiding: hidden)
        for (id, commit) in commits { try objects.checkPresent(id, commit) }
        if marks == nil { marks = try PatchMarks(upstream: upstream, tip: tip, in: objects) }
        let dropped =
            try marks?.alreadyUpstream(commits, of: tip, in: objects, by: merge) ?? []
        for (id, commit) in commits {
            if case .conflict(let paths) = try add(id, commit, isMarked: dropped.contains(id)) {
                return .conflict(at: id, paths: paths)
            }
        }
        return .clean
    }

    /// Puts what was replayed into the repository, as one pack; it is on disk when this returns.
    ///
    /// - Throws: ``Failure`` of kind `failed`, for a full disk; the repository is as it was then.
    public func store() throws(Failure) { try objects.store() }

    private func add(
        _ id: ObjectID, _ commit: CommitText, isMarked: Bool
    ) throws(Failure) -> MergeAnswer? {
        let before = try objects.treeBefore(commit) ?? .emptyTree
        let startsEmpty = before == commit.tree
        // One that was empty from the start says nothing that upstream could have.
        if isMarked, !startsEmpty {
            if try isThere(commit, before) { replay.replaced.append((id, nil)) }
            return nil
        }
        if commit.parents == [tip] {
            replay.replaced.append((id, id))
            replay.tip = id
            return nil
        }
        let head = try objects.commit(tip).tree
        let answer = try merge.mergeTrees(base: before, ours: head, theirs: commit.tree)
        guard case .tree(let tree) = answer else { return answer }
        if tree == head, !startsEmpty {
            replay.replaced.append((id, nil))
            return nil
        }
        guard let text = ReplayedText(commit) else {
            throw Failure(
                .failed, "commit \(id) has no author", hint: Failure.lookWithFsck)
        }
        let made = CommitText.bytes(
            tree: tree, parents: [tip], author: text.author, committer: committer,
            message: text.message)
        replay.tip = try objects.add(.commit, made)
        replay.replaced.append((id, tip))
        return nil
    }

    /// Whether the change of a commit that upstream has is in what was replayed, too: origin may have
    /// dropped what upstream has.
    private func isThere(_ commit: CommitText, _ before: ObjectID) throws(Failure) -> Bool {
        if try upstreamStays() { return true }
        let head = try objects.commit(tip).tree
        return try merge.mergeTrees(base: before, ours: head, theirs: commit.tree) == .tree(head)
    }

    private func upstreamStays() throws(Failure) -> Bool {
        guard upstream != replay.onto else { return true }
        do throws(GitError) {
            return try objects.repository.isAncestor(upstream, of: replay.onto)
        } catch { throw error.failure }
    }
}

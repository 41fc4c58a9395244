// One merge as git would make it: by the quick way, by git itself, or, where there is no git, by
// libgit2. Replayer and the merging of two commits call it.

import Model

/// Merges trees and commits over one set of new objects.
final class ThreeWayMerge {
    private let objects: NewObjects
    private let quick: TreeMerge
    private var asked: GitMerge?
    /// How often git had to be asked; for measurements.
    private(set) var questions = 0

    init(_ objects: NewObjects) {
        self.objects = objects
        let attributes = Attributes.ofGitdir(objects.repository.path)
        quick = TreeMerge(
            objects: objects, leavesFiles: attributes.map(Attributes.changeMerging) ?? false)
    }

    /// Brings what `theirs` changed since `base` to `ours`, all three trees.
    func mergeTrees(
        base: ObjectID, ours: ObjectID, theirs: ObjectID
    ) throws(Failure) -> MergeAnswer {
        let (base, ours, theirs) = (base.unlessEmpty, ours.unlessEmpty, theirs.unlessEmpty)
        switch quick.attempt(base: base, ours: ours, theirs: theirs) {
        case .tree(let tree?): return .tree(tree)
        case .tree(nil): return .tree(try emptyTree())
        case .stopped(.failure(let failure)): throw failure
        case .stopped(.unsure): break
        }
        if let git = try git() {
            return try git.mergeTrees(base: base, ours: ours, theirs: theirs)
        }
        return try LibraryMerge(objects).mergeTrees(base: base, ours: ours, theirs: theirs)
    }

    /// Merges two commits of which the histories are in the repository.
    ///
    /// - Throws: ``Failure`` of kind `failed` if they share no history.
    func mergeCommits(_ ours: ObjectID, _ theirs: ObjectID) throws(Failure) -> MergeAnswer {
        let bases: [ObjectID]
        do throws(GitError) { bases = try objects.repository.mergeBases(ours, theirs) } catch {
            throw error.failure
        }
        let ourTree = try objects.commit(ours).tree
        switch bases.count {
        case 0:
            throw Failure(
                .failed, "\(ours.short) and \(theirs.short) share no history",
                hint: "one of the two repositories is the wrong one")
        case 1:
            return try mergeTrees(
                base: try objects.commit(bases[0]).tree, ours: ourTree,
                theirs: try objects.commit(theirs).tree)
        default:
            if let git = try git() { return try git.mergeCommits(ours, theirs, head: ourTree) }
            return try LibraryMerge(objects).mergeCommits(ours, theirs)
        }
    }

    /// Which of `candidates`, commits of `tip`, `upstream` has already under another id.
    func alreadyUpstream(
        _ upstream: ObjectID, _ tip: ObjectID
    ) throws(Failure) -> Set<ObjectID> {
        if let git = try git() { return try git.alreadyUpstream(upstream, tip) }
        return try LibraryMerge(objects).alreadyUpstream(upstream, tip)
    }

    private func git() throws(Failure) -> GitMerge? {
        questions += 1
        if asked == nil { asked = try GitMerge(objects) }
        return asked
    }

    /// Git knows the empty tree without having it; other programs may not.
    private func emptyTree() throws(Failure) -> ObjectID {
        if !objects.repository.contains(.emptyTree) { try objects.add(.tree, []) }
        return .emptyTree
    }
}

extension ObjectID {
    fileprivate var unlessEmpty: ObjectID? { self == .emptyTree ? nil : self }
}

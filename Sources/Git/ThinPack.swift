// The pack of a small push, made in memory: what origin lacks, as deltas against what it has
// (gitformat-pack). libgit2's pack builder takes ten times as long for one commit.

import Model

/// A thin pack in the making: deltas may be against objects that only the receiver has.
struct ThinPack {
    /// What is more than this is left to `git pack-objects`: it takes three times as long for loose
    /// objects, but sends packed ones as they are, and finds bases where no file was before.
    struct Limits {
        var objects = 10_000
        /// Trees and files of these that took nothing's place.
        var unlike = 300
        /// The content of all of them, in bytes.
        var content = 32 << 20
    }

    /// Whoever reads the last of a chain of deltas makes all the others first.
    private static let longestChain = 40

    private let repository: Repository
    private let limits: Limits
    private let deflater = Deflater()
    /// Objects in the pack, with the length of the chain of deltas that each stands on.
    private var chains: [ObjectID: Int] = [:]
    /// What the receiver has: the bases that are not in the pack. Sent again, as a change back, one
    /// could be made a delta against what was made from it.
    private var outside: Set<ObjectID> = []
    private var entries: [UInt8] = []
    private var contentSize = 0
    private var unlikeCount = 0
    /// Trees of the commit before, which are likely to be the next one's old ones.
    private var trees: [ObjectID: Tree] = [:]
    private var lastTrees: [ObjectID: Tree] = [:]

    private init(_ repository: Repository, _ limits: Limits) {
        self.repository = repository
        self.limits = limits
    }

    /// What is reachable from `tips` and not from `hidden`; nil if that is no small push.
    ///
    /// - Parameter hidden: commits that the receiver has with all their history, and that are here.
    /// - Throws: ``GitError``, of kind `corrupt` for an object that is missing.
    static func bytes(
        of tips: [ObjectID], hiding hidden: [ObjectID], in repository: Repository,
        within limits: Limits = Limits()
    ) throws(GitError) -> [UInt8]? {
        let commits = try repository.commitsByDate(
            from: tips, hiding: hidden, limit: limits.objects)
        guard commits.count < limits.objects else { return nil }
        var pack = ThinPack(repository, limits)
        for commit in commits.reversed() {
            guard try pack.add(commit: commit) else { return nil }
        }
        var bytes = PackWriter.header(count: pack.chains.count) + pack.entries
        var hash = SHA1()
        hash.update(bytes)
        bytes += hash.finish()
        return bytes
    }

    /// False if it is too much, or too unusual, for this.
    private mutating func add(commit id: ObjectID) throws(GitError) -> Bool {
        let object = try repository.object(id)
        guard let commit = CommitText(object.content), commit.parents.count <= 2 else {
            return false
        }
        let old = try repository.parentTrees(of: commit)
        guard old.count == commit.parents.count, add(id, object, against: nil) else { return false }
        (lastTrees, trees) = (trees, [:])
        return try add(tree: commit.tree, instead: old.first, beside: old.last)
    }

    /// Adds a tree and what is new below it, over the trees that stood in its place.
    private mutating func add(tree id: ObjectID, instead one: ObjectID?, beside two: ObjectID?)
        throws(GitError) -> Bool
    {
        guard id != one, id != two, !isThere(id) else { return true }
        guard let new = try tree(id), let base = try tree(one), let other = try tree(two),
            new.isRegular, base.isRegular, other.isRegular
        else { return false }
        guard add(id, RawObject(.tree, new.content), against: one.map { ($0, base.content) })
        else { return false }
        var walk = TreeWalk(Sides(base: base, ours: new, theirs: other))
        var same: [UInt8] = []
        while let step = walk.next(copyingTo: &same) {
            guard let entry = step.ours, entry.id != step.base?.id, entry.id != step.theirs?.id,
                entry.mode != Mode.submodule
            else { continue }
            if entry.isTree {
                guard try add(tree: entry.id, instead: step.base?.id, beside: step.theirs?.id)
                else { return false }
            } else if !isThere(entry.id) {
                guard try add(blob: entry.id, instead: step.base) else { return false }
            }
        }
        return true
    }

    /// Whether the receiver has it, or will have.
    private func isThere(_ id: ObjectID) -> Bool { chains[id] != nil || outside.contains(id) }

    private mutating func add(blob id: ObjectID, instead old: TreeEntry?) throws(GitError) -> Bool {
        guard try repository.size(of: id) + contentSize <= limits.content else { return false }
        let object = try repository.object(id)
        var base: (ObjectID, [UInt8])?
        if let old, old.isFile, try repository.size(of: old.id) <= limits.content {
            base = (old.id, try repository.object(old.id).content)
        }
        return add(id, object, against: base)
    }

    /// Adds an object, as a delta against `base` where that saves space; false if it is too much.
    private mutating func add(
        _ id: ObjectID, _ object: RawObject, against base: (id: ObjectID, content: [UInt8])?
    ) -> Bool {
        contentSize += object.content.count
        if base == nil, object.type != .commit { unlikeCount += 1 }
        guard contentSize <= limits.content, chains.count < limits.objects,
            unlikeCount <= limits.unlike
        else { return false }
        if let base, !base.content.isEmpty, chains[base.id, default: 0] < Self.longestChain,
            let delta = PackDelta.between(base.content, object.content)
        {
            if chains[base.id] == nil { outside.insert(base.id) }
            chains[id] = chains[base.id, default: 0] + 1
            let byName = 7
            entries += PackWriter.entryHeader(kind: byName, size: delta.count) + base.id.bytes
            entries += deflater.deflate(delta)
        } else {
            chains[id] = 0
            entries += PackWriter.entryHeader(
                kind: Int(object.type.rawValue), size: object.content.count)
            entries += deflater.deflate(object.content)
        }
        return true
    }

    /// The tree called `id`, none being empty; nil if it is damaged.
    private mutating func tree(_ id: ObjectID?) throws(GitError) -> Tree? {
        guard let id, id != .emptyTree else { return .empty }
        if let found = trees[id] ?? lastTrees[id] {
            trees[id] = found
            return found
        }
        let object = try repository.object(id)
        guard object.type == .tree, let tree = Tree(object.content) else { return nil }
        trees[id] = tree
        return tree
    }
}

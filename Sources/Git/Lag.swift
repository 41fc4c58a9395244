// How far one side is behind: the commits between two tips, their bytes, and the age of the oldest.
// Status asks for it; the cost is that of what lies between, and nothing else.

import Model

/// What lies between a tip and what origin has.
public struct Lag: Sendable, Equatable {
    public internal(set) var commits = 0
    /// Bytes of these commits and of the trees and files that each of them brought, unpacked. Nil
    /// where more than ``measuredCommits`` would have to be looked into.
    public internal(set) var bytes: Int64? = 0
    /// When the oldest commit was made, by its committer's clock: seconds since 1970.
    public internal(set) var oldest: Int64?

    /// In one go; what is asked for again as it grows is not bounded by this.
    public static let measuredCommits = 10_000

    public init() {}

    /// Both together.
    public static func + (one: Lag, two: Lag) -> Lag {
        var sum = Lag()
        sum.commits = one.commits + two.commits
        sum.bytes = one.bytes.flatMap { bytes in two.bytes.map { bytes + $0 } }
        sum.oldest = [one.oldest, two.oldest].compactMap { $0 }.min()
        return sum
    }
}

extension Repository {
    /// What `tip` has and none of `hidden` has. Those of `hidden` that are not here are left out.
    public func lag(of tip: ObjectID, behind hidden: [ObjectID]) throws(GitError) -> Lag {
        let commits = try commitsByDate(from: [tip], hiding: hidden.filter(hasCommit))
        var lag = Lag()
        lag.commits = commits.count
        var scales = Scales(self)
        for commit in commits {
            let time = try commitTime(commit)
            lag.oldest = min(lag.oldest ?? time, time)
        }
        guard commits.count <= Lag.measuredCommits else {
            lag.bytes = nil
            return lag
        }
        var bytes: Int64 = 0
        for commit in commits.reversed() { bytes += try scales.weigh(commit) }
        lag.bytes = bytes
        return lag
    }
}

/// Weighs commits, oldest first.
private struct Scales {
    private let repository: Repository
    /// Trees of the commit before, which are likely to be the next one's old ones.
    private var trees: [ObjectID: Tree] = [:]
    private var lastTrees: [ObjectID: Tree] = [:]
    /// Trees that were weighed: one may hold another many times.
    private var weighed: Set<ObjectID> = []

    init(_ repository: Repository) { self.repository = repository }

    /// Bytes of a commit, and of what its tree has in a place where no parent's tree has it.
    mutating func weigh(_ id: ObjectID) throws(GitError) -> Int64 {
        let content = try repository.object(id).content
        guard let commit = CommitText(content) else { return Int64(content.count) }
        let old = try repository.parentTrees(of: commit)
        (lastTrees, trees) = (trees, [:])
        let below = try weigh(tree: commit.tree, instead: old.first, beside: old.last)
        return Int64(content.count) + below
    }

    private mutating func weigh(tree id: ObjectID, instead one: ObjectID?, beside two: ObjectID?)
        throws(GitError) -> Int64
    {
        guard id != one, id != two, weighed.insert(id).inserted else { return 0 }
        let new = try tree(id)
        let (base, other) = (try tree(one), try tree(two))
        var sum = Int64(new.content.count)
        guard new.isRegular, base.isRegular, other.isRegular else { return sum }
        var walk = TreeWalk(Sides(base: base, ours: new, theirs: other))
        var same: [UInt8] = []
        while let step = walk.next(copyingTo: &same) {
            guard let entry = step.ours, entry.id != step.base?.id, entry.id != step.theirs?.id,
                entry.mode != Mode.submodule
            else { continue }
            if entry.isTree {
                sum += try weigh(tree: entry.id, instead: step.base?.id, beside: step.theirs?.id)
            } else {
                sum += Int64(try repository.size(of: entry.id))
            }
        }
        return sum
    }

    /// The tree called `id`; an empty one if there is none, or if it is a file.
    private mutating func tree(_ id: ObjectID?) throws(GitError) -> Tree {
        guard let id, id != .emptyTree else { return .empty }
        if let found = trees[id] ?? lastTrees[id] {
            trees[id] = found
            return found
        }
        let object = try repository.object(id)
        let tree = object.type == .tree ? Tree(object.content) ?? .empty : .empty
        trees[id] = tree
        return tree
    }
}

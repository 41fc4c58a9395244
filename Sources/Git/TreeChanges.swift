// Which paths differ between two trees, and how: enough to tell that two commits cannot be the same
// change. PatchMarks calls it.

import Model

/// The paths that a commit touched.
struct TreeChanges {
    private enum Kind: UInt8 {
        case added = 1
        case deleted, changed
    }

    private var paths: [[UInt8]] = []
    /// More of them are not compared here: one tree may hold another many times.
    private static let pathsAtMost = 100_000

    /// What stays the same of two commits that git holds for the same change: their paths without
    /// blanks, and whether each was added, deleted or changed. Nil where a tree is too unusual to say.
    static func header(
        from old: ObjectID?, to new: ObjectID?, in objects: NewObjects
    ) throws(Failure) -> Int? {
        var changes = TreeChanges()
        guard try changes.collect(old, new, [], objects) else { return nil }
        changes.paths.sort { $0.lexicographicallyPrecedes($1) }
        return changes.paths.hashValue
    }

    private mutating func collect(
        _ old: ObjectID?, _ new: ObjectID?, _ prefix: [UInt8], _ objects: NewObjects, depth: Int = 1
    ) throws(Failure) -> Bool {
        if old == new { return true }
        let before = try objects.tree(old)
        let after = try objects.tree(new)
        guard before.isRegular, after.isRegular, depth <= Tree.deepest else { return false }
        var walk = TreeWalk(Sides(base: before, ours: after, theirs: after))
        var same: [UInt8] = []
        while let step = walk.next(copyingTo: &same) {
            guard let entry = step.base ?? step.ours else { continue }
            let path = prefix + entry.name.filter { !Self.isBlank($0) }
            if entry.isTree {
                let below = path + [UInt8(ascii: "/")]
                guard try collect(step.base?.id, step.ours?.id, below, objects, depth: depth + 1)
                else {
                    return false
                }
            } else {
                let kind: Kind =
                    step.base == nil ? .added : step.ours == nil ? .deleted : .changed
                paths.append(path + [0, kind.rawValue])
                guard paths.count <= Self.pathsAtMost else { return false }
            }
        }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
}

// The quick merge of three trees: it walks where both sides changed something, takes over everything
// else by its id, and decides alone only what git's own merge must decide the same way. Replayer and
// Merge call it, and ask git about all that it is not sure of.
//
// Why that is safe. Git's merge (ort) departs from comparing path by path only for renames: a file
// that one side deleted may be paired with one that the same side added, and a folder of which one
// side left nothing may have moved with all that the other side adds to it. Such a pair matters only
// if the other side changed or deleted that file, or added something below that folder. Then the
// walk meets a path that one side lacks and the other changed, or that both lack: it is not sure.
// A path that both sides added is also left to git. What remains is, path by path, one side's
// change, the same change twice, or two changes of one file.

import Model

/// Why a quick merge ended without a tree.
enum TreeMergeStop: Error {
    /// Git has to be asked.
    case unsure
    case failure(Failure)
}

/// One merge of trees.
struct TreeMerge {
    /// Folders in folders; deeper ones are git's to merge.
    private static let depthLimit = 200

    let objects: NewObjects
    /// Attributes that change how files are merged hold everywhere: no file is merged here.
    let leavesFiles: Bool

    enum Outcome {
        /// Nil is the empty tree.
        case tree(ObjectID?)
        case stopped(TreeMergeStop)
    }

    /// The tree that has both sides' changes since `base`; a nil tree is empty.
    func attempt(base: ObjectID?, ours: ObjectID?, theirs: ObjectID?) -> Outcome {
        do throws(TreeMergeStop) {
            return .tree(try merge(base, ours, theirs, depth: 0, leavesFiles: leavesFiles))
        } catch { return .stopped(error) }
    }

    private func merge(
        _ base: ObjectID?, _ ours: ObjectID?, _ theirs: ObjectID?, depth: Int, leavesFiles: Bool
    ) throws(TreeMergeStop) -> ObjectID? {
        if ours == base || ours == theirs { return theirs }
        if theirs == base { return ours }
        guard depth < Self.depthLimit else { throw .unsure }
        let sides = Sides(
            base: try tree(base), ours: try tree(ours), theirs: try tree(theirs))
        guard sides.areRegular else { throw .unsure }
        // What git reads attributes from, while it merges, is the side that is checked out.
        var leaves = leavesFiles
        if !leaves { leaves = try changesMerging(sides.ours.entry(Attributes.fileName)) }
        var merged: [UInt8] = []
        merged.reserveCapacity(sides.ours.content.count + 64)
        var walk = TreeWalk(sides)
        while let step = walk.next(copyingTo: &merged) {
            let entry = try resolve(step, sides, depth: depth, leavesFiles: leaves)
            if let entry { merged.append(entry) }
        }
        guard !merged.isEmpty else { return nil }
        return try add(.tree, merged, after: ours)
    }

    /// The entry for one name, of which not all three trees say the same.
    private func resolve(
        _ step: TreeWalk.Step, _ sides: Sides, depth: Int, leavesFiles: Bool
    ) throws(TreeMergeStop) -> TreeEntry? {
        let (base, ours, theirs) = (step.base, step.ours, step.theirs)
        guard let base else {
            guard let added = ours ?? theirs, !sides.haveOtherKind(of: added) else {
                throw .unsure
            }
            guard let ours, let theirs else { return added }
            // Added by both: folders are walked as any other, all else is git's to judge.
            guard ours.isTree, theirs.isTree, ours.id != theirs.id else { throw .unsure }
            return try mergeFolders(nil, ours, theirs, depth, leavesFiles)
        }
        if theirs == base { return ours }
        if ours == base { return theirs }
        // Changed by both. A name that a side lacks may have been renamed there.
        guard let ours, let theirs else { throw .unsure }
        if base.isTree, ours.isTree, theirs.isTree {
            if ours.id != theirs.id {
                return try mergeFolders(base.id, ours, theirs, depth, leavesFiles)
            }
            guard try onlyChanges(base.id, ours.id, depth) else { throw .unsure }
        }
        if ours == theirs { return ours }
        guard base.isFile, ours.isFile, theirs.isFile else { throw .unsure }
        let mode = ours.mode == base.mode ? theirs.mode : ours.mode
        let id = try mergeFiles(base.id, ours.id, theirs.id, leavesFiles: leavesFiles)
        return TreeEntry(mode: mode, name: base.name, id: id)
    }

    private func mergeFolders(
        _ base: ObjectID?, _ ours: TreeEntry, _ theirs: TreeEntry, _ depth: Int,
        _ leavesFiles: Bool
    ) throws(TreeMergeStop) -> TreeEntry? {
        let id = try merge(base, ours.id, theirs.id, depth: depth + 1, leavesFiles: leavesFiles)
        return id.map { TreeEntry(mode: Mode.tree, name: ours.name, id: $0) }
    }

    /// Whether nothing was added below a folder nor deleted: what both sides did alike may be a
    /// rename's one half, of which only one side has the other.
    private func onlyChanges(
        _ base: ObjectID, _ side: ObjectID, _ depth: Int
    ) throws(TreeMergeStop) -> Bool {
        if base == side { return true }
        guard depth < Self.depthLimit else { return false }
        let before = try tree(base)
        let after = try tree(side)
        guard before.isRegular, after.isRegular, before.count == after.count else { return false }
        for index in 0..<before.count {
            guard let old = before[index], let new = after[index], old.name == new.name,
                old.isTree == new.isTree
            else { return false }
            if old.isTree {
                guard try onlyChanges(old.id, new.id, depth + 1) else { return false }
            }
        }
        return true
    }

    private func mergeFiles(
        _ base: ObjectID, _ ours: ObjectID, _ theirs: ObjectID, leavesFiles: Bool
    ) throws(TreeMergeStop) -> ObjectID {
        if ours == base || ours == theirs { return theirs }
        if theirs == base { return ours }
        guard !leavesFiles else { throw .unsure }
        var merged: [UInt8]?
        do throws(Failure) {
            var largest = 0
            for id in [base, ours, theirs] { largest = max(largest, try objects.size(id)) }
            if largest <= LineMerge.sizeLimit {
                merged = LineMerge.merge(
                    base: try objects.content(base, .blob), ours: try objects.content(ours, .blob),
                    theirs: try objects.content(theirs, .blob))
            }
        } catch { throw .failure(error) }
        guard let merged else { throw .unsure }
        return try add(.blob, merged, after: ours)
    }

    /// Whether a file of attributes may change how files are merged: then git merges them.
    private func changesMerging(_ entry: TreeEntry?) throws(TreeMergeStop) -> Bool {
        guard let entry else { return false }
        guard entry.isFile else { return true }
        do throws(Failure) {
            guard try objects.size(entry.id) <= LineMerge.sizeLimit else { return true }
            return Attributes.changeMerging(try objects.content(entry.id, .blob))
        } catch { throw .failure(error) }
    }

    private func tree(_ id: ObjectID?) throws(TreeMergeStop) -> Tree {
        do throws(Failure) { return try objects.tree(id) } catch { throw .failure(error) }
    }

    private func add(
        _ type: ObjectType, _ content: [UInt8], after version: ObjectID?
    ) throws(TreeMergeStop) -> ObjectID {
        do throws(Failure) { return try objects.add(type, content, after: version) } catch {
            throw .failure(error)
        }
    }
}

extension [UInt8] {
    /// Adds an entry to a tree's bytes.
    fileprivate mutating func append(_ entry: TreeEntry) {
        self += Array("\(String(entry.mode, radix: 8)) ".utf8) + entry.name
        append(0)
        self += entry.id.bytes
    }
}

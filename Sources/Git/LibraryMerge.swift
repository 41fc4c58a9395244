// libgit2's own merge, for a machine without a git program. It knows renames, but less of them than
// git, and no attributes.

import CLibgit2
import Model

/// Merges by libgit2, over the repository's objects and the new ones in memory.
@safe final class LibraryMerge {
    private let objects: NewObjects
    private var store: OpaquePointer?
    private var repository: OpaquePointer?

    init(_ objects: NewObjects) throws(Failure) {
        self.objects = objects
        do throws(GitError) {
            try check("make room for a merge") { unsafe git_odb_new(&store) }
            var memory: UnsafeMutablePointer<git_odb_backend>?
            try check("make room for a merge") { unsafe git_mempack_new(&memory) }
            try check("make room for a merge") { unsafe git_odb_add_backend(store, memory, 1000) }
            let folder = "\(objects.repository.path)/objects"
            try check("open \(folder)") { unsafe git_odb_add_disk_alternate(store, folder) }
            try check("make room for a merge") {
                unsafe git_repository_wrap_odb(&repository, store)
            }
        } catch { throw error.failure }
    }

    deinit {
        unsafe git_repository_free(repository)
        unsafe git_odb_free(store)
    }

    func mergeTrees(
        base: ObjectID?, ours: ObjectID?, theirs: ObjectID?
    ) throws(Failure) -> MergeAnswer {
        let base = try unsafe tree(base)
        defer { unsafe git_tree_free(base) }
        let ours = try unsafe tree(ours)
        defer { unsafe git_tree_free(ours) }
        let theirs = try unsafe tree(theirs)
        defer { unsafe git_tree_free(theirs) }
        var index: OpaquePointer?
        do throws(GitError) {
            try check("merge two trees") {
                unsafe git_merge_trees(&index, repository, base, ours, theirs, nil)
            }
        } catch { throw error.failure }
        return try unsafe answer(index)
    }

    func mergeCommits(_ ours: ObjectID, _ theirs: ObjectID) throws(Failure) -> MergeAnswer {
        var found: [OpaquePointer?] = unsafe []
        defer {
            while let commit = unsafe found.popLast() { unsafe git_commit_free(commit) }
        }
        var index: OpaquePointer?
        do throws(GitError) {
            for id in [ours, theirs] {
                var oid = id.oid
                var commit: OpaquePointer?
                try check("read commit \(id)") {
                    unsafe git_commit_lookup(&commit, repository, &oid)
                }
                unsafe found.append(commit)
            }
            try check("merge \(ours.short) and \(theirs.short)") {
                unsafe git_merge_commits(&index, repository, found[0], found[1], nil)
            }
        } catch { throw error.failure }
        return try unsafe answer(index)
    }

    /// The commits of `tip` whose change some commit of `upstream` made already.
    func alreadyUpstream(_ upstream: ObjectID, _ tip: ObjectID) throws(Failure) -> Set<ObjectID> {
        var patches: Set<ObjectID> = []
        for (_, commit) in try objects.commitsToReplay(to: upstream, hiding: [tip]) {
            patches.insert(try patch(commit))
        }
        var found: Set<ObjectID> = []
        for (id, commit) in try objects.commitsToReplay(to: tip, hiding: [upstream]) {
            if patches.contains(try patch(commit)) { found.insert(id) }
        }
        return found
    }

    private func patch(_ commit: CommitText) throws(Failure) -> ObjectID {
        let old = try unsafe tree(try objects.treeBefore(commit))
        defer { unsafe git_tree_free(old) }
        let new = try unsafe tree(commit.tree)
        defer { unsafe git_tree_free(new) }
        var diff: OpaquePointer?
        defer { unsafe git_diff_free(diff) }
        var id = git_oid()
        do throws(GitError) {
            try check("compare two trees") {
                unsafe git_diff_tree_to_tree(&diff, repository, old, new, nil)
            }
            try check("compare two trees") { unsafe git_diff_patchid(&id, diff, nil) }
        } catch { throw error.failure }
        return ObjectID(id)
    }

    /// A merge's index as a tree of ours; it is let go of.
    private func answer(_ index: OpaquePointer?) throws(Failure) -> MergeAnswer {
        defer { unsafe git_index_free(index) }
        guard unsafe git_index_has_conflicts(index) == 0 else {
            return .conflict(unsafe Self.conflicts(index))
        }
        var oid = git_oid()
        do throws(GitError) {
            try check("write a merged tree") {
                unsafe git_index_write_tree_to(&oid, index, repository)
            }
        } catch { throw error.failure }
        try takeOver(ObjectID(oid), .tree)
        return .tree(ObjectID(oid))
    }

    private static func conflicts(_ index: OpaquePointer?) -> [String] {
        var paths: Set<String> = []
        for position in unsafe 0..<git_index_entrycount(index) {
            guard let entry = unsafe git_index_get_byindex(index, position),
                unsafe git_index_entry_stage(entry) > 0
            else { continue }
            paths.insert(unsafe String(cString: entry.pointee.path))
        }
        return paths.sorted()
    }

    /// The tree for libgit2, with all that is only ours handed over.
    private func tree(_ id: ObjectID?) throws(Failure) -> OpaquePointer? {
        try give(id ?? .emptyTree, .tree)
        var oid = (id ?? .emptyTree).oid
        var tree: OpaquePointer?
        do throws(GitError) {
            try check("read tree \(id ?? .emptyTree)") {
                unsafe git_tree_lookup(&tree, repository, &oid)
            }
        } catch { throw error.failure }
        return unsafe tree
    }

    private func give(_ id: ObjectID, _ type: ObjectType) throws(Failure) {
        guard objects.isNew(id) || id == .emptyTree else { return }
        let content = id == .emptyTree ? [] : try objects.content(id, type)
        var oid = git_oid()
        do throws(GitError) {
            try check("make room for a merge") {
                unsafe content.withUnsafeBytes { memory in
                    unsafe git_odb_write(
                        &oid, store, memory.baseAddress, memory.count, type.code)
                }
            }
        } catch { throw error.failure }
        guard type == .tree else { return }
        for entry in try objects.tree(id).entries where entry.mode != Mode.submodule {
            try give(entry.id, entry.isTree ? .tree : .blob)
        }
    }

    private func takeOver(_ id: ObjectID, _ type: ObjectType) throws(Failure) {
        guard !objects.isNew(id), !objects.repository.contains(id) else { return }
        var oid = id.oid
        var read: OpaquePointer?
        do throws(GitError) {
            try check("read \(id) of a merge") { unsafe git_odb_read(&read, store, &oid) }
        } catch { throw error.failure }
        defer { unsafe git_odb_object_free(read) }
        let bytes = unsafe Array(
            UnsafeRawBufferPointer(
                start: git_odb_object_data(read), count: git_odb_object_size(read)))
        try objects.add(type, bytes)
        guard type == .tree else { return }
        for entry in try objects.tree(id).entries where entry.mode != Mode.submodule {
            try takeOver(entry.id, entry.isTree ? .tree : .blob)
        }
    }
}

// Git itself, asked what the quick ways leave open: merges of trees and of commits, and which
// commits are upstream already. It works in a scratch repository and leaves nothing behind.

import CLibgit2
import Model
import POSIX

/// What a merge came to.
enum MergeAnswer: Equatable {
    /// The merged tree; all of it can be read from the objects that were asked with.
    case tree(ObjectID)
    /// The paths that stand in the way.
    case conflict([String])
}

/// Children of git that read the repository's objects and ours, and write into a scratch folder.
@safe final class GitMerge {
    /// How long one child may take; renames in large trees are slow.
    private static let timeLimit: Duration = .seconds(600)
    /// Nothing of the user's may count: a rebase with git's defaults is what is asked for.
    private static let settings = [("core.attributesFile", "/dev/null")]

    private let objects: NewObjects
    private let scratch: ScratchRepository
    private let deflater = Deflater()
    private var given: Set<ObjectID> = []
    private var finder = AttributesFinder()
    private var checkedOut: [AttributesFinder.Found]?
    private var answers: OpaquePointer?

    private var worktree: String { "\(scratch.path)/worktree" }

    /// Nil if there is no program called git.
    init?(_ objects: NewObjects) throws(Failure) {
        guard findProgram("git") != nil else { return nil }
        self.objects = objects
        scratch = try ScratchRepository(beside: objects.repository)
        if let content = Attributes.ofGitdir(objects.repository.path) {
            try writeNewFile("\(scratch.path)/info/attributes", content, mode: 0o600)
        }
        let folder = "\(scratch.path)/objects"
        do throws(GitError) {
            try check("open \(folder)") { unsafe git_odb_open(&answers, folder) }
        } catch { throw error.failure }
    }

    deinit { unsafe git_odb_free(answers) }

    /// Merges three trees; the attributes of `ours` count. Nil trees are empty.
    func mergeTrees(
        base: ObjectID?, ours: ObjectID?, theirs: ObjectID?
    ) throws(Failure) -> MergeAnswer {
        // Before git 2.40 a base cannot be named: three commits that have it for their history can.
        let root = try giveCommit(tree: base, parents: [])
        return try mergeCommits(
            try giveCommit(tree: ours, parents: [root]),
            try giveCommit(tree: theirs, parents: [root]), head: ours)
    }

    /// Merges two commits, which have all their history in the repository; the attributes of the
    /// tree `head` count.
    func mergeCommits(
        _ ours: ObjectID, _ theirs: ObjectID, head: ObjectID?
    ) throws(Failure) -> MergeAnswer {
        try checkOutAttributes(of: head)
        let result = try run([
            "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages",
            "\(ours)", "\(theirs)",
        ])
        let words = result.output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard let first = words.first, let tree = ObjectID(first) else { throw refused(result) }
        switch result.status {
        case .exited(0):
            var marked: [String] = []
            try takeOver(tree, marks: [ours, theirs], &marked, below: "")
            return marked.isEmpty ? .tree(tree) : .conflict(marked)
        case .exited(1): return .conflict(Array(words.dropFirst()))
        default: throw refused(result)
        }
    }

    /// The commits of `tip` without those of `upstream` that are there already, as git compares them.
    func alreadyUpstream(_ upstream: ObjectID, _ tip: ObjectID) throws(Failure) -> Set<ObjectID> {
        try checkOutAttributes(of: try objects.commit(tip).tree)
        let result = try run([
            "rev-list", "--no-merges", "--cherry-mark", "--right-only", "\(upstream)...\(tip)",
        ])
        guard result.status.isSuccess else { throw refused(result) }
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
        return Set(lines.filter { $0.hasPrefix("=") }.compactMap { ObjectID($0.dropFirst()) })
    }

    private func run(_ arguments: [String]) throws(Failure) -> ProgramResult {
        try runToEnd(
            ["git", "-C", worktree] + arguments,
            environment: scratch.environment(
                settings: Self.settings.map { (key: $0.0, value: $0.1) },
                adding: ["GIT_WORK_TREE=\(worktree)"]),
            until: .after(Self.timeLimit))
    }

    private func refused(_ result: ProgramResult) -> Failure {
        Failure(
            .failed, "git cannot merge: \(result.firstComplaint)",
            hint: "git 2.38 or newer is needed; look at the repository with git fsck")
    }

    /// A merge reads attributes from the files that are checked out: they are, and nothing else.
    private func checkOutAttributes(of tree: ObjectID?) throws(Failure) {
        let found = try finder.files(of: tree, in: objects)
        guard found != checkedOut else { return }
        try removeTree(worktree)
        try makeNewFolder(worktree)
        var files: [(path: [[UInt8]], content: [UInt8])] = []
        for file in found where try objects.size(file.blob) <= Attributes.sizeLimit {
            files.append((file.path, try objects.content(file.blob, .blob)))
        }
        try writeFiles(below: worktree, files)
        checkedOut = found
    }

    private func giveCommit(tree: ObjectID?, parents: [ObjectID]) throws(Failure) -> ObjectID {
        try giveTree(tree ?? .emptyTree)
        let nobody = Signature(name: "nobody", email: "nobody", seconds: 0)
        let content = CommitText.bytes(
            tree: tree ?? .emptyTree, parents: parents, author: Array(nobody.line.utf8),
            committer: nobody, message: [])
        let commit = RawObject(.commit, content)
        let id = Repository.id(of: commit)
        try give(id, commit)
        return id
    }

    /// What the repository does not have yet, git's children find in the scratch folder.
    private func giveTree(_ id: ObjectID) throws(Failure) {
        if id == .emptyTree { return try give(id, RawObject(.tree, [])) }
        guard objects.isNew(id), !given.contains(id) else { return }
        for entry in try objects.tree(id).entries {
            if entry.isTree {
                try giveTree(entry.id)
            } else if objects.isNew(entry.id) {
                try give(entry.id, try objects.object(entry.id))
            }
        }
        try give(id, try objects.object(id))
    }

    private func give(_ id: ObjectID, _ object: RawObject) throws(Failure) {
        guard given.insert(id).inserted else { return }
        let name = id.description
        let folder = "\(scratch.path)/objects/\(name.prefix(2))"
        let file = "\(folder)/\(name.dropFirst(2))"
        guard !exists(file) else { return }
        try makeFolder(folder)
        let header = Array("\(object.type) \(object.content.count)\0".utf8)
        try writeNewFile(
            file, deflater.deflate(header + object.content), mode: 0o400, onDisk: false)
    }

    /// Reads back what git made: whatever lies in the scratch folder and is not ours.
    ///
    /// Git may call a merge clean and still have written conflict markers: into a file that one side
    /// renamed to a name that both sides then have. Nobody wants that committed; `marked` gets it.
    private func takeOver(
        _ tree: ObjectID, marks sides: [ObjectID], _ marked: inout [String], below folder: String
    ) throws(Failure) {
        guard let content = try madeByGit(tree, .tree) else { return }
        try objects.add(.tree, content)
        for entry in try objects.tree(tree).entries where entry.mode != Mode.submodule {
            let path = folder + String(decoding: entry.name, as: UTF8.self)
            if entry.isTree {
                try takeOver(entry.id, marks: sides, &marked, below: "\(path)/")
            } else if let content = try madeByGit(entry.id, .blob) {
                let isMarked = sides.contains { side in
                    content.firstRange(of: Array("< \(side)".utf8)) != nil
                }
                if isMarked { marked.append(path) }
                try objects.add(.blob, content)
            }
        }
    }

    /// An object of the scratch folder; nil if it is not from there, or taken over already.
    private func madeByGit(_ id: ObjectID, _ type: ObjectType) throws(Failure) -> [UInt8]? {
        var oid = id.oid
        guard !objects.isNew(id),
            unsafe git_odb_exists_ext(answers, &oid, GIT_ODB_LOOKUP_NO_REFRESH.rawValue) == 1
        else { return nil }
        var read: OpaquePointer?
        do throws(GitError) {
            try check("read \(id) of a merge") { unsafe git_odb_read(&read, answers, &oid) }
        } catch { throw error.failure }
        defer { unsafe git_odb_object_free(read) }
        return unsafe Array(
            UnsafeRawBufferPointer(
                start: git_odb_object_data(read), count: git_odb_object_size(read)))
    }
}

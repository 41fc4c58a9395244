// Git itself: imports the histories and rebases them in a worktree.

import Model
import POSIX
import TestSupport

/// What a rebase came to: where HEAD is, and the commit that it stopped at.
struct Rebased: Equatable {
    let head: ObjectID
    let conflict: ObjectID?
}

/// What a merge came to.
enum Merged: Equatable {
    case tree(ObjectID)
    case conflict([String])
    case unrelated
    case nothingToDo
}

/// A repository with a worktree for git, and a bare one for us that borrows its objects.
final class Reference {
    let directory: TemporaryDirectory
    private let environment: [EnvironmentEntry]

    private var gitdir: String { directory.file("git.git") }
    private var worktree: String { directory.file("worktree") }
    /// The bare repository that we work in.
    var ours: String { directory.file("ours.git") }

    /// - Parameter attributes: what stands in the gitdirs' `info/attributes`.
    init(attributes: String) throws(Failure) {
        directory = try TemporaryDirectory()
        let path = environmentVariable("PATH") ?? "/usr/bin:/bin"
        environment = [
            "PATH=\(path)", "HOME=\(directory.path)", "LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1",
            "GIT_CONFIG_GLOBAL=\(directory.file("config"))", "GIT_EDITOR=false",
            "GIT_COMMITTER_NAME=C", "GIT_COMMITTER_EMAIL=c@example.com", "GIT_AUTHOR_NAME=A",
            "GIT_AUTHOR_EMAIL=a@example.com",
        ]
        try writeFile(
            directory.file("config"),
            """
            [core]
            \tfsync = none
            [gc]
            \tauto = 0
            [maintenance]
            \tauto = false
            [advice]
            \tdetachedHead = false

            """)
        for repository in [gitdir, ours] {
            try run(["git", "init", "-q", "--bare", repository], environment: environment).check()
            try makeFolder("\(repository)/info")
        }
        try writeFile("\(ours)/objects/info/alternates", "\(gitdir)/objects\n")
        if !attributes.isEmpty { try writeFile("\(ours)/info/attributes", attributes) }
        // A merge reads blobs; conversion is the worktree's alone. Without this git would refuse to
        // start wherever a blob is not as the attributes would have it checked in.
        try writeFile("\(gitdir)/info/attributes", attributes + "* -text\n")
    }

    /// The ids of the commits, in their order.
    func importCommits(_ stream: [UInt8]) throws(Failure) -> [ObjectID] {
        let marks = directory.file("marks")
        try run(
            [
                "git", "--git-dir", gitdir, "fast-import", "--quiet", "--force",
                "--date-format=raw-permissive", "--export-marks=\(marks)",
            ],
            environment: environment, input: stream
        ).check()
        var ids: [Int: ObjectID] = [:]
        for line in contents(marks).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let mark = Int(words[0].dropFirst()) else { continue }
            ids[mark] = ObjectID(words[1])
        }
        return ids.keys.sorted().compactMap { ids[$0] }
    }

    /// `git rebase` of `tip`; nil where git cannot, because of a commit's encoding.
    func rebase(_ tip: ObjectID, upstream: ObjectID, onto: ObjectID) throws(Failure) -> Rebased? {
        try checkOut(tip)
        let asked = try git(
            ["rebase", "-q", "--no-fork-point", "--empty=drop", "--no-autosquash"]
                + (onto == upstream ? [] : ["--onto", "\(onto)"]) + ["\(upstream)"])
        if asked.errors.contains("unable to parse commit author") { return nil }
        let head = try git(["rev-parse", "HEAD"]).check().output
        let stopped = contents("\(gitdir)/REBASE_HEAD").prefix(40)
        guard let head = ObjectID(head),
            asked.succeeded || (asked.status == .exited(1) && ObjectID(stopped) != nil)
        else { throw Failure(.failed, "git rebase: \(asked.status): \(asked.errors)") }
        return Rebased(head: head, conflict: asked.succeeded ? nil : ObjectID(stopped))
    }

    /// `git merge --no-ff` of `other` into `tip`.
    func merge(_ tip: ObjectID, with other: ObjectID) throws(Failure) -> Merged {
        if try git(["merge-base", "--is-ancestor", "\(other)", "\(tip)"]).succeeded {
            return .nothingToDo
        }
        try checkOut(tip)
        let asked = try git(["merge", "-q", "--no-ff", "-m", "merged", "\(other)"])
        switch asked.status {
        case .exited(0): return .tree(try tree(of: "HEAD"))
        case .exited(1):
            let paths = try git(["diff", "--name-only", "--diff-filter=U", "-z"]).check().output
            return .conflict(withoutSides(paths.split(separator: "\0").map(String.init)))
        case .exited(128) where asked.errors.contains("unrelated histories"): return .unrelated
        default: throw Failure(.failed, "git merge: \(asked.status): \(asked.errors)")
        }
    }

    /// Whether one of the files at `paths` in git's commit has conflict markers.
    func holdsMarkers(_ commit: String, _ paths: [String]) throws(Failure) -> Bool {
        guard !paths.isEmpty else { return false }
        return try git(
            ["--literal-pathspecs", "grep", "-q", "-e", "^<<<<<<<* ", commit, "--"] + paths
        ).succeeded
    }

    /// The tree of a commit, as either repository has it.
    func tree(of commit: some CustomStringConvertible) throws(Failure) -> ObjectID {
        let gitdir = commit is ObjectID ? ours : gitdir
        let asked = try run(
            ["git", "--git-dir", gitdir, "rev-parse", "\(commit)^{tree}"],
            environment: environment
        ).check()
        guard let tree = ObjectID(asked.output) else {
            throw Failure(.failed, "git knows no tree of \(commit)")
        }
        return tree
    }

    private func checkOut(_ tip: ObjectID) throws(Failure) {
        let leftovers = [
            "rebase-merge", "REBASE_HEAD", "index", "CHERRY_PICK_HEAD", "MERGE_MSG", "MERGE_HEAD",
            "MERGE_MODE", "AUTO_MERGE",
        ]
        for name in leftovers { try removeTree("\(gitdir)/\(name)") }
        try removeTree(worktree)
        try makeFolder(worktree)
        try git(["checkout", "-q", "-f", "--detach", "\(tip)"]).check()
    }

    /// What `git fsck` has to say of our repository, of its own objects and packs.
    func complaints() throws(Failure) -> String {
        let asked = try run(
            ["git", "--git-dir", ours, "fsck", "--full", "--strict", "--no-dangling"],
            environment: environment)
        return asked.succeeded ? "" : asked.errors
    }

    private func git(_ arguments: [String]) throws(Failure) -> Finished {
        try run(
            ["git"] + arguments,
            environment: environment + ["GIT_DIR=\(gitdir)", "GIT_WORK_TREE=\(worktree)"],
            directory: worktree)
    }
}

// A replay beside what git rebase makes of the same branch: the named rules of replay are tried so.

import Git
import Model
import POSIX
import TestSupport
import Testing

extension ForkedBranch {
    /// Adds a commit of exactly these bytes behind its tree and parents; the tree is the tip's.
    func commit(
        bytes: [UInt8], parents: [ObjectID]? = nil, tree: ObjectID? = nil
    ) throws {
        let tree = try tree ?? self.tree(of: tip)
        let parents = (parents ?? [tip]).map { "parent \($0)\n" }.joined()
        let content = Array("tree \(tree)\n\(parents)".utf8) + bytes
        tip = try repository.write(RawObject(.commit, content))
    }

    /// The tree that has one more file than the tip's.
    func treeAdding(_ name: String, _ content: String) throws -> ObjectID {
        let before = tip
        defer { tip = before }
        try commit("", [name: content])
        return try tree(of: tip)
    }

    func tree(of commit: ObjectID) throws -> ObjectID {
        try #require(ObjectID(try git("rev-parse", "\(commit)^{tree}")))
    }

    /// Replays the branch and stores it. Git must come to the same: the same verdict, and the same
    /// trees, authors, dates, encodings and messages.
    @discardableResult
    func replay(
        upstream: ObjectID? = nil, onto: ObjectID? = nil, _ expected: ReplayVerdict = .clean,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Replayer {
        let upstream = upstream ?? origin
        let onto = onto ?? upstream
        let replayer = Replayer(repository, upstream: upstream, onto: onto, committer: engine)
        let verdict = try replayer.add(commitsUpTo: tip)
        #expect(verdict == expected, sourceLocation: sourceLocation)
        try replayer.store()
        let (head, stopped) = try rebaseByGit(upstream: upstream, onto: onto)
        #expect(
            try log(replayer.tip, after: onto) == log(head, after: onto),
            sourceLocation: sourceLocation)
        if case .conflict(let commit, _) = verdict {
            #expect(stopped == commit, "where git stops", sourceLocation: sourceLocation)
        } else {
            #expect(stopped == nil, "git stops", sourceLocation: sourceLocation)
        }
        return replayer
    }

    /// The file at `path` in `commit`.
    func show(_ path: String, in commit: ObjectID) throws -> String {
        try git("show", "\(commit):\(path)")
    }

    func files(in commit: ObjectID) throws -> String {
        try git("ls-tree", "-r", "--name-only", "\(commit)")
    }

    func subjects(_ tip: ObjectID, after end: ObjectID? = nil) throws -> [String] {
        try git("log", "--reverse", "--topo-order", "--format=%s", "\(end ?? origin)..\(tip)")
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private func log(_ tip: ObjectID, after end: ObjectID) throws -> String {
        try git(
            "log", "--topo-order", "--date=raw", "--format=%T %e|%an <%ae> %ad%n%B%x00",
            "\(end)..\(tip)")
    }

    private func rebaseByGit(
        upstream: ObjectID, onto: ObjectID
    ) throws -> (head: ObjectID, stopped: ObjectID?) {
        let worktree = home.directory.file("worktree")
        try git("worktree", "add", "-q", "--detach", worktree, "\(tip)")
        let asked = try home.attempt(
            [
                "rebase", "-q", "--no-fork-point", "--empty=drop", "--no-autosquash", "--onto",
                "\(onto)", "\(upstream)",
            ], at: worktree, environment: ["GIT_EDITOR": "false"])
        #expect(
            asked.succeeded || asked.status == .exited(1),
            "git rebase: \(asked.status) \(asked.errors)")
        let head = try home.git("rev-parse", "HEAD", at: worktree)
        let stopped = try home.attempt(
            ["rev-parse", "-q", "--verify", "REBASE_HEAD"], at: worktree)
        try git("worktree", "remove", "--force", worktree)
        return (try #require(ObjectID(head)), asked.succeeded ? nil : ObjectID(stopped.output))
    }
}

// One history rebased by git and replayed by us, and what is different.

import Git
import Model

struct Comparison {
    let history: History
    /// The ids of the history's commits.
    let ids: [ObjectID]
    let reference: Reference

    /// How git's children were asked, and how many commits were replayed.
    struct Effort {
        var questions = 0
        var commits = 0
        var conflicts = 0
        var merges = 0
        /// Merges that git calls clean, with conflict markers in the result.
        var refusals = 0
    }

    var upstream: ObjectID { ids[history.upstream] }
    var onto: ObjectID { ids[history.onto] }
    static let committer = Signature(name: "C", email: "c@example.com", seconds: 1_700_000_001)

    /// Nil if there is no difference.
    func difference(_ repository: Repository, _ effort: inout Effort) throws(Failure) -> String? {
        if let difference = try replayDifference(repository, &effort) { return difference }
        return try mergeDifference(repository, &effort)
    }

    private func replayDifference(
        _ repository: Repository, _ effort: inout Effort
    ) throws(Failure) -> String? {
        let replayer = Replayer(
            repository, upstream: upstream, onto: onto, committer: Self.committer)
        var ours = "clean"
        var refused: [String] = []
        if case .conflict(let commit, let paths) = try replayer.add(commitsUpTo: ids[history.tip]) {
            ours = "conflict at \(commit)"
            refused = paths
            effort.conflicts += 1
        }
        try replayer.store()
        if let difference = try stepsDifference(repository, from: replayer, said: ours) {
            return difference
        }
        effort.questions += replayer.questions
        effort.commits += replayer.replaced.count
        guard let git = try reference.rebase(ids[history.tip], upstream: upstream, onto: onto)
        else { return nil }
        let theirs = git.conflict.map { "conflict at \($0)" } ?? "clean"
        let ourChain = try chain(replayer.tip, down: onto, repository)
        let theirChain = try chain(git.head, down: onto, repository)
        guard ours == theirs else {
            // Git went on over conflict markers that it had written itself; we stop there.
            if theirChain.count > ourChain.count,
                try reference.holdsMarkers(
                    "\(git.head)~\(theirChain.count - ourChain.count - 1)", refused)
            {
                effort.refusals += 1
                return nil
            }
            return "we say \(ours) after \(ourChain.count) commits, git \(theirs) after "
                + "\(theirChain.count)"
        }
        guard ourChain.count == theirChain.count else {
            return "we have \(ourChain.count) commits, git \(theirChain.count)"
        }
        for (our, their) in zip(ourChain, theirChain) where our != their {
            return """
                a commit differs. Ours:
                \(String(decoding: our, as: UTF8.self))
                Git's:
                \(String(decoding: their, as: UTF8.self))
                """
        }
        return nil
    }

    /// The commits from `tip` to the one before `end`, without parents and committers.
    private func chain(
        _ tip: ObjectID, down end: ObjectID, _ repository: Repository
    ) throws(Failure) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var next: ObjectID? = tip
        while let id = next, id != end {
            let content: [UInt8]
            do throws(GitError) { content = try repository.object(id).content } catch {
                throw error.failure
            }
            var kept: [UInt8] = []
            next = nil
            var isHeader = true
            for line in content.split(separator: 10, omittingEmptySubsequences: false) {
                if line.isEmpty { isHeader = false }
                if isHeader, line.starts(with: "parent ".utf8) {
                    next = next ?? ObjectID(String(decoding: line.dropFirst(7), as: UTF8.self))
                } else if !isHeader || !line.starts(with: "committer ".utf8) {
                    kept += line + [10]
                }
            }
            found.append(kept)
        }
        return found
    }
}

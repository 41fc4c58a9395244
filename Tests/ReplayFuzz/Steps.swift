// The same replay in one go and in several steps, as a branch grows while it is replayed; and the
// merge of both sides against git's own.

import Git
import Model

extension Comparison {
    /// Nil if the steps come to the same as `whole`, which `said` clean or conflict.
    func stepsDifference(
        _ repository: Repository, from whole: Replayer, said: String
    ) throws(Failure) -> String? {
        var random = RandomSource(seed: history.seed ^ 0x57e9)
        let stops = linearEnd().filter { _ in random.oneIn(2) } + [history.tip]
        let replayer = Replayer(
            repository, upstream: upstream, onto: onto, committer: Self.committer)
        var verdict = "clean"
        var last: ObjectID?
        for stop in stops where verdict == "clean" {
            if case .conflict(let commit, _) =
                try replayer.add(commitsUpTo: ids[stop], after: last)
            {
                verdict = "conflict at \(commit)"
            }
            last = ids[stop]
            if random.oneIn(2) { try replayer.store() }
        }
        try replayer.store()
        let isSame =
            verdict == said && replayer.tip == whole.tip
            && replayer.replaced.elementsEqual(whole.replaced) { $0 == $1 }
        return isSame
            ? nil
            : "in steps up to \(stops.map { ids[$0] }) we say \(verdict) at \(replayer.tip), "
                + "in one go \(said) at \(whole.tip)"
    }

    /// The numbers of the last commits before the tip that follow each other without a merge; the
    /// oldest first. Each but the first was on the branch when only those before it were.
    private func linearEnd() -> [Int] {
        var numbers: [Int] = []
        var number = history.tip
        while history.commits[number].parents.count == 1 {
            number = history.commits[number].parents[0]
            // What origin has too was never the tip of a branch that had left it.
            guard !history.isUpstream(number) else { break }
            numbers.append(number)
        }
        return numbers.reversed()
    }

    /// Nil if `git merge --no-ff` joins both sides as we do.
    func mergeDifference(
        _ repository: Repository, _ effort: inout Effort
    ) throws(Failure) -> String? {
        let tip = ids[history.tip]
        let git = try reference.merge(tip, with: upstream)
        guard git != .nothingToDo else { return nil }
        effort.merges += 1
        var ours: Merged
        do throws(Failure) {
            let verdict = try repository.merge(
                tip, with: upstream, message: "merged\n", author: Self.committer,
                committer: Self.committer)
            switch verdict {
            case .merged(let commit): ours = .tree(try reference.tree(of: commit))
            case .conflict(let paths): ours = .conflict(withoutSides(paths))
            }
        } catch {
            guard error.description.contains("share no history") else { throw error }
            ours = .unrelated
        }
        if case .conflict(let paths) = ours, case .tree = git,
            try reference.holdsMarkers("HEAD", paths)
        {
            effort.refusals += 1
            return nil
        }
        return ours == git ? nil : "merged with upstream, we say \(ours), git \(git)"
    }
}

/// `paths` sorted, each once. Where a file and a folder want one name, git moves the file aside to one
/// that ends with its commit; a merge of trees is asked for with other commits.
func withoutSides(_ paths: [String]) -> [String] {
    let bare = paths.map { path in
        guard let mark = path.lastIndex(of: "~"),
            path[mark...] == "~HEAD" || ObjectID(path[path.index(after: mark)...].prefix(40)) != nil
        else { return path }
        return String(path[..<mark])
    }
    return Set(bare).sorted()
}

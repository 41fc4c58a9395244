// The commits between a branch's tip and what origin has of it, a few of each kind: what the status page
// draws. Read when a page is asked for, on the thread that measures lags.

import EngineCore
import Git
import Model

/// The newest commits of a branch, here and at origin.
public struct CommitLine: Sendable {
    /// Where a commit is.
    public enum Place: Sendable {
        /// On this volume, and nowhere else.
        case here
        /// Origin has it on a conflict branch.
        case saved
        case durable
        /// Origin has it, and the branch has not.
        case origin
    }

    public let branch: String
    /// Newest first: origin's own, what waits, and what is durable.
    public private(set) var commits: [(commit: CommitGlance, place: Place)] = []

    /// How many of each kind are looked at. Along first parents, as far as these go.
    private static let (mostOfOrigin, mostWaiting, mostDurable) = (4, 8, 3)

    /// What can be read of it; damage is for others to tell.
    init(_ mark: Watermark, in repository: Repository) {
        branch = mark.name.branch ?? mark.name.description
        let line = CommitWalk(repository)
        let ours = [mark.local, mark.durable].compactMap { $0 }
        commits += line.commits(from: mark.origin, Self.mostOfOrigin) { id in
            ours.contains { line.holds($0, id) } ? nil : .origin
        }
        let waiting = line.commits(from: mark.local, Self.mostWaiting) { id in
            if mark.durable.map({ line.holds($0, id) }) ?? false { return nil }
            return mark.saved.map { line.holds($0.tip, id) } ?? false ? .saved : .here
        }
        commits += waiting
        let next = waiting.isEmpty ? mark.local : waiting.last?.commit.firstParent
        let isDurable = { id in mark.durable.map { line.holds($0, id) } ?? false }
        // Where the line goes on further down than it is drawn, origin's end of it is.
        let start = next.flatMap { isDurable($0) ? $0 : nil } ?? mark.durable
        commits += line.commits(from: start, Self.mostDurable) { _ in .durable }
    }
}

/// Steps from commit to first parent.
private struct CommitWalk {
    private let repository: Repository

    init(_ repository: Repository) { self.repository = repository }

    /// Whether `id` is `tip` or behind it.
    func holds(_ tip: ObjectID, _ id: ObjectID) -> Bool {
        (try? repository.isAncestor(id, of: tip)) ?? false
    }

    /// Up to `limit` commits from `start` on, while `place` has one for them.
    func commits(
        from start: ObjectID?, _ limit: Int, place: (ObjectID) -> CommitLine.Place?
    ) -> [(commit: CommitGlance, place: CommitLine.Place)] {
        var found: [(commit: CommitGlance, place: CommitLine.Place)] = []
        var next = start
        while let id = next, found.count < limit, repository.hasCommit(id), let place = place(id),
            let commit = try? repository.glance(id)
        {
            found.append((commit, place))
            next = commit.firstParent
        }
        return found
    }
}

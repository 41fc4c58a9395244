// Every ref that the engine moves, it moves here: written down first, tried again while it is busy.

import Git
import Model
import POSIX

/// Moves refs of one repository, by compare-and-swap and with a journal.
final class RefMoves {
    /// How long a ref may be held by others before we give up on it.
    static let patience = Duration.seconds(10)
    /// How long to wait between two tries.
    private static let interval = Duration.milliseconds(2)

    private let repository: Repository
    private var journal: Journal

    /// Cleans up behind a killed process first. To be called under the ``GitdirLock``.
    init(_ repository: Repository) throws(Failure) {
        self.repository = repository
        journal = Journal(gitdir: repository.path)
        try removeLeftovers(of: &journal, gitdir: repository.path)
    }

    /// What a killed process, or this one, had begun and not ended.
    var unfinished: [Journal.Entry] { journal.entries }

    func begin(_ entry: Journal.Entry) throws(Failure) { try journal.begin([entry]) }
    /// The same of many at once: each would take as long as moving a ref does.
    func begin(_ entries: [Journal.Entry]) throws(Failure) { try journal.begin(entries) }
    func end(_ entry: Journal.Entry) { journal.end(entry) }

    /// Moves `name` from `old` (nil: it must not exist) to `new`. False if it has another value.
    func move(_ name: RefName, from old: ObjectID?, to new: ObjectID, _ message: String)
        throws(Failure) -> Bool
    {
        try attempt(.update(name, to: new), name) { () throws(GitError) in
            try self.repository.move(name, from: old, to: new, "git-pod: \(message)")
            return true
        }
    }

    /// Moves a branch to `new`, which holds origin's `tip`. If it returns true, that stays in the
    /// journal until ``end(_:)``: a start after a kill must not forget which tip was acted on.
    func follow(
        _ tip: ObjectID, _ name: RefName, from old: ObjectID, to new: ObjectID, _ message: String
    ) throws(Failure) -> Bool {
        let entry = Journal.Entry.follow(name, from: old, to: new, origin: tip)
        return try attempt(entry, name, keepingEntry: true) { () throws(GitError) in
            try self.repository.move(name, from: old, to: new, "git-pod: \(message)")
            return true
        }
    }

    /// Deletes `name` if it still points at `old`. False if it has another value.
    func delete(_ name: RefName, from old: ObjectID) throws(Failure) -> Bool {
        try attempt(.update(name, to: .zero), name) { () throws(GitError) in
            try self.repository.delete(name, from: old)
            return true
        }
    }

    /// The same while git's own lock on `name` is held and `decide` looks; see
    /// ``Repository/withLock(on:_:decide:)``.
    func followHoldingLock(
        _ tip: ObjectID, _ name: RefName, _ message: String,
        decide: (ObjectID) throws(GitError) -> ObjectID?
    ) throws(Failure) -> Bool {
        // The new value is not known yet, and goes into the lock file last.
        var chosen: Journal.Entry?
        let isMoved = try attempt(.hold(name), name) { () throws(GitError) in
            try self.repository.withLock(on: name, "git-pod: \(message)") { now throws(GitError) in
                guard let now, let new = try decide(now) else { return nil }
                let entry = Journal.Entry.follow(name, from: now, to: new, origin: tip)
                do throws(Failure) { try self.journal.begin([entry]) } catch {
                    throw GitError(error, "move \(name)")
                }
                chosen = entry
                return new
            }
        }
        if !isMoved, let chosen { journal.end(chosen) }
        return isMoved
    }

    private func attempt(
        _ entry: Journal.Entry, _ name: RefName, keepingEntry: Bool = false,
        _ body: () throws(GitError) -> Bool
    ) throws(Failure) -> Bool {
        try journal.begin([entry])
        // Where it failed, nobody knows yet whether it was done.
        var isGivenUp = !keepingEntry
        defer { if isGivenUp { journal.end(entry) } }
        let deadline = Deadline.after(Self.patience)
        while true {
            do throws(GitError) { return try body() } catch {
                switch error.kind {
                case .moved:
                    isGivenUp = true
                    return false
                case .locked where !deadline.hasPassed: pause(Self.interval)
                case .locked: throw blocked(name)
                default: throw error.failure
                }
            }
        }
    }

    private func blocked(_ name: RefName) -> Failure {
        let own = "\(repository.path)/\(name).lock"
        let path = exists(own) ? own : "\(repository.path)/packed-refs.lock"
        return Failure(
            .failed, "\(name) is blocked by a lock, \(path), for more than \(Self.patience.spoken)",
            hint: "if no git is at work in there, remove that file")
    }
}

// One replay in a repository that is there already, timed: bin/bench reconcile runs it.

import Git
import Model
import POSIX

/// `replay GITDIR UPSTREAM TIP`: replays what the ref TIP has on top of the ref UPSTREAM, and prints
/// the microseconds that it took until all of it was on disk, and its tip. No ref moves.
func timeReplay(_ arguments: [String]) throws(Failure) {
    guard arguments.count == 3, let upstream = RefName(arguments[1]),
        let tip = RefName(arguments[2])
    else { throw Failure(.configuration, "usage: replay-fuzz replay GITDIR UPSTREAM TIP") }
    let repository = try Repository(path: arguments[0])
    var ids: [ObjectID] = []
    for name in [upstream, tip] {
        var found: ObjectID?
        do throws(GitError) { found = try repository.target(of: name) } catch {
            throw error.failure
        }
        guard let found else { throw Failure(.configuration, "there is no \(name)") }
        ids.append(found)
    }
    let start = monotonicNanoseconds()
    let replayer = Replayer(
        repository, upstream: ids[0], onto: ids[0],
        committer: Signature(name: "C", email: "c@example.com", seconds: 1_700_000_001))
    if case .conflict(let commit, let paths) = try replayer.add(commitsUpTo: ids[1]) {
        throw Failure(.failed, "conflict at \(commit): \(paths.joined(separator: " "))")
    }
    try replayer.store()
    say("\((monotonicNanoseconds() - start) / 1000) \(replayer.tip)")
}

/// Prints a line. Standard output's own buffer is lost where a process ends at once.
func say(_ line: String) { writeAll(line + "\n", to: 1) }

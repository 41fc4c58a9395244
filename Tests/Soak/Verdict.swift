// What a soak comes to: everything runs again and is flushed; then origin must have every commit that
// a writer made, or its patch where a rebase replaced it, and both sides must be whole.

import Model
import POSIX
import TestSupport

struct Verdict {
    let stage: Stage
    let reports: Reports
    /// The commits that writers made.
    let made: Set<String>
    let engine: EngineLife

    private static let patience = "120s"

    /// Makes the checks. True if all is well.
    func pass() throws(Failure) -> Bool {
        for branch in Set(Branch.all).sorted() { try flush(branch) }
        let end = engine.stop()
        if end != .exited(0) {
            stage.tally.with { $0.fault("end", "the engine ended with \(end, default: "nothing")") }
        }
        try findLost()
        for (name, place) in [("pod", stage.gitdir), ("origin", stage.origin.path)] {
            let check = ["fsck", "--full", "--strict", "--no-dangling"]
            let fsck = try stage.home.attempt(check, at: place, timeout: .seconds(1800))
            let words = fsck.errors + fsck.output
            if !fsck.succeeded || !words.isEmpty {
                stage.tally.with { $0.fault("fsck", "\(name): \(words.prefix(400))") }
            }
        }
        return stage.tally.with { $0.faults.isEmpty }
    }

    private func flush(_ branch: String) throws(Failure) {
        let ended = try stage.verb(
            ["flush", "--branch", branch, "--timeout", Self.patience], timeout: .seconds(200))
        let json = JSON(parsing: ended.bytes) ?? .null
        reports.take(flush: json, of: branch)
        guard ended.status == .exited(0) || ended.status == .exited(3) else {
            return stage.tally.with {
                $0.fault("not flushed", "\(branch): \(ended.status) \(ended.errors)")
            }
        }
    }

    /// Looks for each commit below origin's refs, and for the patches of those that are not there.
    private func findLost() throws(Failure) {
        let home = stage.home
        let listing = try home.attempt(
            ["rev-list", "--all"], at: stage.origin.path, timeout: .seconds(300)
        ).check()
        let missing = made.subtracting(listing.lines)
        guard !missing.isEmpty else { return }
        let there = try patches(["log", "-p", "--all", "--no-merges"], stage.origin.path)
        let ours = try patches(
            ["log", "-p", "--no-walk=unsorted", "--stdin"], stage.gitdir, input: missing)
        for commit in missing {
            if let patch = ours[commit], there.values.contains(patch) {
                stage.tally.with { $0.count("replaced") }
            } else {
                stage.tally.with { $0.fault("lost", commit) }
            }
        }
    }

    /// The ids of patches, by commit.
    private func patches(
        _ words: [String], _ repository: String, input: Set<String> = []
    ) throws(Failure) -> [String: String] {
        let lines = input.map { $0 + "\n" }.joined()
        let log = try stage.home.attempt(
            words, at: repository, input: Array(lines.utf8), timeout: .seconds(300)
        ).check()
        let ids = try stage.home.attempt(
            ["patch-id", "--stable"], input: log.bytes, timeout: .seconds(300)
        ).check()
        var found: [String: String] = [:]
        for line in ids.lines {
            let pair = line.split(separator: " ").map(String.init)
            if pair.count == 2 { found[pair[1]] = pair[0] }
        }
        return found
    }

    // MARK: words

    func text(_ options: Options, lag: Duration) -> String {
        let tally = stage.tally.with { $0 }
        var lines = [
            "soak of \(options.seconds) s, seed \(options.seed), \(lag.spoken) each way",
            "commits: \(made.count) (\(tally.list("commits "))); "
                + "refused as too late: \(tally.list("late "))",
            "mishaps: \(tally.list("mishap "))",
            "pushes \(tally["log push"]), retries \(tally["log retry"]), "
                + "reconciles: \(tally.list("outcome "))",
            "said durable, and checked: \(tally.list("durable ")); false \(tally["false"])",
            "lost \(tally["lost"]), replaced by a rebase \(tally["replaced"]), "
                + "fsck \(tally["fsck"] == 0 ? "clean" : "NOT clean")",
        ]
        lines += tally.faults
        lines.append(
            tally.faults.isEmpty ? "soak: all is well" : "soak: NOT well; --seed \(options.seed)")
        return lines.joined(separator: "\n")
    }
}

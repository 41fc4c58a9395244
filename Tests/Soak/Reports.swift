// Whatever says that a commit is durable is heard here, and origin's bare repository is asked right
// then whether that is so. Nothing on origin goes back in a soak, so what was true stays true.

import Model
import POSIX
import TestSupport

final class Reports: Sendable {
    private let stage: Stage
    /// What origin was seen to have, as "REF COMMIT".
    private let known = Locked<Set<String>>([])

    init(_ stage: Stage) { self.stage = stage }

    /// Somebody has said that origin has `commit` on `branch`.
    func durable(_ commit: String, on branch: String, said source: String) {
        stage.tally.with { $0.count("durable \(source)") }
        let ref = branch.hasPrefix("refs/") ? branch : "refs/heads/\(branch)"
        guard !known.with({ $0.contains("\(ref) \(commit)") }) else { return }
        // Reading the ref's own file takes no longer than what would make a false word true.
        let file = contents("\(stage.origin.path)/\(ref)")
        guard file.hasPrefix(commit) || origin(has: commit, on: ref) else {
            let there = file.prefix(7)
            return stage.tally.with {
                $0.fault("false", "\(source) says that \(ref) has \(commit); it is at \(there)")
            }
        }
        known.with { _ = $0.insert("\(ref) \(commit)") }
    }

    private func origin(has commit: String, on ref: String) -> Bool {
        let asked = try? stage.home.attempt(
            ["merge-base", "--is-ancestor", commit, ref], at: stage.origin.path)
        return asked?.succeeded == true
    }

    // MARK: who says so

    /// Takes one line of an engine's log.
    func take(line: String) {
        guard let entry = JSON(parsing: Array(line.utf8)), let event = entry["event"]?.string else {
            return stage.tally.with { $0.fault("not JSON", line) }
        }
        stage.tally.with { $0.count("log \(event)") }
        switch event {
        case "send": stage.sends.with { $0 += 1 }
        case "push":
            if let commit = entry["newCommit"]?.string, let ref = entry["ref"]?.string {
                durable(commit, on: ref, said: "log")
            }
        case "saved":
            if let commit = entry["newCommit"]?.string, let ref = entry["conflictBranch"]?.string {
                durable(commit, on: ref, said: "log")
            }
        case "reconcile":
            guard let report = entry["report"] else { return }
            stage.tally.with { $0.count("outcome \(report["outcome"]?.string ?? "")") }
            if report["pushed"]?.bool == true, let branch = report["branch"]?.string,
                let commit = report["newCommit"]?.string
            {
                durable(commit, on: branch, said: "reconcile")
            }
        default: break
        }
    }

    /// Takes what `git pod status --json` prints.
    func take(status: JSON) { take(branches: status["branches"], said: "status") }

    /// Takes what an engine answers on its socket.
    func take(engine: JSON) { take(branches: engine["branches"], said: "socket") }

    private func take(branches: JSON?, said: String) {
        for mark in branches?.elements ?? [] {
            if let commit = mark["durable"]?.string, let branch = mark["branch"]?.string {
                durable(commit, on: branch, said: said)
            }
            if let saved = mark["saved"], let commit = saved["commit"]?.string,
                let branch = saved["conflictBranch"]?.string
            {
                durable(commit, on: branch, said: said)
            }
        }
    }

    /// Takes what a flush of `branch` printed.
    func take(flush: JSON, of branch: String) {
        if flush["durable"]?.bool == true, let commit = flush["durableCommit"]?.string {
            durable(commit, on: branch, said: "flush")
        } else if let commit = flush["commit"]?.string,
            let conflict = flush["conflictBranch"]?.string
        {
            durable(commit, on: conflict, said: "flush")
        }
    }
}

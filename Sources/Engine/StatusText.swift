// Status for a person, a line a fact: made of the same JSON that programs are given.

import Model

extension StatusReport {
    /// Lines without anything that could move a terminal's cursor.
    public var text: String {
        var lines = branches.flatMap(Self.lines)
        for name in conflictBranches {
            let isPending = pendingConflictBranches.contains(name)
            lines.append("conflict    \(name)\(isPending ? ", not on origin yet" : "")")
        }
        lines += engineLines
        return lines.map(\.harmless).joined(separator: "\n")
    }

    private static func lines(of branch: JSON) -> [String] {
        let name = branch["branch"]?.string ?? ""
        guard let local = branch["local"]?.string else {
            return ["branch      \(name)", "local       no such branch"]
        }
        var lines = ["branch      \(name), \(branch["state"]?.string ?? "")"]
        if let seconds = branch.count("nextAttemptInSeconds") {
            lines[0] += ", next attempt in \(seconds.age)"
        }
        lines.append("local       \(local)")
        lines.append("durable     \(branch["durable"]?.string ?? "nothing that is known")")
        lines.append("pending     \(pending(branch))")
        if let line = origin(branch) { lines.append("origin      \(line)") }
        if let saved = branch["saved"]?["conflictBranch"]?.string {
            let commit = branch["saved"]?["commit"]?.string ?? ""
            lines.append("saved       on \(saved), not on \(name): \(commit)")
        }
        if let seconds = branch.count("lastSuccessSecondsAgo") {
            lines.append("success     \(seconds.age) ago")
        }
        if let failure = branch["lastFailure"], let line = Self.failure(failure) {
            lines.append("failure     \(line)")
        }
        if let outcome = branch["lastReconcile"]?["outcome"]?.string {
            let error = branch["lastReconcile"]?["error"]?.string.map { ": \($0)" } ?? ""
            lines.append("reconcile   \(outcome)\(error)")
        }
        if let path = branch["blockedByLock"]?["path"]?.string {
            let age = branch["blockedByLock"]?.count("ageSeconds")?.age ?? ""
            lines.append("blocked     by \(path), \(age) old")
        }
        return lines
    }

    private static func pending(_ branch: JSON) -> String {
        guard let commits = branch.count("pendingCommits") else { return "not known" }
        guard commits > 0 else { return "0" }
        var text = "\(commits) \(commits == 1 ? "commit" : "commits")"
        if let bytes = branch.count("pendingBytes") { text += " of \(bytes.size)" }
        if let age = branch.count("oldestPendingSeconds")?.age { text += ", the oldest \(age) old" }
        return text
    }

    /// Where origin's branch is, if that is not where it was last acted on.
    private static func origin(_ branch: JSON) -> String? {
        let (origin, seen) = (branch["origin"]?.string, branch["seen"]?.string)
        guard let origin, origin != seen, seen != nil || branch["durable"]?.string == nil
        else { return nil }
        guard let ahead = branch.count("originAhead") else { return "has moved to \(origin)" }
        return "has moved to \(origin), \(ahead) \(ahead == 1 ? "commit" : "commits") ahead"
    }

    private static func failure(_ failure: JSON) -> String? {
        guard let text = failure["text"]?.string else { return nil }
        var notes = [failure["reason"]?.string ?? "unknown"]
        if let attempt = failure.count("attempt") { notes.append("attempt \(attempt)") }
        if let seconds = failure.count("secondsAgo") { notes.append("\(seconds.age) ago") }
        return "\(text) (\(notes.joined(separator: ", ")))"
    }

    private var engineLines: [String] {
        guard let engine else { return ["engine      none runs"] }
        var line = "engine      \(engine["phase"]?.string ?? "runs")"
        if engine["stopped"]?.bool == true { line += ", stopped: it tries again when it is asked" }
        if engine["escapeStorm"]?.bool == true { line += ", escape storm" }
        guard let failure = engine["originFailure"].flatMap(Self.failure) else { return [line] }
        return [line, "unreached   \(failure)"]
    }
}

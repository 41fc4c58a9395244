// One branch on the status page: how far it is durable in words, and its commits on a line from the
// newest here to what origin has.

import Model

extension PageContent {
    func section(_ branch: BranchOnPage, number: Int) -> HTML {
        let id = "branch-\(number)"
        return """
            <section class="card" aria-labelledby="\(id)">
            <h2 id="\(id)">\(.foreign(branch.name)) <span class="state">\(stateWords(branch))</span></h2>
            \(branch.facts)\(branch.troubles(beside: PageVerdict(self).reason))\(line(branch))</section>

            """
    }

    private func stateWords(_ branch: BranchOnPage) -> String {
        switch branch.state {
        case "in-sync": "durable"
        case "origin-moved": "durable; origin has more"
        case "pushing": "on its way"
        case "stuck": branch.isLacking ? "stuck" : "saved, not on \(branch.name.cut)"
        default: phase == "local-only" ? "here only" : "waits"
        }
    }

    /// The commits between here and origin. Where each stands is said in words beside its sign.
    private func line(_ branch: BranchOnPage) -> HTML? {
        guard let commits = lines[branch.name], !commits.isEmpty else { return nil }
        let here = commits.filter { $0.place == .here || $0.place == .saved }
        let more = (branch.pending ?? 0) - Int64(here.count)
        var rows: [HTML] = []
        for (index, commit) in commits.enumerated() {
            let next = index + 1 < commits.count ? commits[index + 1].place : nil
            rows.append(row(commit))
            if commit.place == .here || commit.place == .saved, next != .here, next != .saved,
                more > 0
            {
                rows.append("<li class=\"more\">and \(more) more that origin lacks here</li>\n")
            }
        }
        return """
            <ol class="line" role="list" aria-label="Commits of \(branch.name.cut), newest first">
            \(rows)</ol>

            """
    }

    private func row(_ commit: Commit) -> HTML {
        """
        <li class="\(commit.place.name)"><svg viewBox="0 0 24 24" aria-hidden="true">\
        \(commit.place.sign)</svg><span class="what"><code>\(commit.id)</code> \
        \(.foreign(commit.subject))</span> <span class="where">\(commit.place.words)</span> \
        <span class="age">\(age(of: commit))</span></li>

        """
    }
}

extension PageContent.Commit.Place {
    fileprivate var name: String {
        switch self {
        case .here: "here"
        case .saved: "saved"
        case .durable: "durable"
        case .origin: "origin"
        }
    }

    fileprivate var words: String {
        switch self {
        case .here: "only here"
        case .saved: "saved"
        case .durable: "durable"
        case .origin: "only on origin"
        }
    }

    fileprivate var sign: HTML {
        switch self {
        case .here: "<circle cx=\"12\" cy=\"12\" r=\"6\"/>"
        case .saved:
            "<circle cx=\"12\" cy=\"12\" r=\"6\"/><circle class=\"dot\" cx=\"12\" cy=\"12\" r=\"2\"/>"
        case .durable: "<circle class=\"dot\" cx=\"12\" cy=\"12\" r=\"6\"/>"
        case .origin: "<path d=\"M12 4l8 8-8 8-8-8z\"/>"
        }
    }
}

extension BranchOnPage {
    fileprivate var facts: HTML {
        let age = status.count("oldestPendingSeconds")
        let pushed = status.count("lastSuccessSecondsAgo").map { "\($0.age) ago" }
        return """
            <dl><div><dt>Not durable</dt><dd>\(amount)</dd></div>
            <div><dt>Oldest of them</dt><dd>\(age.map { "\($0.age) old" } ?? "none")</dd></div>
            <div><dt>Last push</dt><dd>\(pushed ?? "none since the start")</dd></div>
            <div><dt>Origin beyond us</dt><dd>\(ahead)</dd></div></dl>

            """
    }

    private var amount: String {
        guard let pending else { return "not known" }
        let commits = pending == 1 ? "1 commit" : "\(pending) commits"
        guard pending > 0, let bytes = status.count("pendingBytes") else { return commits }
        return "\(commits), \(bytes.size)"
    }

    private var ahead: String {
        guard let ahead = status.count("originAhead") else { return "not known" }
        return ahead == 1 ? "1 commit" : "\(ahead) commits"
    }

    /// What a person has to know, where something is wrong and the page has not said so already.
    fileprivate func troubles(beside said: String?) -> HTML? {
        var rows: [HTML] = []
        if let savedOn { rows.append("<li>Saved on \(.foreign(savedOn))</li>") }
        if let failure, failure != said {
            let reason = status["lastFailure"]?["reason"]?.string ?? ""
            rows.append("<li><b>\(reason)</b>: \(.foreign(failure))</li>")
        }
        if let seconds = status.count("nextAttemptInSeconds") {
            rows.append("<li>The next try is in \(seconds.age)</li>")
        }
        if let lock = status["blockedByLock"], let path = lock["path"]?.string {
            let age = lock.count("ageSeconds")?.age ?? ""
            rows.append("<li>Blocked by \(.foreign(path)), \(age) old</li>")
        }
        if let reconcile = status["lastReconcile"], let error = reconcile["error"]?.string {
            rows.append("<li>The last reconcile: \(.foreign(error))</li>")
        }
        return rows.isEmpty ? nil : "<ul class=\"trouble\">\(rows)</ul>\n"
    }
}

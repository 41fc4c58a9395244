// The one sentence at the top of the status page: is everything durable, and if not, is it getting there.

import Model

/// What a page says first.
struct PageVerdict {
    /// Never told by colour alone: each has a sign of its own.
    enum Tone: String {
        case good, wait, bad

        var sign: HTML {
            switch self {
            case .good: "<path d=\"M4 12.5l5.5 5.5L20 7\"/>"
            case .wait: "<circle cx=\"12\" cy=\"12\" r=\"9\"/><path d=\"M12 7v5.5l3.5 2\"/>"
            case .bad: "<path d=\"M12 3.5L22 20.5H2z\"/><path d=\"M12 10v5m0 2.6v.1\"/>"
            }
        }
    }

    let tone: Tone
    let title: String
    /// What stands in the way.
    var reason: String?

    init(_ tone: Tone, _ title: String, reason: String? = nil) {
        (self.tone, self.title, self.reason) = (tone, title, reason)
    }

    init(_ page: PageContent) {
        if page.isBooting {
            self = Self.boot(page)
        } else if page.phase == "local-only" {
            self.init(
                .bad, "Nothing is durable: no origin is configured",
                reason: "Commits are on this volume alone. Set origin to have them sent.")
        } else {
            self = Self.serving(page)
        }
    }

    private static func boot(_ page: PageContent) -> PageVerdict {
        let error = page.status["error"]?.string
        switch page.phase {
        case "cloning":
            return PageVerdict(
                .wait, "Cloning from origin", reason: error.map { "The last try failed: \($0)" })
        case "disk-full":
            return PageVerdict(.bad, "The volume has no room for a clone", reason: error)
        default: return PageVerdict(.bad, "Origin could not be cloned", reason: error)
        }
    }

    private static func serving(_ page: PageContent) -> PageVerdict {
        let branches = page.branches
        guard !branches.isEmpty else { return PageVerdict(.wait, "There is no branch yet") }
        let lacking = branches.filter(\.isLacking)
        let stopped = page.status["stopped"]?.bool == true
        let trouble = page.status["originFailure"]?["text"]?.string
        guard let first = lacking.first else { return safe(branches, trouble) }
        let count = lacking.reduce(Int64(0)) { $0 + ($1.pending ?? 0) }
        let subject =
            lacking.contains { $0.pending ?? 0 == 0 }
            ? "Not everything is durable"
            : count == 1 ? "1 commit is not durable" : "\(count) commits are not durable"
        let stuck = lacking.first { $0.state == "stuck" }
        if let reason = trouble ?? stuck.map({ $0.failure ?? "\($0.name) is stuck" })
            ?? first.failure
        {
            return PageVerdict(.bad, subject, reason: reason)
        }
        if stopped {
            return PageVerdict(.bad, subject, reason: "Nothing is sent until somebody asks.")
        }
        return PageVerdict(.wait, subject + " yet")
    }

    private static func safe(_ branches: [BranchOnPage], _ trouble: String?) -> PageVerdict {
        guard let stuck = branches.first(where: { $0.state == "stuck" }) else {
            return PageVerdict(
                trouble == nil ? .good : .wait, "Everything is durable", reason: trouble)
        }
        let place = stuck.savedOn.map { "on \($0), not on \(stuck.name)" } ?? "elsewhere"
        return PageVerdict(
            .wait, "Everything is saved, not all on its branch",
            reason: "Origin has \(stuck.name) \(place).")
    }
}

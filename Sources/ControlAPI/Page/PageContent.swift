// What the status page is made of: values that `git pod serve` fills in at the moment it is asked.

import Model

/// A snapshot of an engine, or of a first clone.
public struct PageContent: Sendable {
    /// A commit as it stands in the line between here and origin.
    public struct Commit: Sendable {
        public enum Place: Sendable {
            /// On this volume, and nowhere else.
            case here
            /// Origin has it on a conflict branch.
            case saved
            case durable
            /// Origin has it, and we have not.
            case origin
        }

        let id: String
        let subject: String
        /// By its committer's clock: seconds since 1970.
        let time: Int64
        let place: Place

        public init(id: String, subject: String, time: Int64, place: Place) {
            (self.id, self.subject, self.time, self.place) = (id, subject, time, place)
        }
    }

    /// How much was not durable at some time of the last hour.
    public struct LagPoint: Sendable {
        let secondsAgo: Int
        /// Nil: nobody could tell.
        let commits: Int?

        public init(secondsAgo: Int, commits: Int?) {
            (self.secondsAgo, self.commits) = (secondsAgo, commits)
        }
    }

    public struct ConflictBranch: Sendable {
        let name: String
        let tip: Commit
        let isOnOrigin: Bool

        public init(name: String, tip: Commit, isOnOrigin: Bool) {
            (self.name, self.tip, self.isOnOrigin) = (name, tip, isOnOrigin)
        }
    }

    /// As `/v1/status` answers.
    let status: JSON
    let time: UTCTime
    let gitdir: String
    /// Without a password; nil: nothing says where it is.
    let origin: String?
    /// By branch, newest commit first.
    public var lines: [String: [Commit]] = [:]
    /// Oldest first.
    public var lag: [LagPoint] = []
    /// Newest first.
    public var conflicts: [ConflictBranch] = []
    /// How many there are, of which ``conflicts`` may have the newest only.
    public var conflictCount = 0
    /// The log's last entries, oldest first.
    public var events: [JSON] = []

    public init(status: JSON, time: UTCTime, gitdir: String, origin: String?) {
        (self.status, self.time, self.gitdir, self.origin) = (status, time, gitdir, origin)
    }

    var phase: String { status["phase"]?.string ?? "" }

    /// Whether there is no repository yet.
    var isBooting: Bool { ["cloning", "clone-failed", "disk-full"].contains(phase) }

    var branches: [BranchOnPage] { (status["branches"]?.elements ?? []).map(BranchOnPage.init) }

    /// Commits of all branches that origin lacks; nil where nobody can tell.
    var pending: Int64? {
        let counts = branches.map(\.pending)
        return counts.contains(nil) ? nil : counts.reduce(0) { $0 + ($1 ?? 0) }
    }

    func age(of commit: Commit) -> String {
        max(0, time.millisecondsSince1970 / 1000 - commit.time).age
    }
}

/// One branch of a status.
struct BranchOnPage {
    let status: JSON

    var name: String { status["branch"]?.string ?? "" }
    var state: String { status["state"]?.string ?? "" }
    var savedOn: String? { status["saved"]?["conflictBranch"]?.string }
    var failure: String? { status["lastFailure"]?["text"]?.string }

    /// Whether its tip is neither under its name nor on a conflict branch at origin.
    var isLacking: Bool {
        guard let local = status["local"]?.string else { return false }
        return local != status["durable"]?.string && local != status["saved"]?["commit"]?.string
    }

    /// Commits of which some are nowhere but here; nil where nobody can tell.
    var pending: Int64? { status.count("pendingCommits") }
}

// What a gitdir says of itself without asking origin: the watermarks of one branch.

import EngineCore
import Git
import Model
import POSIX

/// How far a branch is durable, as its gitdir knows.
public struct StatusReport: Sendable {
    /// A lock file that stands in the way of the branch.
    public struct BlockingLock: Sendable {
        public let path: String
        public let ageSeconds: Int64
    }

    public let branch: String
    /// The branch's tip; nil if there is no such branch.
    public private(set) var local: ObjectID?
    /// The last tip that origin is known to have.
    public private(set) var durable: ObjectID?
    /// Origin's last tip that was acted on.
    public private(set) var seen: ObjectID?
    /// Commits that origin is not known to have.
    public private(set) var pendingCommits = 0
    /// How long the oldest of them has waited, by its commit date.
    public private(set) var oldestPendingSeconds: Int64?
    /// Conflict branches that origin has not confirmed.
    public private(set) var pendingConflictBranches: [String] = []
    public private(set) var conflictBranches: [String] = []
    /// Tips kept under `refs/pod/before/`.
    public private(set) var anchors = 0
    public private(set) var blockedByLock: BlockingLock?
    /// What the engine that runs for the gitdir says; nil if none does.
    public let engine: JSON?
    /// The same of this branch.
    private var engineBranch: JSON? {
        engine?["branches"]?.elements.first { $0["branch"]?.string == branch }
    }

    /// Reads the gitdir at `path`. Takes no lock, and changes nothing.
    ///
    /// - Parameter engine: what a running engine says, whose word on what is durable is newer.
    /// - Throws: ``Failure``.
    public init(
        path: String, flags: [String: String], environment: Environment, engine: JSON? = nil
    ) throws(Failure) {
        self.engine = engine
        let repository = try Repository(path: path)
        let settings = try Settings(
            flags: flags, environment: environment, gitdir: repository.path)
        let branch = try Engine.branch(settings, repository)
        self.branch = branch.branch ?? ""
        do throws(GitError) { try read(repository, branch, remote: settings.remote) } catch {
            throw error.failure
        }
        let lock = "\(repository.path)/\(branch).lock"
        if let status = fileStatus(lock) {
            let age = wallClockMilliseconds() - status.modifiedNanoseconds / 1_000_000
            blockedByLock = BlockingLock(path: lock, ageSeconds: max(0, age / 1000))
        }
    }

    private mutating func read(_ repository: Repository, _ branch: RefName, remote: String)
        throws(GitError)
    {
        local = try repository.target(of: branch)
        if let name = branch.seen { seen = try repository.target(of: name) }
        durable = seen
        if let name = branch.tracking(remote: remote), let tip = try repository.target(of: name) {
            durable = tip
        }
        if let id = engineBranch?["durable"]?.string.flatMap({ ObjectID($0) }),
            repository.contains(id)
        {
            durable = id
        }
        if let local {
            let known = [durable, seen].compactMap { $0 }
            let pending = try repository.commits(from: [local], hiding: known)
            pendingCommits = pending.count
            let times = try pending.map { commit throws(GitError) in
                try repository.commitTime(commit)
            }
            oldestPendingSeconds = times.min().map { max(0, wallClockSeconds() - $0) }
        }
        pendingConflictBranches = try repository.references(under: IncidentName.pending)
            .compactMap { IncidentName.conflictBranch(ofMark: $0.name)?.branch }
        conflictBranches = try repository.references(under: "refs/heads/conflicts")
            .filter { IncidentName.isConflictBranch($0.name) }.compactMap(\.name.branch)
        anchors = try repository.references(under: IncidentName.anchors).count
    }

    public var json: JSON {
        let lock = blockedByLock.map { lock in
            JSON.object([
                ("path", .string(lock.path)), ("ageSeconds", .integer(lock.ageSeconds)),
            ])
        }
        return .object([
            ("branch", .string(branch)),
            ("local", Self.text(local)),
            ("durable", Self.text(durable)),
            ("seen", Self.text(seen)),
            ("pendingCommits", .integer(pendingCommits)),
            ("oldestPendingSeconds", oldestPendingSeconds.map { .integer($0) } ?? .null),
            ("pendingConflictBranches", .array(pendingConflictBranches.map { .string($0) })),
            ("conflictBranches", .array(conflictBranches.map { .string($0) })),
            ("anchors", .integer(anchors)),
            ("blockedByLock", lock ?? .null),
            ("engine", engine ?? .null),
        ])
    }

    private static func text(_ id: ObjectID?) -> JSON {
        id.map { .string($0.description) } ?? .null
    }

    /// For a person, a line a fact.
    public var text: String {
        var lines = [
            "branch      \(branch)", "local       \(local?.description ?? "no such branch")",
        ]
        lines.append("durable     \(durable?.description ?? "nothing that is known")")
        var waiting = "pending     \(pendingCommits)"
        if let oldestPendingSeconds {
            waiting += ", the oldest for \(Duration.seconds(oldestPendingSeconds).spoken)"
        }
        lines.append(waiting)
        for name in conflictBranches {
            let isPending = pendingConflictBranches.contains(name)
            lines.append("conflict    \(name)\(isPending ? ", not on origin yet" : "")")
        }
        if let blockedByLock {
            lines.append(
                "blocked     by \(blockedByLock.path), \(blockedByLock.ageSeconds) s old")
        }
        lines += engineLines
        return lines.joined(separator: "\n").split(separator: "\n")
            .map { String($0).harmless }.joined(separator: "\n")
    }

    private var engineLines: [String] {
        guard let engine else { return ["engine      none runs"] }
        var lines = ["engine      \(engine["phase"]?.string ?? "runs")"]
        guard let mark = engineBranch else { return lines }
        if let state = mark["state"]?.string { lines[0] += ", \(state)" }
        if let seconds = mark["nextAttemptInSeconds"], case .number(let text) = seconds {
            lines[0] += ", next attempt in \(text) s"
        }
        if let saved = mark["saved"], let name = saved["conflictBranch"]?.string {
            lines.append("saved       on \(name), not on \(branch)")
        }
        if let failure = mark["lastFailure"], let text = failure["text"]?.string {
            lines.append("failure     \(text) (\(failure["reason"]?.string ?? ""))")
        }
        return lines
    }
}

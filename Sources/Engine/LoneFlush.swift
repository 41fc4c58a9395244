// A flush where no engine runs: it pushes until origin has the commit, or its time is over, and follows
// the commit through what others do to the branch meanwhile. `git pod flush` calls it.

import EngineCore
import Git
import Model
import POSIX

extension Flush {
    /// Waits until origin has the tip that the branch has now.
    ///
    /// - Parameters:
    ///   - limit: the most to wait, for the gitdir's lock as well.
    ///   - note: takes a line for the log.
    public static func withoutEngine(
        path: String, flags: [String: String], environment: Environment, within limit: Duration,
        note: @escaping (String) -> Void
    ) -> Flush {
        do throws(Failure) {
            let flush = try LoneFlush(
                path: path, flags: flags, environment: environment, deadline: .after(limit),
                note: note)
            do throws(Failure) { return try flush.run() } catch {
                return .failed(asked: flush.asked, error.naming(flush.repository.path))
            }
        } catch { return .failed(error) }
    }
}

/// One flush under way.
private final class LoneFlush {
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(10)

    let repository: Repository
    private let settings: Settings
    private let environment: Environment
    private let branch: RefName
    private let deadline: Deadline
    private let note: (String) -> Void
    let asked: ObjectID
    /// What stands for it after reconciles.
    private var tip: ObjectID

    init(
        path: String, flags: [String: String], environment: Environment, deadline: Deadline,
        note: @escaping (String) -> Void
    ) throws(Failure) {
        let repository = try Repository(path: path)
        settings = try Settings(flags: flags, environment: environment, gitdir: repository.path)
        for warning in settings.warnings { note("warning: \(warning)") }
        let branch = try Engine.branch(settings, repository)
        let tip = try attempt { () throws(GitError) in try repository.target(of: branch) }
        guard let tip else {
            throw Failure(
                .failed, "\(repository.path) has no branch \(branch.branch ?? "")",
                hint: "commit to it first, or name another with --branch")
        }
        self.repository = repository
        self.environment = environment
        self.branch = branch
        self.deadline = deadline
        self.note = note
        (asked, self.tip) = (tip, tip)
    }

    func run() throws(Failure) -> Flush {
        var wait = Self.firstPause
        while true {
            let report = push()
            if let flush = try verdict(report) { return flush }
            if report.wasAnswered, let name = try savedOn() {
                return .escaped(asked: asked, name)
            }
            if let failure = report.failure, case .configuration = failure.kind {
                return .failed(asked: asked, failure)
            }
            guard !deadline.hasPassed else { return .failed(asked: asked, late(report.failure)) }
            if let failure = report.failure, !report.mayPass {
                return .failed(asked: asked, failure)
            }
            pause(min(wait, deadline.remaining ?? wait))
            wait = min(wait * 2, Self.longestPause)
        }
    }

    /// One push, with the lock held no longer than that.
    private func push() -> PushReport {
        do throws(Failure) { return try engine().push() } catch {
            return PushReport(branch: branch.branch ?? "", failure: error)
        }
    }

    private func engine() throws(Failure) -> Engine {
        try Engine(
            repository, settings, branch: branch, environment: environment, limit: deadline,
            note: note)
    }

    /// What has become of the commit; nil if that is not settled.
    private func verdict(_ report: PushReport) throws(Failure) -> Flush? {
        // What origin has: by its report, or because it was there before.
        let there = [report.durable ? report.newCommit : nil, report.oldCommit].compactMap { $0 }
        for known in there where try holds(known, tip) {
            return .durable(asked: asked, now: tip)
        }
        let local = try attempt { () throws(GitError) in
            try self.repository.target(of: self.branch)
        }
        if let local, try holds(local, tip) { return nil }
        switch Replacements(gitdir: repository.path).follow(tip) {
        case .commit(let next) where next != tip:
            tip = next
            return try verdict(report)
        case .escaped(let name) where try isConfirmed(name):
            return .escaped(asked: asked, name)
        case .escaped: return nil
        default:
            throw Failure(
                .failed, "\(branch.branch ?? "") has left \(tip.short), and nothing took its place",
                hint: "it may be under refs/pod/before/; see git pod status")
        }
    }

    /// The conflict branch that origin has the commit on; nil where it has it on none, or is not reached.
    private func savedOn() throws(Failure) -> RefName? {
        let conflicts = try attempt { () throws(GitError) in
            try self.repository.references(under: IncidentName.branches)
        }.filter { IncidentName.isConflictBranch($0.name) }
        var saved: [Reference] = []
        for conflict in conflicts.reversed().prefix(StatusReport.conflictsLookedAt)
        where try holds(conflict.target, tip) {
            if try isConfirmed(conflict.name) { saved.append(conflict) }
        }
        guard !saved.isEmpty, let there = try? engine().origin().tips(saved.map(\.name)) else {
            return nil
        }
        return saved.first { there[$0.name] == $0.target }?.name
    }

    /// Whether origin has a conflict branch: a mark says that it has not.
    private func isConfirmed(_ name: RefName) throws(Failure) -> Bool {
        try attempt { () throws(GitError) in
            guard let mark = IncidentName.pendingMark(of: name) else { return false }
            return try self.repository.target(of: mark) == nil
        }
    }

    private func holds(_ tip: ObjectID, _ commit: ObjectID) throws(Failure) -> Bool {
        try attempt { () throws(GitError) in try self.repository.isAncestor(commit, of: tip) }
    }

    private func late(_ failure: Failure?) -> Failure {
        let why = failure.map { ": \($0.message)" } ?? ""
        return Failure(
            .unreachable, "origin has not got \(tip.short) in time\(why)",
            hint: "see git pod status --repo \(repository.path)")
    }
}

extension PushReport {
    /// Whether origin was there, and did not take it.
    fileprivate var wasAnswered: Bool {
        reason.map { $0 != .unreachable && $0 != .timeout } ?? false
    }

    /// Whether the same may go well after a while.
    fileprivate var mayPass: Bool {
        switch reason {
        case .unreachable, .timeout, .diskFull, .unknown: true
        case .nonFastForward, .rejected, .authentication, .readOnlyKey, .hostKey, nil: false
        }
    }
}

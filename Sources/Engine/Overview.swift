// All that the status page shows of a running engine, in one value. Made on the thread that measures lags,
// so that the engine's own waits for nothing.

import EngineCore
import Git
import Model
import POSIX

/// A running engine at a glance.
public struct Overview: Sendable {
    /// A branch that keeps what could not go to its own.
    public struct ConflictBranch: Sendable {
        public let name: String
        public let tip: CommitGlance
        public let isOnOrigin: Bool
    }

    public let status: ServiceStatus
    public let gitdir: String
    /// As it may be shown; nil: nothing says where it is.
    public let origin: String?
    /// Of the last hour, oldest first, each with its age.
    public let lag: [(age: Duration, commits: Int?)]
    /// Of the branches that were asked for.
    public private(set) var lines: [CommitLine] = []
    /// Newest first, up to ``conflictsShown``.
    public private(set) var conflicts: [ConflictBranch] = []
    /// How many there are.
    public private(set) var conflictCount = 0

    static let conflictsShown = 10

    fileprivate init(
        _ status: ServiceStatus, _ gitdir: String, _ origin: String?, _ history: LagHistory,
        branches: Int
    ) {
        (self.status, self.gitdir, self.origin) = (status, gitdir, origin)
        lag = history.samples.map { (max(.zero, status.uptime - $0.time), $0.commits) }
        guard let repository = try? Repository(path: gitdir) else { return }
        lines = status.branches.map(\.mark).sorted { one, other in
            (other.isLacking ? 1 : 0, one.name) < (one.isLacking ? 1 : 0, other.name)
        }
        .filter { !IncidentName.isConflictBranch($0.name) }.prefix(branches)
        .map { CommitLine($0, in: repository) }
        readConflicts(repository)
    }

    private mutating func readConflicts(_ repository: Repository) {
        let found = (try? repository.references(under: IncidentName.branches)) ?? []
        let pending = Set(
            ((try? repository.references(under: IncidentName.pending)) ?? [])
                .compactMap { IncidentName.conflictBranch(ofMark: $0.name) })
        let branches = found.filter { IncidentName.isConflictBranch($0.name) }
        conflictCount = branches.count
        conflicts = branches.reversed().prefix(Self.conflictsShown).compactMap { branch in
            guard let tip = try? repository.glance(branch.target) else { return nil }
            return ConflictBranch(
                name: branch.name.branch ?? "", tip: tip,
                isOnOrigin: !pending.contains(branch.name))
        }
    }
}

extension ServiceControl {
    /// Tells all that a page shows.
    ///
    /// - Parameter branches: of so many the commits are looked at, of those first that lack something.
    public func overview(
        branches: Int, _ reply: @escaping @Sendable (Overview) -> Void
    ) {
        mailbox.post(
            .asked { service, _ in
                let (gitdir, history) = (service.gitdir, service.lagHistory)
                let origin = service.settings.origin?.url.description
                service.tellStatus { status in
                    let lag = history.with { $0 }
                    reply(Overview(status, gitdir, origin, lag, branches: branches))
                }
            })
    }
}

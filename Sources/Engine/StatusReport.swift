// What a gitdir says of itself without asking origin: the watermarks of its branches, by the word of
// the engine that runs for it, or by its refs alone. StatusText.swift tells it to a person.

import EngineCore
import Git
import Model
import POSIX

/// How far the branches of a gitdir are durable.
public struct StatusReport: Sendable {
    /// A value of JSON for each branch: its own, and the same whoever has found it.
    public private(set) var branches: [JSON] = []
    /// Conflict branches that origin has not confirmed.
    public private(set) var pendingConflictBranches: [String] = []
    public private(set) var conflictBranches: [String] = []
    /// Tips kept under `refs/pod/before/`.
    public private(set) var anchors = 0
    /// What the engine that runs for the gitdir says of itself; nil if none does.
    public let engine: JSON?

    /// Reads the gitdir at `path`. Takes no lock, and changes nothing.
    ///
    /// - Parameters:
    ///   - flags: `branch` says which are meant; without it those that the engine looks after, or that
    ///     one would.
    ///   - engine: what a running engine answers, whose word on its branches is newer than refs.
    /// - Throws: ``Failure``.
    public init(
        path: String, flags: [String: String], environment: Environment, engine: JSON? = nil
    ) throws(Failure) {
        let repository = try Repository(path: path)
        let settings = try Settings(
            flags: flags, environment: environment, gitdir: repository.path)
        self.engine = engine.map { $0.without("branches") }
        do throws(GitError) {
            pendingConflictBranches = try repository.references(under: IncidentName.pending)
                .compactMap { IncidentName.conflictBranch(ofMark: $0.name)?.branch }
            conflictBranches = try repository.references(under: IncidentName.branches)
                .filter { IncidentName.isConflictBranch($0.name) }.compactMap(\.name.branch)
            anchors = try repository.references(under: IncidentName.anchors).count
        } catch { throw error.failure.naming(repository.path) }
        branches = engine?["branches"]?.elements ?? []
        if flags["branch"] != nil, let patterns = try settings.branchPatterns() {
            branches = branches.filter { branch in
                RefName(branch: branch["branch"]?.string ?? "").map { name in
                    patterns.contains { $0.matches(name) }
                } ?? false
            }
        }
        let told = Set(branches.compactMap { $0["branch"]?.string })
        guard flags["branch"] != nil || told.isEmpty else { return }
        let names = try Self.names(settings, repository)
            .filter { !told.contains($0.branch ?? "") }
        do throws(GitError) {
            let isKnown = settings.originURL.flatMap { try? OriginURL($0) }.map {
                KnownOrigin(gitdir: repository.path).isAdopted($0)
            }
            let hearsay = isKnown ?? true ? Hearsay(gitdir: repository.path) : nil
            let computed = try names.map { name throws(GitError) in
                try statusByRefs(repository, name, hearsay)
            }
            // Only a branch that origin has nothing of is compared with others.
            let isNew = computed.contains { $0.mark.durable == nil }
            let others = isNew ? try repository.references(under: RefName.memories) : []
            var lags = Lags()
            branches += lags.measure(
                computed, in: repository.path,
                others: others.compactMap { memory in
                    memory.name.remembered.flatMap { hearsay?.tip(of: $0, seen: memory.target) }
                }
            ).map(\.json)
        } catch { throw error.failure.naming(repository.path) }
    }

    /// The branches that the settings name and that are there, or that are named one by one.
    private static func names(_ settings: Settings, _ repository: Repository) throws(Failure)
        -> [RefName]
    {
        guard let patterns = try settings.branchPatterns() else {
            return [try Engine.branch(settings, repository)]
        }
        var names: Set<RefName> = []
        for pattern in patterns {
            if let branch = pattern.branch {
                names.insert(branch)
            } else {
                let found = try attempt { () throws(GitError) in
                    try repository.references(under: pattern.folder)
                }
                names.formUnion(found.map(\.name).filter(pattern.matches))
            }
        }
        return names.sorted()
    }

    public var json: JSON {
        .object([
            ("branches", .array(branches)),
            ("pendingConflictBranches", .array(pendingConflictBranches.map { .string($0) })),
            ("conflictBranches", .array(conflictBranches.map { .string($0) })),
            ("anchors", .integer(anchors)),
            ("engine", engine ?? .null),
        ])
    }
}

extension StatusReport {
    /// How many conflict branches are looked at, newest first, for one that holds a branch's commits.
    static let conflictsLookedAt = 20

    /// What refs say of a branch: what is only known while an engine runs is left out.
    private func statusByRefs(_ repository: Repository, _ name: RefName, _ hearsay: Hearsay?)
        throws(GitError) -> BranchStatus
    {
        let local = try repository.target(of: name)
        var mark = try repository.remembered(name, at: local, hearsay)
        if mark.isLacking { mark.saved = try? saved(repository, local, beyond: mark.durable) }
        return BranchStatus(mark: mark, now: .zero, lastReconcile: nil)
    }

    /// The newest of the branch's commits that origin has on a conflict branch, and nowhere else.
    private func saved(_ repository: Repository, _ local: ObjectID?, beyond durable: ObjectID?)
        throws(GitError) -> Watermark.Saved?
    {
        guard let local else { return nil }
        let confirmed = conflictBranches.filter { !pendingConflictBranches.contains($0) }
        for branch in confirmed.reversed().prefix(Self.conflictsLookedAt) {
            guard let name = RefName(branch: branch), let tip = try repository.target(of: name),
                try repository.isAncestor(tip, of: local)
            else { continue }
            if let durable, try repository.isAncestor(tip, of: durable) { continue }
            return Watermark.Saved(tip: tip, on: name)
        }
        return nil
    }
}

extension JSON {
    /// The same object without one of its members.
    fileprivate func without(_ name: String) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members.filter { $0.name != name })
    }
}

// Which origin `refs/pod/seen` speaks of. Where another one is configured, that memory is not its own; it
// is adopted if it has history in common with what is here. Reconcile and push look before they decide.

import EngineCore
import Git
import Model
import POSIX

/// The file of a gitdir that says which origin was acted on last. No password is in it.
struct KnownOrigin: Sendable {
    static let name = "git-pod-origin"

    private let path: String

    init(gitdir: String) { path = "\(gitdir)/\(Self.name)" }

    /// Origin's address as it may be shown; nil if nothing says it yet.
    var recorded: String? {
        guard let content = try? readFile(path, limit: 2 * OriginURL.maximumLength) else {
            return nil
        }
        let line = content.split(separator: UInt8(ascii: "\n")).first ?? []
        return String(decoding: line, as: UTF8.self).harmless
    }

    /// Whether `url` is the one, or there is none yet, and `seen` is taken to be of this one.
    func isAdopted(_ url: OriginURL) -> Bool {
        guard let recorded, recorded != url.description else { return true }
        return (try? OriginURL(recorded))?.isSame(as: url) ?? false
    }

    /// On disk when this returns.
    func record(_ url: OriginURL) throws(Failure) {
        guard recorded != url.description else { return }
        try replaceFile(path, with: Array("\(url)\n".utf8), mode: 0o640)
    }
}

extension OriginURL {
    /// Whether both lead to the same repository, whatever name and password one goes there with.
    func isSame(as other: OriginURL) -> Bool {
        switch (way, other.way) {
        case (.path(let one), .path(let two)): (realPath(one) ?? one) == (realPath(two) ?? two)
        case (.http(let one, _, _), .http(let two, _, _)): one == two
        default: way == other.way
        }
    }
}

extension Repository {
    /// The later one of what was acted on and what was fetched, if `local` has that.
    func lastSeen(_ seen: ObjectID?, heard: ObjectID?, by local: ObjectID?) throws(GitError)
        -> ObjectID?
    {
        guard let heard, heard != seen, let local, hasCommit(heard),
            try isAncestor(heard, of: local)
        else { return seen }
        guard let seen else { return heard }
        return try isAncestor(seen, of: heard) ? heard : seen
    }
}

extension Engine {
    var knownOrigins: KnownOrigin { KnownOrigin(gitdir: repository.path) }

    /// Origin's address, as the settings have it.
    func originURL() throws(Failure) -> OriginURL { try originSettings().url }

    /// Whether what is remembered of origin is of the one that is configured.
    var isAdopted: Bool { (try? originURL()).map(knownOrigins.isAdopted) ?? true }

    /// Origin's last tip that was acted on; nil also while that was another origin's.
    ///
    /// What the engine has fetched from it and not acted on counts as well, once the application has joined
    /// it to the branch: origin may have dropped it since.
    func lastSeen() throws(Failure) -> ObjectID? {
        for name in [try seen, try tracking] { try checkIsNoAlias(name, hint: away(name)) }
        guard isAdopted else { return nil }
        let (seen, heard, local) = (try target(seen), try heard(), try target(branch))
        return try attempt { () throws(GitError) in
            try self.repository.lastSeen(seen, heard: heard, by: local)
        }
    }

    /// Takes the configured origin for the one that counts from now on, if it is not: what another one
    /// had is set aside, and `plan` was made without it. Does nothing for one that is known.
    ///
    /// - Parameter tip: origin's of the branch; nil if it has none.
    /// - Throws: ``Failure`` of kind `failed` if it has the branch, and no commit in common with it; and if
    ///   it has others alone, which say nothing of whose it is.
    func adopt(_ tip: ObjectID?, by plan: ReconcilePlan) throws(Failure) {
        let url = try originURL()
        guard !knownOrigins.isAdopted(url) else { return }
        let former = knownOrigins.recorded ?? ""
        let name = branch.branch ?? ""
        let change = "origin was \(former) and is \(url) now"
        guard plan != .fail(.unrelated) else {
            throw Failure(
                .failed, "\(change), where \(name) has no commit in common with \(name) here",
                hint: "check that --origin is the right repository; nothing was moved or sent there"
            )
        }
        guard plan != .fail(.originLacksBranch) else {
            throw Failure(
                .failed, "\(change), which has branches and no \(name)",
                hint: "check that --origin is the right repository; if it is, make \(name) there: "
                    + "git push \(url) \(name)")
        }
        try setMemoriesAside(tip)
        try knownOrigins.record(url)
        tellAdopted("origin is \(url) now, and was \(former)")
    }

    /// Forgets, of each branch, what the former origin had. Killed meanwhile, it is begun anew: the new
    /// one is recorded when all is forgotten.
    private func setMemoriesAside(_ tip: ObjectID?) throws(Failure) {
        let memories = try attempt { () throws(GitError) in
            try self.repository.references(under: RefName.memories)
        }
        for memory in memories {
            guard let name = memory.name.remembered else { continue }
            try letGo(memory, known: [tip, target(name)])
            guard name != branch || tip == nil,
                let tracking = name.tracking(remote: settings.remote),
                let there = try target(tracking)
            else { continue }
            try letGo(Reference(tracking, there), known: [tip, target(name)])
        }
        var hearsay = hearsay
        try hearsay.forgetAll()
    }

    /// Deletes a ref of ours. What it alone has held is anchored: the former origin may be gone.
    private func letGo(_ reference: Reference, known: [ObjectID?]) throws(Failure) {
        let anchors = try attempt { () throws(GitError) in
            try self.repository.references(under: IncidentName.anchors)
        }
        let left = try attempt { () throws(GitError) in
            try self.repository.commits(
                from: [reference.target],
                hiding: known.compactMap { $0 } + anchors.map(\.target), limit: 1)
        }
        if !left.isEmpty {
            let kept = try anchor(reference.target)
            note("\(reference.name) was of another origin: its commit is on \(kept.name) now")
        }
        _ = try refs.delete(reference.name, from: reference.target)
    }
}

// The objects that a replay or a merge makes, over those that the repository has. They go into one
// pack, which appears in the repository when they are stored.

import CLibgit2
import Model

/// Objects read and made; a bounded part of them is kept at hand.
final class NewObjects {
    /// Content that is kept at hand, in bytes; the rest is read again.
    private static let cacheLimit = 24 << 20

    let repository: Repository
    private var pack: PackWriter
    private var recent: [ObjectID: RawObject] = [:]
    private var older: [ObjectID: RawObject] = [:]
    private var recentTrees: [ObjectID: Tree] = [:]
    private var olderTrees: [ObjectID: Tree] = [:]
    private var recentSize = 0
    /// Trees that were gone through to see whether all of them is here: one may hold another many times.
    var present: Set<ObjectID> = []

    init(_ repository: Repository) {
        self.repository = repository
        pack = PackWriter(gitdir: repository.path)
    }

    /// Whether `id` was made here and is not stored yet.
    func isNew(_ id: ObjectID) -> Bool { pack.entries[id] != nil }

    /// The object called `id`.
    ///
    /// - Throws: ``Failure`` of kind `failed` if it is missing or damaged.
    func object(_ id: ObjectID) throws(Failure) -> RawObject {
        if let found = recent[id] { return found }
        let found: RawObject
        if let kept = older[id] {
            found = kept
        } else if let made = try pack.object(id) {
            found = made
        } else {
            do throws(GitError) { found = try repository.object(id) } catch { throw error.failure }
        }
        remember(id, found)
        return found
    }

    func content(_ id: ObjectID, _ type: ObjectType) throws(Failure) -> [UInt8] {
        let object = try object(id)
        guard object.type == type else {
            throw Failure(.failed, "object \(id) is no \(type)", hint: Failure.lookWithFsck)
        }
        return object.content
    }

    /// How many bytes the object called `id` has.
    func size(_ id: ObjectID) throws(Failure) -> Int {
        if let found = recent[id] ?? older[id] { return found.content.count }
        if let made = try pack.object(id) { return made.content.count }
        do throws(GitError) { return try repository.size(of: id) } catch { throw error.failure }
    }

    func commit(_ id: ObjectID) throws(Failure) -> CommitText {
        guard let commit = CommitText(try content(id, .commit)) else {
            throw Failure(.failed, "commit \(id) is damaged", hint: Failure.lookWithFsck)
        }
        return commit
    }

    /// The tree called `id`; nil is the empty one.
    func tree(_ id: ObjectID?) throws(Failure) -> Tree {
        guard let id, id != .emptyTree else { return .empty }
        if let found = recentTrees[id] { return found }
        if let found = olderTrees[id] {
            recentTrees[id] = found
            recentSize += found.content.count
            return found
        }
        guard let tree = Tree(try content(id, .tree)) else {
            throw Failure(.failed, "tree \(id) is damaged", hint: Failure.lookWithFsck)
        }
        recentTrees[id] = tree
        return tree
    }

    /// Makes an object; `version` is one that it is likely to share most of its bytes with.
    @discardableResult
    func add(
        _ type: ObjectType, _ content: [UInt8], after version: ObjectID? = nil
    ) throws(Failure) -> ObjectID {
        let object = RawObject(type, content)
        let id = Repository.id(of: object)
        guard !isNew(id) else { return id }
        var base: (id: ObjectID, content: [UInt8])?
        if let version, isNew(version) { base = (version, try self.content(version, type)) }
        try pack.append(id, object, base: base)
        remember(id, object)
        return id
    }

    /// Puts all that was made into the repository, as one pack; it is on disk when this returns.
    func store() throws(Failure) {
        guard !pack.entries.isEmpty else { return }
        try pack.finish(repository.keptPacks)
        pack = PackWriter(gitdir: repository.path)
        do throws(GitError) { try repository.refreshObjects() } catch { throw error.failure }
    }

    /// Two generations: what was not asked for since the last change of them is let go.
    private func remember(_ id: ObjectID, _ object: RawObject) {
        recentSize += object.content.count
        if recentSize > Self.cacheLimit / 2 {
            (older, recent) = (recent, [:])
            (olderTrees, recentTrees) = (recentTrees, [:])
            recentSize = object.content.count
        }
        recent[id] = object
    }
}

extension ObjectID {
    /// The tree with nothing in it, which git knows without having it.
    static let emptyTree = Repository.id(of: RawObject(.tree, []))
}

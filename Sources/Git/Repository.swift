// One bare repository, opened by libgit2. References.swift, History.swift and Objects.swift add what
// is done with it.
//
// A handle belongs to one thread at a time: `Repository` is not Sendable.

import CLibgit2
import Model
import POSIX

/// How many bytes of objects libgit2 keeps in memory: its own limit, 256 MiB, is no limit to a service
/// that reads a few for each push. The trees that a replay reads again and again fit in.
private let cachedBytes = 1 << 20

/// libgit2, set up once in a process.
private let libraryIsReady: Bool = {
    guard git_libgit2_init() >= 0 else { return false }
    // What was written is on disk before it is spoken of; libgit2 leaves that out by default.
    _ = pod_git_fsync_gitdir(1)
    // Whoever calls us decides whom to trust (Trust.swift); libgit2 runs nothing that a gitdir names.
    _ = pod_git_validate_owner(0)
    _ = pod_git_cache_limit(cachedBytes)
    // The user's own configuration is read by git alone.
    for level in [GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL] {
        _ = unsafe pod_git_search_path(level, "")
    }
    return true
}()

/// An open bare repository, closed when its last owner lets go of it.
@safe public final class Repository {
    let handle: OpaquePointer
    private(set) var objects: OpaquePointer
    /// When packs last came or went, as of the opening of ``objects``.
    private var packsChanged: Int64?
    /// What it has brought and no ref may lead to yet.
    let keptPacks: KeptPacks
    /// The gitdir, absolute, with every link resolved.
    public let path: String

    /// Opens the gitdir at `path`, without searching parent folders, whoever owns it.
    ///
    /// - Throws: ``Failure`` of kind `configuration` for anything that is no bare SHA-1 repository
    ///   with files for refs and all of its objects; it says which, and what to do.
    public convenience init(path: String) throws(Failure) {
        guard let real = realPath(path) else {
            throw Failure(
                .configuration, "there is no repository at \(path)",
                hint: "make it with git pod clone URL \(path)")
        }
        try RepositoryShape.check(real, asked: path)
        do throws(GitError) { try self.init(opening: real) } catch {
            throw Failure(.failed, error.description, hint: Failure.lookWithFsck)
        }
    }

    /// Opens a gitdir that was looked at a while ago, by its real path: that costs little.
    public convenience init(known path: String) throws(Failure) {
        do throws(GitError) { try self.init(opening: path) } catch { throw error.failure }
    }

    private init(opening path: String) throws(GitError) {
        precondition(libraryIsReady, "libgit2 does not start")
        let changed = Self.packsChange(in: path)
        var opened: OpaquePointer?
        try check("open \(path)") { unsafe git_repository_open_bare(&opened, path) }
        var objects: OpaquePointer?
        var code = unsafe Self.leaveConfigurationAside(of: opened)
        if code >= 0 { code = unsafe git_repository_odb(&objects, opened) }
        guard let handle = unsafe opened, let objects = unsafe objects else {
            let error = lastError(code, "read the objects of \(path)")
            unsafe git_repository_free(opened)
            throw error
        }
        unsafe self.handle = handle
        unsafe self.objects = objects
        self.path = path
        packsChanged = changed
        keptPacks = KeptPacks(gitdir: path)
        try unsafe Self.readCommitsThemselves(objects)
    }

    /// What the gitdir's config says counts for git's children alone, where it counts at all: it may be
    /// another user's, and libgit2 would wait for ever for a pipe that it includes.
    private static func leaveConfigurationAside(of repository: OpaquePointer?) -> Int32 {
        var empty: OpaquePointer?
        let code = unsafe git_config_new(&empty)
        defer { unsafe git_config_free(empty) }
        return code < 0 ? code : unsafe git_repository_set_config(repository, empty)
    }

    /// What a commit's parents are, its own text says, and not `objects/info/commit-graph`: libgit2
    /// believes that file, which may be damaged, stale, or another user's.
    static func readCommitsThemselves(_ objects: OpaquePointer?) throws(GitError) {
        try check("leave the commit-graph aside") { unsafe git_odb_set_commit_graph(objects, nil) }
    }

    deinit {
        unsafe git_odb_free(objects)
        unsafe git_repository_free(handle)
    }

    /// Makes an empty bare repository at `path`, which must not exist or be an empty folder, with
    /// HEAD on `branch`.
    public static func create(at path: String, branch: RefName) throws(Failure) -> Repository {
        precondition(libraryIsReady, "libgit2 does not start")
        do throws(GitError) {
            var made: OpaquePointer?
            var options = unsafe git_repository_init_options()
            unsafe git_repository_init_options_init(
                &options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
            unsafe options.flags =
                GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_NO_REINIT.rawValue
                | GIT_REPOSITORY_INIT_MKDIR.rawValue
            try check("make \(path)") { unsafe git_repository_init_ext(&made, path, &options) }
            defer { unsafe git_repository_free(made) }
            try check("set HEAD of \(path)") {
                unsafe git_repository_set_head(made, branch.description)
            }
        } catch { throw error.failure }
        return try Repository(path: path)
    }

    /// Sets a variable of the gitdir's own config.
    public func configure(_ key: String, _ value: String) throws(GitError) {
        var config: OpaquePointer?
        try check("open the config of \(path)") {
            unsafe git_config_open_ondisk(&config, "\(path)/config")
        }
        defer { unsafe git_config_free(config) }
        try check("set \(key)") { unsafe git_config_set_string(config, key, value) }
    }

    /// Looks for objects again: another process may have written packs.
    public func refreshObjects() throws(GitError) {
        // It looks for packs in a folder that was there when it opened.
        guard packsChanged != nil else { return try forgetRemovedPacks() }
        try check("read the objects of \(path)") { unsafe git_odb_refresh(objects) }
    }

    /// Lets go of packs that another process has removed, as `git gc` does: libgit2 keeps what it has
    /// opened, and with it the space on the volume. For long-lived owners, between two pieces of work.
    /// What it throws does no harm: all is as it was.
    public func forgetRemovedPacks() throws(GitError) {
        let changed = Self.packsChange(in: path)
        guard changed != packsChanged else { return }
        var opened: OpaquePointer?
        try check("open the objects of \(path)") {
            unsafe git_odb_open(&opened, "\(path)/objects")
        }
        guard let fresh = unsafe opened else { preconditionFailure("success without a handle") }
        try unsafe Self.readCommitsThemselves(fresh)
        let code = unsafe git_repository_set_odb(handle, fresh)
        guard code == 0 else {
            unsafe git_odb_free(fresh)
            throw lastError(code, "use the objects of \(path)")
        }
        unsafe git_odb_free(objects)
        unsafe objects = fresh
        packsChanged = changed
    }

    private static func packsChange(in path: String) -> Int64? {
        fileStatus("\(path)/objects/pack")?.modifiedNanoseconds
    }
}

extension ObjectID {
    /// The id as libgit2 has it.
    var oid: git_oid {
        var oid = git_oid()
        unsafe withUnsafeMutableBytes(of: &oid) { memory in
            unsafe memory.copyBytes(from: bytes)
        }
        return oid
    }

    init(_ oid: git_oid) {
        self = unsafe withUnsafeBytes(of: oid) { memory in
            unsafe ObjectID(bytes: memory) ?? .zero
        }
    }

    init(_ oid: UnsafePointer<git_oid>) { unsafe self.init(oid.pointee) }
}

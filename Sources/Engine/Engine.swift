// One gitdir under the engine's lock, and what its steps share. Reconcile.swift and Delivery.swift
// hold the steps.

import EngineCore
import Git
import Model
import POSIX

/// The engine at work on one branch of one gitdir. Holds the gitdir's lock for as long as it lives.
public final class Engine {
    public let repository: Repository
    public let branch: RefName
    let settings: Settings
    let environment: Environment
    let refs: RefMoves
    let replacements: Replacements
    /// Takes a line for the log.
    let note: (String) -> Void
    /// The same of the one line that says that there is another origin now.
    let tellAdopted: (String) -> Void
    /// When whoever asks waits no longer: what is done with origin is called off then.
    let limit: Deadline
    private let lock: GitdirLock
    var knownOrigin: Origin?

    /// Opens the gitdir at `path` and waits for its lock; then puts in order what a killed process
    /// left.
    ///
    /// - Throws: ``Failure``, of kind `configuration` for a gitdir, branch or setting that cannot be.
    public convenience init(
        path: String, flags: [String: String], environment: Environment,
        note: @escaping (String) -> Void
    ) throws(Failure) {
        let repository = try Repository(path: path)
        let settings = try Settings(
            flags: flags, environment: environment, gitdir: repository.path)
        for warning in settings.warnings { note("warning: \(warning)") }
        try self.init(
            repository, settings, branch: Self.branch(settings, repository),
            environment: environment, note: note)
    }

    /// The same with settings that were read before.
    ///
    /// - Parameter limit: until when the lock is waited for, and what is done with origin may last;
    ///   `never` leaves both to the settings.
    init(
        _ repository: Repository, _ settings: Settings, branch: RefName, environment: Environment,
        limit: Deadline = .never, tellAdopted: ((String) -> Void)? = nil,
        note: @escaping (String) -> Void
    ) throws(Failure) {
        self.limit = limit
        self.repository = repository
        self.settings = settings
        self.environment = environment
        self.note = note
        self.tellAdopted = tellAdopted ?? note
        self.branch = branch
        let patience = try settings.lockTimeout()
        lock = try GitdirLock(repository.path, patience: limit.remaining ?? patience)
        refs = try RefMoves(repository)
        replacements = Replacements(gitdir: repository.path)
        try rememberUnfinished()
        try checkIsNoAlias(branch, hint: Self.aliasHint)
    }

    /// The same engine, under the same lock, at work on another branch.
    func on(_ branch: RefName) throws(Failure) -> Engine { try Engine(self, branch) }

    private init(_ other: Engine, _ branch: RefName) throws(Failure) {
        (repository, settings, environment) = (other.repository, other.settings, other.environment)
        (refs, replacements, note) = (other.refs, other.replacements, other.note)
        (limit, lock, tellAdopted) = (other.limit, other.lock, other.tellAdopted)
        self.branch = branch
        try checkIsNoAlias(branch, hint: Self.aliasHint)
    }

    private static let aliasHint = "name the branch that it stands for with --branch"

    /// The real path of the bare gitdir at `path`.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if there is none.
    public static func gitdir(at path: String) throws(Failure) -> String {
        try Repository(path: path).path
    }

    /// The branch that the settings name, or the one that HEAD stands on.
    static func branch(_ settings: Settings, _ repository: Repository) throws(Failure) -> RefName {
        if let asked = try askedBranch(settings) { return asked }
        let head = try attempt { () throws(GitError) in try repository.headBranch() }
        guard let head, head.branch != nil else {
            throw Failure(
                .configuration, "HEAD of \(repository.path) stands on no branch",
                hint: "say which one with --branch")
        }
        return head
    }

    /// The branch that the settings name; nil if they name none.
    static func askedBranch(_ settings: Settings) throws(Failure) -> RefName? {
        guard let name = try settings.text("branch") else { return nil }
        // What only the service understands: it may look after more than one.
        guard !name.contains(" "), !name.contains("*") else {
            throw Failure(
                .configuration, "\"\(name)\" is more than one branch",
                hint: "say which one with --branch")
        }
        guard let branch = RefName(branch: name) else {
            throw Failure(.configuration, "\"\(name)\" cannot be a branch's name")
        }
        return branch
    }

    /// Where origin's tip of the branch is kept.
    var tracking: RefName {
        get throws(Failure) {
            guard let name = branch.tracking(remote: settings.remote) else {
                throw Failure(.configuration, "\(branch) is no branch")
            }
            return name
        }
    }

    /// Where origin's last tip that we acted on is kept.
    var seen: RefName {
        get throws(Failure) {
            guard let name = branch.seen else {
                throw Failure(.configuration, "\(branch) is no branch")
            }
            return name
        }
    }

    func target(_ name: RefName) throws(Failure) -> ObjectID? {
        try attempt { () throws(GitError) in try self.repository.target(of: name) }
    }

    /// The branch's tip.
    ///
    /// - Throws: ``Failure`` of kind `failed` if there is no such branch.
    func localTip() throws(Failure) -> ObjectID {
        guard let tip = try target(branch) else {
            throw Failure(
                .failed, "\(repository.path) has no branch \(branch.branch ?? "")",
                hint: "commit to it first, or name another with --branch")
        }
        return tip
    }
}

/// Calls libgit2 and throws what it says as every module above does.
func attempt<Value>(_ body: () throws(GitError) -> Value) throws(Failure) -> Value {
    do throws(GitError) { return try body() } catch { throw error.failure }
}

/// Deals with origin and throws what went wrong as every module above does.
func reaching<Value>(_ body: () throws(OriginFailure) -> Value) throws(Failure) -> Value {
    do throws(OriginFailure) { return try body() } catch { throw error.failure }
}

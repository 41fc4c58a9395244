// A new bare gitdir from origin: made beside its place, watched for space, moved in when it is whole.

import EngineCore
import Git
import Model
import POSIX

/// The result of a clone.
public struct CloneReport: Sendable {
    public let directory: String
    public let branch: String
    /// The branch's tip; nil if origin has no commit at all.
    public let commit: ObjectID?
    public let duration: Duration

    public var json: JSON {
        .object([
            ("directory", .string(directory)), ("branch", .string(branch)),
            ("commit", commit.map { .string($0.description) } ?? .null),
            ("durationMs", .integer(duration.milliseconds)),
        ])
    }
}

/// One clone to be made.
public struct Clone: Sendable {
    /// This times `expectedSize` must be free before: the pack, its index, and room to repack.
    private static let roomFactor: Int64 = 3
    /// How often free space is looked at while receiving.
    private static let watchInterval = Duration.seconds(1)

    private let place: ClonePlace
    private let settings: Settings
    private let environment: Environment
    private let url: OriginURL
    private let text: String
    private let progress: @Sendable (OriginProgress) -> Void
    private let isCancelled: @Sendable () -> Bool

    /// - Parameters:
    ///   - url: origin's.
    ///   - directory: where the gitdir shall be: not there yet, or empty.
    ///   - progress: told many times a second how far it is.
    ///   - isCancelled: asked several times a second; once true, the clone ends.
    /// - Throws: ``Failure`` of kind `configuration`.
    public init(
        of url: String, into directory: String, flags: [String: String], environment: Environment,
        progress: @escaping @Sendable (OriginProgress) -> Void,
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(Failure) {
        // A folder may be named from where we are, as git clone has it.
        text = url.contains(":") ? url : realPath(url) ?? url
        self.url = try OriginURL(text)
        place = try ClonePlace(directory)
        settings = try Settings(flags: flags, environment: environment, gitdir: nil)
        self.environment = environment
        self.progress = progress
        self.isCancelled = isCancelled
    }

    /// Makes it.
    ///
    /// - Throws: ``Failure``; then there is nothing at the place but what was there before.
    public func run() throws(Failure) -> CloneReport {
        let start = monotonicNanoseconds()
        // Before the room is looked at: what a killed run left takes some of it.
        let lock = try place.begin(patience: settings.lockTimeout())
        defer { withExtendedLifetime(lock) {} }
        let branch: RefName
        if place.isHalfMoved {
            branch = try sameBranch()
        } else {
            do throws(Failure) {
                try checkRoom()
                branch = try fill()
            } catch {
                try? place.clear()
                throw error
            }
        }
        try place.finish(url: url.description, branch: branch.branch ?? "", under: lock)
        let repository = try Repository(path: place.destination)
        return CloneReport(
            directory: repository.path, branch: branch.branch ?? "",
            commit: try attempt { () throws(GitError) in try repository.target(of: branch) },
            duration: .nanoseconds(monotonicNanoseconds() - start))
    }

    /// The branch of the clone that is half moved already.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if it was made from another origin than is asked
    ///   for, or has another branch.
    private func sameBranch() throws(Failure) -> RefName {
        let (madeFrom, name) = try place.source()
        let asked = try Engine.askedBranch(settings)
        guard let branch = RefName(branch: name), madeFrom == url.description,
            asked == nil || asked == branch
        else {
            throw Failure(
                .configuration,
                "\(place.destination) holds a half-moved clone of branch \"\(name.harmless)\" of "
                    + "\"\(madeFrom.harmless)\"",
                hint: "ask for that one again and it is finished, or empty the folder yourself")
        }
        return branch
    }

    private func minimumFree() throws(Failure) -> Int64 {
        try settings.size("minFree") ?? 256 << 20
    }

    private func checkRoom() throws(Failure) {
        let expected = try settings.size("expectedSize") ?? 0
        let (room, isTooMuch) = expected.multipliedReportingOverflow(by: Self.roomFactor)
        let minimum = max(try minimumFree(), isTooMuch ? .max : room)
        if let shortage = SpaceWatch.shortage(at: place.volume, minimum: minimum) {
            throw shortage
        }
    }

    /// Makes it, and returns its branch.
    private func fill() throws(Failure) -> RefName {
        let watch = SpaceWatch(place.volume, keeping: try minimumFree(), every: Self.watchInterval)
        var told = try OriginSettings(settings, url: url, environment)
        told.progress = progress
        let isCancelled = isCancelled
        told.isCancelled = { watch.isFull() || isCancelled() }
        let branch: RefName
        do throws(Failure) { branch = try receive(told) } catch { throw watch.shortage ?? error }
        // What came since the last look may be all of it.
        if let shortage = SpaceWatch.shortage(at: place.volume, minimum: try minimumFree()) {
            throw shortage
        }
        return branch
    }

    private func receive(_ told: OriginSettings) throws(Failure) -> RefName {
        let asked = try Engine.askedBranch(settings)
        let usual = Self.usualBranch
        let repository = try Repository.create(at: place.folder, branch: asked ?? usual)
        let origin = Origin(repository: repository, settings: told)
        let branch: RefName
        if let asked {
            branch = asked
        } else {
            let head = try receiving { () throws(OriginFailure) in try origin.defaultBranch() }
            branch = head ?? usual
            try attempt { () throws(GitError) in try repository.setHead(branch) }
        }
        try configure(repository)
        let tips = try receiving { () throws(OriginFailure) in try origin.fetch(branch: branch) }
        guard let tip = tips[branch] else {
            // An origin without any commit is cloned as it is; the first push makes its branch.
            let hasOthers = try receiving { () throws(OriginFailure) in try origin.hasBranches() }
            guard !hasOthers else {
                throw Failure(
                    .failed, "origin has no branch \(branch.branch ?? "")",
                    hint: "name one that it has with --branch")
            }
            return branch
        }
        try place(tip, as: branch, in: repository)
        try fetchLogs(from: origin, into: repository)
        return branch
    }

    /// A new pod goes on with the decision logs of the last one.
    private func fetchLogs(from origin: Origin, into repository: Repository) throws(Failure) {
        guard try settings.flag("pushLogs") else { return }
        let logs = try receiving { () throws(OriginFailure) in
            try origin.fetch(under: RefName.logs)
        }
        for (name, tip) in logs.sorted(by: { $0.key < $1.key }) {
            try attempt { () throws(GitError) in
                for ref in [name, name.seen].compactMap({ $0 }) {
                    try repository.move(ref, from: nil, to: tip, "git-pod: clone")
                }
            }
        }
    }

    /// Deals with origin. That the volume became full is a state of its own, whoever has noticed it.
    private func receiving<Value>(_ body: () throws(OriginFailure) -> Value) throws(Failure)
        -> Value
    {
        do throws(OriginFailure) { return try body() } catch {
            guard error.reason == .diskFull else { throw error.failure }
            throw Failure(.failed, "disk-full: \(error.message)", hint: error.failure.hint)
        }
    }

    private static var usualBranch: RefName {
        guard let branch = RefName(branch: "main") else { preconditionFailure("git takes main") }
        return branch
    }

    private func place(_ tip: ObjectID, as branch: RefName, in repository: Repository)
        throws(Failure)
    {
        let names = [branch, branch.tracking(remote: settings.remote), branch.seen]
        for name in names.compactMap({ $0 }) {
            try attempt { () throws(GitError) in
                try repository.move(name, from: nil, to: tip, "git-pod: clone")
            }
        }
    }

    private func configure(_ repository: Repository) throws(Failure) {
        let remote = settings.remote
        try attempt { () throws(GitError) in
            try repository.configure("remote.\(remote).url", self.text)
            try repository.configure(
                "remote.\(remote).fetch", "+refs/heads/*:refs/remotes/\(remote)/*")
        }
        // Its owner's word counts, and whoever else may write in the folder has none.
        try reserveWriting("\(place.folder)/config")
        try KnownOrigin(gitdir: place.folder).record(url)
        try syncFile("\(place.folder)/config")
        try syncFile("\(place.folder)/HEAD")
    }
}

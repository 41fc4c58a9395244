// Origin, the durable copy: fetched from and pushed to. The engine and the verbs call this; which
// way the bytes go is decided here by the URL.

import CLibgit2
import Model
import POSIX

/// One origin of one repository. An SSH connection that one operation has made serves the next one, too,
/// if that comes soon; it ends with this object.
///
/// Everything here waits; what bounds each wait is in ``OriginSettings``.
public final class Origin {
    let repository: Repository
    let settings: OriginSettings
    /// The connection of the last operation, and until when the next one may go over it.
    private var rested: (line: SSHLine, until: Deadline)?
    /// What lies idle for longer may have been cut off by somebody in between, who tells neither side.
    private static let restLimit = Duration.seconds(30)
    /// For messages.
    var name: String { "origin \(settings.url)" }

    public init(repository: Repository, settings: OriginSettings) {
        self.repository = repository
        self.settings = settings
    }

    /// Brings origin's tips of `branch` and `alsoAsk` here, with all their history, and returns
    /// them by name; a ref that origin has not is absent.
    ///
    /// The objects are on disk when this returns. No ref of the repository is touched: the caller
    /// moves what it tracks, by compare-and-swap. A tip that was here already is trusted if the
    /// history from it to our refs is here too; what a commit of ours holds is not looked through.
    ///
    /// - Parameter itHad: commits that origin is known to have had: what it has in common with us is
    ///   sought below them first, and not below all that is here.
    public func fetch(
        branch: RefName, alsoAsk: [RefName] = [], itHad: [ObjectID] = []
    ) throws(OriginFailure) -> [RefName: ObjectID] {
        let asked = [branch] + alsoAsk.filter { $0 != branch }
        let haves = try ownTips()
        let before = Set(haves)
        let tips = try way().fetch(
            asked, haves: haves, offering: Set(itHad).filter(before.contains))
        do throws(GitError) { try repository.refreshObjects() } catch {
            throw local(error)
        }
        for (name, tip) in tips where !before.contains(tip) {
            try checkHistory(of: name, tip, from: haves)
        }
        if let tip = tips[branch], !repository.hasCommit(tip) {
            throw OriginFailure(
                .unknown, "\(self.name) has something at \(branch) that is no commit: \(tip.short)",
                hint: "put a commit there")
        }
        return tips
    }

    /// Origin's tips of `names`, without their objects.
    public func tips(_ names: [RefName]) throws(OriginFailure) -> [RefName: ObjectID] {
        try way().tips(names)
    }

    /// The branch that origin's HEAD stands on; nil if it says none.
    public func defaultBranch() throws(OriginFailure) -> RefName? {
        try way().defaultBranch()
    }

    /// Whether origin has any branch at all.
    public func hasBranches() throws(OriginFailure) -> Bool {
        try !way().refs(under: "refs/heads/").isEmpty
    }

    /// Brings all refs that origin has below `prefix` here, with all their history, and returns them by
    /// name. No ref of the repository is touched.
    public func fetch(under prefix: String) throws(OriginFailure) -> [RefName: ObjectID] {
        let names = try way().refs(under: prefix).keys.sorted()
        guard !names.isEmpty else { return [:] }
        let tips = try way().fetch(names, haves: ownTips(), offering: [])
        do throws(GitError) { try repository.refreshObjects() } catch { throw local(error) }
        return tips
    }

    private func way() throws(OriginFailure) -> any OriginWay {
        switch settings.url.way {
        case .ssh: SSHOrigin(self)
        case .path, .http: try ChildOrigin(self)
        }
    }

    /// Leaves a connection to the next operation.
    func rest(_ line: SSHLine) { rested = (line, .after(Self.restLimit)) }

    /// The connection that the last operation has left, if it is not too old.
    func takeRested() -> SSHLine? {
        defer { rested = nil }
        return rested.flatMap { $0.until.hasPassed ? nil : $0.line }
    }

    // MARK: what is ours

    /// The commits that our refs stand on: what a fetch need not bring.
    private func ownTips() throws(OriginFailure) -> [ObjectID] {
        do throws(GitError) {
            let targets = try repository.references(under: "refs/")
                .filter { !$0.name.description.hasPrefix("refs/tags/") }.map(\.target)
            return Set(targets).filter(repository.hasCommit)
                .sorted { $0.description < $1.description }
        } catch { throw local(error) }
    }

    private func checkHistory(of name: RefName, _ tip: ObjectID, from haves: [ObjectID])
        throws(OriginFailure)
    {
        guard repository.contains(tip) else {
            if let own = try? repository.references(under: "refs/").first(where: {
                $0.target == tip
            }) {
                throw OriginFailure(
                    .unknown,
                    "object \(tip) is missing in \(repository.path), where \(own.name) is at it",
                    hint: "look at it with git -C \(repository.path) fsck")
            }
            throw OriginFailure(
                .unknown, "\(self.name) did not send \(tip.short), which it has as \(name)",
                hint: "look at origin with git fsck")
        }
        guard repository.hasCommit(tip) else { return }
        do throws(GitError) {
            _ = try repository.commitsByDate(from: [tip], hiding: haves)
        } catch { throw local(error) }
    }

    /// A failure of our own repository.
    func local(_ error: GitError) -> OriginFailure {
        OriginFailure(error.kind == .diskFull ? .diskFull : .unknown, error.failure)
    }

    /// A failure with files of ours.
    func ownTrouble(_ failure: Failure) -> OriginFailure {
        guard OriginWords([failure.message]).reason?.0 == .diskFull else {
            return OriginFailure(.unknown, failure)
        }
        return ownTrouble(.diskFull, failure.message)
    }

    /// The same, told in other words; only those of a full disk mean the same here as there.
    func ownTrouble(_ reason: PushFailureReason?, _ text: String) -> OriginFailure {
        reason == .diskFull
            ? OriginFailure(.diskFull, text, hint: PushFailureReason.diskFull.hint)
            : OriginFailure(
                .unknown, text, hint: "that is here: git -C \(repository.path) fsck")
    }
}

/// One way to do what ``Origin`` promises.
protocol OriginWay {
    /// - Parameters:
    ///   - haves: commits that are here with all their history.
    ///   - offering: those of them that origin is told of; empty: all.
    func fetch(
        _ names: [RefName], haves: [ObjectID], offering: Set<ObjectID>
    ) throws(OriginFailure) -> [RefName: ObjectID]
    func tips(_ names: [RefName]) throws(OriginFailure) -> [RefName: ObjectID]
    func defaultBranch() throws(OriginFailure) -> RefName?
    func refs(under prefix: String) throws(OriginFailure) -> [RefName: ObjectID]
}

extension Repository {
    /// Whether `id` is a commit that is here.
    public func hasCommit(_ id: ObjectID) -> Bool {
        var size = 0
        var type = GIT_OBJECT_INVALID
        var oid = id.oid
        let code = unsafe git_odb_read_header(&size, &type, objects, &oid)
        return code == 0 && type == GIT_OBJECT_COMMIT
    }
}

extension Origin {
    /// That a ref on origin is not where a push takes it to be.
    func moved(_ update: RefUpdate, now: ObjectID?) -> String {
        let there = now.map { "at \($0.short)" } ?? "not there"
        let taken = update.old.map { "at \($0.short)" } ?? "not there"
        return "\(update.name) is \(there) on origin, and was taken to be \(taken)"
    }

    /// A ref that origin refused, by its status and by what it wrote meanwhile.
    func refusal(of name: RefName, status: String, lines: [String]) -> PushResult {
        let words = OriginWords(lines)
        let reason = words.reason(ofStatus: status)
        let said = words.reason?.line ?? words.telling
        let text = "origin refused \(name): \(status)" + (said.map { " (\($0))" } ?? "")
        return .refused(reason, text.harmless)
    }
}

// One commit's files published for readers: written beside the last ones, looked through, then shown by one
// rename of a symbolic link. The push service has it done on a thread of its own.

import Git
import Model
import POSIX

/// Publishes commits of one gitdir in one folder.
struct Checkout: Sendable {
    let gitdir: String
    let settings: CheckoutSettings
    let environment: Environment
    /// What must stay free on the folder's volume, in bytes.
    let minimumFree: Int64
    /// Why it is to end now; nil while it may go on.
    let isCalledOff: @Sendable () -> String?

    /// More files than this are not published: a tree of a few objects can stand for any number.
    static let maximumFiles = 1_000_000
    /// What is deeper could hardly be taken away again.
    static let maximumDepth = 200
    /// A longer path cannot be opened (PATH_MAX).
    static let longestPath = 4095
    /// Of all paths together: git writes a list of them, and holds them in memory.
    static let maximumPathBytes: Int64 = 128 << 20
    /// What that list and git's index take of the gitdir's volume, for each file besides its path.
    private static let listedFile: Int64 = 200
    /// The most that one may take.
    private static let limit = Duration.seconds(1800)
    private static let spaceInterval = Duration.seconds(1)
    /// Inodes that stay free.
    private static let spareInodes: Int64 = 1000
    /// How often the same commit can be there at a time.
    private static let names = 1000

    /// What came of it.
    struct Published: Sendable {
        let commit: ObjectID
        let files: Int
        let bytes: Int64
        /// Links that led out, which are plain files now.
        let links: Int
        let duration: Duration
    }

    /// Held while a tree is written or taken away: another engine may publish there by mistake.
    private func lock() throws(Failure) -> ExclusiveLock {
        let path = "\(settings.folder)/.git-pod-lock"
        guard let lock = try ExclusiveLock(path, until: .after(Self.patience)) else {
            throw Failure(
                .failed, "another engine publishes in \(settings.folder)",
                hint: "give each a folder of its own")
        }
        return lock
    }

    private static let patience = Duration.seconds(10)

    private var trees: String { "\(settings.folder)/\(CheckoutSettings.trees)" }
    private var link: String { "\(settings.folder)/\(CheckoutSettings.link)" }

    /// The tree that readers see, by its name among all; nil: none.
    var shown: String? {
        linkTarget(link)?.split(separator: "/").last.map(String.init)
    }

    /// The trees that readers do not see any more.
    var stale: [String] {
        let shown = shown
        return (directoryEntries(trees) ?? []).filter {
            $0 != shown && !$0.hasPrefix(Self.partial)
        }
    }

    /// How a tree is called until it is whole. No reader has ever seen it.
    private static let partial = "partial-"

    /// Takes away what killed runs have left half-written.
    private func removePartial() throws(Failure) {
        for name in directoryEntries(trees) ?? [] where name.hasPrefix(Self.partial) {
            try removeTree("\(trees)/\(name)")
        }
    }

    /// Takes trees away.
    func remove(_ names: [String]) throws(Failure) {
        let lock = try lock()
        for name in names where name != shown { try removeTree("\(trees)/\(name)") }
        withExtendedLifetime(lock) {}
    }

    /// Writes the files of `commit`, and has readers see them.
    ///
    /// - Throws: ``Failure``; then they see what they have seen before.
    func publish(_ commit: ObjectID) throws(Failure) -> Published {
        let start = monotonicNanoseconds()
        let late = Deadline.after(Self.limit)
        let repository = try Repository(path: gitdir)
        try makePlace()
        let lock = try lock()
        defer { withExtendedLifetime(lock) {} }
        try removePartial()
        let size = try repository.treeSize(
            of: commit, at: settings.paths, environment: environment, limit: Self.excess,
            isCalledOff: isCalledOff)
        try checkRoom(for: size)
        let watch = SpaceWatch(
            settings.folder, keeping: minimumFree, every: Self.spaceInterval)
        let partial = "\(trees)/\(Self.partial)\(commit)"
        try makeNewFolder(partial, mode: 0o755)
        do throws(Failure) {
            try repository.export(commit, at: settings.paths, to: partial, environment: environment)
            {
                if watch.isFull() { return watch.shortage?.message }
                return late.hasPassed ? "it took longer than \(Self.limit.spoken)" : isCalledOff()
            }
            let links = try containLinks(below: partial)
            let name = try newName(commit)
            try rename(partial, to: "\(trees)/\(name)")
            try show(name)
            return Published(
                commit: commit, files: size.files, bytes: size.bytes, links: links,
                duration: .nanoseconds(monotonicNanoseconds() - start))
        } catch {
            try? removeTree(partial)
            throw error
        }
    }

    private static func excess(_ size: TreeSize) -> String? {
        if size.files > maximumFiles { return "it has more than \(maximumFiles) files" }
        if size.depth > maximumDepth { return "it has folders deeper than \(maximumDepth)" }
        if size.longestPath > longestPath { return "it has paths longer than \(longestPath) bytes" }
        if size.pathBytes > maximumPathBytes {
            return "its paths are more than \(maximumPathBytes >> 20) MiB"
        }
        return nil
    }

    private func checkRoom(for size: TreeSize) throws(Failure) {
        let wanted = minimumFree.addingReportingOverflow(size.bytes)
        let minimum = wanted.overflow ? .max : wanted.partialValue
        if let shortage = SpaceWatch.shortage(at: settings.folder, minimum: minimum) {
            throw shortage
        }
        let listed = minimumFree + 2 * size.pathBytes + Self.listedFile * Int64(size.files)
        if let shortage = SpaceWatch.shortage(at: gitdir, minimum: listed) { throw shortage }
        let needed = Int64(size.files) + Self.spareInodes
        if let inodes = try freeSpace(at: settings.folder).inodes, inodes < needed {
            throw Failure(
                .failed, "disk-full: \(inodes) inodes are free at \(settings.folder)",
                hint: "give the volume more room, or name less with sparse")
        }
    }

    /// Others read there, and nobody else writes.
    private func makePlace() throws(Failure) {
        if !exists(settings.folder) { try makeNewFolder(settings.folder, mode: 0o755) }
        if !exists(trees) { try makeNewFolder(trees, mode: 0o755) }
        let folder = try OpenFolder(settings.folder)
        guard folder.kind(of: .init(CheckoutSettings.trees)) == .folder else {
            throw Failure(.failed, "\(trees) is no folder", hint: "take it away")
        }
    }

    private func newName(_ commit: ObjectID) throws(Failure) -> String {
        for number in 1...Self.names {
            let name = number == 1 ? "\(commit)" : "\(commit)-\(number)"
            if !exists("\(trees)/\(name)") { return name }
        }
        throw Failure(.failed, "\(trees) holds \(commit) too often", hint: "take these away")
    }

    /// Has the link lead there: it leads to the last tree, or to this one, and at no instant nowhere.
    private func show(_ name: String) throws(Failure) {
        let next = "\(settings.folder)/.git-pod-link"
        try removeTree(next)
        try makeLink(to: "\(CheckoutSettings.trees)/\(name)", at: next)
        try rename(next, to: link)
    }
}

// A folder of ours that lasts as long as its owner: scratch repositories and incoming packs are in one.
// Engine's start clears away those that killed processes left.

import Model
import POSIX

/// A new folder, removed when its owner lets go of it.
public final class ScratchFolder {
    /// How the folders are called.
    public static let prefix = "git-pod-scratch-"
    /// The same until their locks are held.
    private static let unready = "git-pod-unready-"
    /// How long one of those may be on its way.
    private static let readyWithin = Duration.seconds(60)
    /// A file in it whose lock says that there is an owner: numbers of processes tell nothing where
    /// containers share a volume.
    private static let claim = "in-use"

    public let path: String
    private let lock: ExclusiveLock

    /// - Throws: ``Failure`` of kind `failed`, for a full disk too.
    public init(in place: String) throws(Failure) {
        let name = "\(processNumber())-\(monotonicNanoseconds())"
        let (early, path) = ("\(place)/\(Self.unready)\(name)", "\(place)/\(Self.prefix)\(name)")
        do throws(Failure) { try makeNewFolder(early) } catch {
            throw Failure(
                error.kind, error.message,
                hint: error.hint ?? "run it as a user who may write there")
        }
        do throws(Failure) {
            guard let lock = try ExclusiveLock("\(early)/\(Self.claim)", until: .after(.zero))
            else { throw Failure(.failed, "\(early) is taken by another") }
            try rename(early, to: path)
            self.lock = lock
        } catch {
            try? removeTree(early)
            throw error
        }
        self.path = path
    }

    deinit { try? removeTree(path) }

    /// Whether `folder` is this one, and none that somebody has put in its place. On some volumes all
    /// files have one owner, so that this does not tell.
    func isStill(_ folder: borrowing OpenFolder) -> Bool { lock.isFile(Self.claim, in: folder) }

    /// Takes away those of ours in `place` that nobody owns any more.
    public static func clear(_ place: String) {
        for name in directoryEntries(place) ?? [] {
            let path = "\(place)/\(name)"
            guard name.hasPrefix(prefix) || name.hasPrefix(unready), linkTarget(path) == nil,
                let status = fileStatus(path), status.kind == .directory,
                status.owner == currentUser()
            else { continue }
            if name.hasPrefix(prefix) ? !isOwned(path) : isOld(status) { try? removeTree(path) }
        }
    }

    private static func isOwned(_ path: String) -> Bool {
        do throws(Failure) {
            return try ExclusiveLock("\(path)/\(claim)", until: .after(.zero)) == nil
        } catch { return false }
    }

    private static func isOld(_ status: FileStatus) -> Bool {
        let age = wallClockMilliseconds() - status.modifiedNanoseconds / 1_000_000
        return age > readyWithin.milliseconds
    }
}

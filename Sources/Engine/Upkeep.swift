// The upkeep of a gitdir's objects: counted now and then, and packed when there are too many files. The push
// service has it done on a thread of its own.

import Git
import Model
import POSIX

/// What came of one round of upkeep.
enum UpkeepEnd: Sendable, Equatable {
    /// There are fewer files than the bounds.
    case notNeeded
    case packed(after: ObjectCensus, Duration)
    /// Something else comes first; it is tried again soon.
    case putOff(String)
    /// There is no room for it, or somebody does not want it.
    case refused(String)
    case failed(Failure)
}

/// One round for one gitdir.
struct Upkeep: Sendable {
    let gitdir: String
    let environment: Environment
    /// Loose objects, and packs, beyond which there is something to do; 0: never.
    let maximumLoose: Int
    let maximumPacks: Int
    /// What must stay free on the volume, in bytes.
    let minimumFree: Int64
    /// Why it is to end now; nil while it may go on.
    let isCalledOff: @Sendable () -> String?

    /// The most that git may take.
    private static let limit = Duration.seconds(1800)
    /// What a killed git has left is taken away when nobody has written to it for so long.
    private static let oldTemporary: Int64 = 24 * 3600
    private static let spaceInterval = Duration.seconds(1)

    /// - Returns: what was counted before, and what was done.
    func run() -> (ObjectCensus, UpkeepEnd) {
        let census = ObjectCensus(gitdir: gitdir)
        let isDue =
            (maximumLoose > 0 && census.loose > maximumLoose)
            || (maximumPacks > 0 && census.packs > maximumPacks)
        guard isDue else { return (census, .notNeeded) }
        do throws(Failure) { return (census, try pack(census)) } catch {
            return (census, .failed(error))
        }
    }

    private func pack(_ census: ObjectCensus) throws(Failure) -> UpkeepEnd {
        let repository = try Repository(path: gitdir)
        guard !repository.hasPreciousObjects else {
            return .refused("extensions.preciousObjects is set")
        }
        // While it is held, no reconcile and no clone of ours works here; whoever wants it knocks.
        guard let lock = try GitdirLock.ifFree(gitdir) else {
            return .putOff("another git-pod has the lock")
        }
        removeOldTemporaries()
        let wanted = minimumFree + census.bytesToWrite
        if let shortage = SpaceWatch.shortage(at: gitdir, minimum: wanted) {
            return .refused(shortage.message)
        }
        let watch = SpaceWatch(gitdir, keeping: minimumFree, every: Self.spaceInterval)
        let (start, late) = (monotonicNanoseconds(), Deadline.after(Self.limit))
        let end = try repository.repack(environment: environment) {
            if lock.isWanted { return "another git-pod wants the lock" }
            if watch.isFull() { return watch.shortage?.message }
            if late.hasPassed { return "it took longer than \(Self.limit.spoken)" }
            return isCalledOff()
        }
        switch end {
        case .calledOff(let reason): return .putOff(reason)
        case .done:
            let duration = Duration.nanoseconds(monotonicNanoseconds() - start)
            let after = ObjectCensus(gitdir: gitdir)
            // Writers go on, but hardly at that rate.
            let isStuck =
                (census.loose > maximumLoose && maximumLoose > 0 && after.loose >= census.loose)
                || (census.packs > maximumPacks && maximumPacks > 0 && after.packs >= census.packs)
            guard !isStuck else {
                return .refused(
                    "what is packed cannot be removed: see who may write in \(gitdir)/objects")
            }
            return .packed(after: after, duration)
        }
    }

    /// Files that git makes on the way to a pack, and takes away unless it is killed.
    private func removeOldTemporaries() {
        let folder = "\(gitdir)/objects/pack"
        let limit = (wallClockSeconds() - Self.oldTemporary) * 1_000_000_000
        for name in directoryEntries(folder) ?? []
        where name.hasPrefix("tmp_") || name.hasPrefix(".tmp-") {
            let path = "\(folder)/\(name)"
            guard let status = fileStatus(path), status.kind == .file,
                status.modifiedNanoseconds < limit
            else { continue }
            try? removeFile(path)
        }
    }
}

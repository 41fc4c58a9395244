// Free space while a clone is received: it must stop before the volume is full, because an
// application and its database may be on the same one.

import Model
import POSIX

/// Looks at a volume now and then, and remembers when it became too full.
final class SpaceWatch: Sendable {
    /// Fewer free inodes than this are a full volume too.
    private static let minimumInodes: Int64 = 1000

    private let path: String
    private let minimum: Int64
    private let interval: Duration
    private let state = Locked((next: Deadline.after(.zero), shortage: Failure?.none))

    /// - Parameters:
    ///   - minimum: the bytes that must stay free at `path`.
    ///   - interval: how often it is looked at, however often it is asked.
    init(_ path: String, keeping minimum: Int64, every interval: Duration) {
        self.path = path
        self.minimum = minimum
        self.interval = interval
    }

    /// What is wrong with the volume; nil while it has room.
    var shortage: Failure? { state.with { $0.shortage } }

    /// Whether the volume has become too full.
    func isFull() -> Bool {
        state.with { state in
            if state.shortage != nil { return true }
            guard state.next.hasPassed else { return false }
            state.next = .after(interval)
            state.shortage = Self.shortage(at: path, minimum: minimum)
            return state.shortage != nil
        }
    }

    /// A failure if less than `minimum` bytes are free; also if that cannot be found out.
    static func shortage(at path: String, minimum: Int64) -> Failure? {
        do throws(Failure) {
            let free = try freeSpace(at: path)
            if free.bytes < minimum {
                return Failure(
                    .failed,
                    "disk-full: \(mebibytes(free.bytes)) are free at \(path), and \(mebibytes(minimum)) must be",
                    hint: "give the volume more room, or lower minFree or expectedSize")
            }
            if let inodes = free.inodes, inodes < minimumInodes {
                return Failure(
                    .failed, "disk-full: \(inodes) inodes are free at \(path)",
                    hint: "take away files there that nobody needs")
            }
            return nil
        } catch { return error }
    }

    private static func mebibytes(_ bytes: Int64) -> String { "\(bytes >> 20) MiB" }
}

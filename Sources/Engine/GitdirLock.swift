// One engine at a time: the lock that every reconcile, push and clone holds.

import Model
import POSIX

/// The lock on a gitdir. It stops no writer: git knows nothing of it.
public final class GitdirLock {
    /// Its file in the gitdir; it stays there, and means nothing when nobody holds it.
    public static let name = "git-pod.lock"

    private let lock: ExclusiveLock

    /// Waits until `patience` is over for whoever holds it.
    ///
    /// - Throws: ``Failure`` of kind `failed` if it is still held then.
    public init(_ gitdir: String, patience: Duration) throws(Failure) {
        guard let lock = try ExclusiveLock("\(gitdir)/\(Self.name)", until: .after(patience)) else {
            throw Failure(
                .failed, "\(gitdir) is locked by another git-pod, for more than \(patience.spoken)",
                hint: "wait for it to end, or see who it is with fuser \(gitdir)/\(Self.name)")
        }
        self.lock = lock
    }

    private init(_ lock: ExclusiveLock) { self.lock = lock }

    /// The lock if nobody has it; nobody is told that it was asked for.
    static func ifFree(_ gitdir: String) throws(Failure) -> GitdirLock? {
        try ExclusiveLock("\(gitdir)/\(name)", until: .after(.zero)).map { GitdirLock($0) }
    }

    /// Whether another git-pod waits for it. What can be done later ends then.
    var isWanted: Bool { lock.isWanted }

    /// Whether the lock's file is still the one in `folder`, and not one that was renamed away.
    func isStill(in folder: borrowing OpenFolder) -> Bool { lock.isFile(Self.name, in: folder) }

    /// Becomes `command`, which holds the lock until it has ended.
    public func run(_ command: [String]) throws(Failure) -> Never { try lock.become(command) }
}

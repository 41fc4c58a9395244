// A whole file locked by `flock(2)`: the kernel gives it back however the holder ends.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file that this process, or a program it becomes, holds alone.
public final class ExclusiveLock {
    private let file: FileDescriptor
    /// How long a waiter sleeps between two tries, in microseconds.
    private static let pause: UInt32 = 5000
    /// Each of so many tries tells whoever has it that somebody waits.
    private static let triesAKnock = 10
    /// When the file was changed last, as of the taking of the lock.
    private var taken: Int64 = 0

    /// Locks `path`, making it if it is not there. Nil if another still holds it at `deadline`.
    ///
    /// - Throws: ``Failure`` of kind `failed`, also if `path` is a symbolic link or no plain file.
    public init?(_ path: String, until deadline: Deadline) throws(Failure) {
        // Reading is enough for a lock, and lets a process of another user wait for it too.
        let flags = O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let descriptor = unsafe open(path, flags, mode_t(0o644))
        guard descriptor >= 0 else { throw .system("open the lock file \(path)") }
        file = FileDescriptor(owning: descriptor)
        guard fileStatus(descriptor: descriptor)?.kind == .file else {
            throw Failure(.failed, "cannot lock \(path): it is no plain file")
        }
        var tries = 0
        while flock(file.raw, LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK:
                if deadline.hasPassed { return nil }
                // One of another user may not be allowed to.
                if tries % Self.triesAKnock == 0 { _ = futimens(file.raw, nil) }
                tries += 1
                usleep(Self.pause)
            default: throw .system("lock \(path)")
            }
        }
        taken = fileStatus(descriptor: file.raw)?.modifiedNanoseconds ?? 0
    }

    /// Whether somebody has been waiting for it since it was taken, and may touch its file.
    public var isWanted: Bool {
        fileStatus(descriptor: file.raw).map { $0.modifiedNanoseconds != taken } ?? false
    }

    /// Whether the file that is locked is the one called `name` in `folder`.
    public func isFile(_ name: String, in folder: borrowing OpenFolder) -> Bool {
        guard let own = fileStatus(descriptor: file.raw),
            let other = folder.fileStatus(of: .init(name))
        else { return false }
        return own.isSameFile(as: other)
    }

    /// Becomes `arguments[0]`, found along `PATH`, which then holds the lock until it has ended.
    ///
    /// Returns only by throwing.
    public func become(_ arguments: [String]) throws(Failure) -> Never {
        guard fcntl(file.raw, F_SETFD, 0) == 0 else { throw .system("hand the lock on") }
        try replaceProcess(with: arguments)
    }
}

/// Becomes another program, found along `PATH`, with this process's environment.
///
/// - Throws: ``Failure`` of kind `configuration` if there is no such program.
func replaceProcess(with arguments: [String]) throws(Failure) -> Never {
    var words = unsafe arguments.map { unsafe strdup($0) }
    unsafe words.append(nil)
    signal(SIGPIPE, SIG_DFL)
    if let program = unsafe words[0] { unsafe execvp(program, words) }
    throw .system(
        "run \(arguments[0])", kind: .configuration,
        hint: "check that it is installed and executable")
}

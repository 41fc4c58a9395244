// Locks on single bytes of a file: counted places that the kernel gives back however a process ends.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file whose bytes processes lock (`fcntl(2)`, `F_SETLK`); its content means nothing.
///
/// Open a file once in a process: when any descriptor of it is closed, all its locks are given back.
/// Two holders in one process do not see each other.
public final class LockFile {
    private let file: FileDescriptor
    private let path: String

    /// Opens `path`, making it with `mode` if it is not there.
    ///
    /// - Throws: ``Failure`` of kind `failed`, also if `path` is a symbolic link or no plain file.
    public init(_ path: String, mode: mode_t) throws(Failure) {
        let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let descriptor = unsafe open(path, flags, mode)
        guard descriptor >= 0 else { throw .system("open the lock file \(path)") }
        file = FileDescriptor(owning: descriptor)
        self.path = path
        guard fileStatus(descriptor: descriptor)?.kind == .file else {
            throw Failure(.failed, "cannot lock \(path): it is no plain file")
        }
    }

    /// Locks the byte at `offset`; false if another process holds it. Never waits.
    public func tryLock(_ offset: Int64) throws(Failure) -> Bool {
        var range = flock()
        range.l_type = Int16(F_WRLCK)
        range.l_whence = Int16(SEEK_SET)
        range.l_start = off_t(offset)
        range.l_len = 1
        while unsafe fcntl(file.raw, F_SETLK, &range) != 0 {
            switch errno {
            case EINTR: continue
            case EACCES, EAGAIN: return false
            default: throw .system("lock \(path)")
            }
        }
        return true
    }

    /// Locks the byte at `offset`; false if another process still holds it at `deadline`.
    public func lock(_ offset: Int64, until deadline: Deadline) throws(Failure) -> Bool {
        while try !tryLock(offset) {
            if deadline.hasPassed { return false }
            usleep(1000)
        }
        return true
    }

    /// Gives the byte at `offset` back.
    public func unlock(_ offset: Int64) {
        var range = flock()
        range.l_type = Int16(F_UNLCK)
        range.l_whence = Int16(SEEK_SET)
        range.l_start = off_t(offset)
        range.l_len = 1
        _ = unsafe fcntl(file.raw, F_SETLK, &range)
    }
}

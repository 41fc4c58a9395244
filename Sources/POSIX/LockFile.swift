// Locks on single bytes of a file: counted places that the kernel gives back however a process ends.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A file whose bytes processes lock (`fcntl(2)`, `F_SETLK`). Its content is a note, if anything.
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

    /// How many bytes a note may have.
    public static let noteSize = 64

    /// What ``setNote(_:)`` wrote last, whichever process did; empty if nothing was.
    public func note() -> String {
        var bytes = [UInt8](repeating: 0, count: Self.noteSize)
        let count = unsafe bytes.withUnsafeMutableBytes { memory in
            unsafe pread(file.raw, memory.baseAddress, memory.count, 0)
        }
        return String(decoding: bytes.prefix(max(0, count)).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Writes a note over the one before. It has the same size on disk whatever it says, so that a
    /// volume that had room for one can be full when the next is written.
    ///
    /// - Throws: ``Failure`` of kind `failed`.
    public func setNote(_ text: String) throws(Failure) {
        let bytes = Array(text.utf8.prefix(Self.noteSize))
        let all = bytes + [UInt8](repeating: 0, count: Self.noteSize - bytes.count)
        let count = unsafe all.withUnsafeBytes { memory in
            unsafe pwrite(file.raw, memory.baseAddress, memory.count, 0)
        }
        guard count == all.count else { throw .system("write \(path)") }
    }

    /// Whether there is a note, be it an empty one.
    public var hasNote: Bool {
        fileStatus(descriptor: file.raw).map { $0.size >= Int64(Self.noteSize) } ?? false
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

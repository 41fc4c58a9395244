// A file that is written piece by piece and read back meanwhile: a pack on its way.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A new file that only grows, taken away again unless ``keep(as:)`` gave it its name.
public final class GrowingFile {
    public let path: String
    public private(set) var size = 0
    private let descriptor: FileDescriptor
    private var kept = false

    /// Makes the file; there must be none called `path`. Only its owner may read it until it is kept.
    public init(path: String) throws(Failure) {
        let raw = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard raw >= 0 else { throw .system("make \(path)") }
        descriptor = FileDescriptor(owning: raw)
        self.path = path
    }

    deinit { if !kept { unsafe unlink(path) } }

    /// Adds `bytes` at its end.
    public func append(_ bytes: [UInt8]) throws(Failure) {
        try write(bytes, at: size)
        size += bytes.count
    }

    /// Writes `bytes` at `offset`, over what is there.
    public func write(_ bytes: [UInt8], at offset: Int) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { memory in
                unsafe pwrite(
                    descriptor.raw, memory.baseAddress! + written, memory.count - written,
                    off_t(offset + written))
            }
            guard count > 0 || errno == EINTR else { throw .system("write \(path)") }
            written += max(count, 0)
        }
    }

    /// At most `count` bytes from `offset` on; fewer only where the file ends.
    public func read(at offset: Int, count: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: min(count, size - offset))
        var filled = 0
        while filled < bytes.count {
            let count = unsafe bytes.withUnsafeMutableBytes { memory in
                unsafe pread(
                    descriptor.raw, memory.baseAddress! + filled, memory.count - filled,
                    off_t(offset + filled))
            }
            guard count > 0 || (count < 0 && errno == EINTR) else { throw .system("read \(path)") }
            filled += max(count, 0)
        }
        return bytes
    }

    /// Gives it its name for good, readable for all and writable for none, once all of it is on disk.
    /// The name itself is on disk after ``syncFolder(_:)``.
    public func keep(as name: String) throws(Failure) {
        guard fsync(descriptor.raw) == 0 else { throw .system("write \(path) to disk") }
        guard fchmod(descriptor.raw, 0o444) == 0 else { throw .system("change \(path)") }
        try rename(path, to: name)
        kept = true
    }
}

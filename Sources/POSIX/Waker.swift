// Waking a thread that waits for descriptors: from another thread, or from a signal.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A pipe that one thread polls and any other makes readable.
public final class Waker: Sendable {
    private let reader: FileDescriptor
    private let writer: FileDescriptor

    public init() throws(Failure) {
        var pipe = try FileDescriptor.pipe()
        guard let reader = pipe.reader.take(), let writer = pipe.writer.take() else {
            throw Failure(.failed, "a pipe has no ends")
        }
        setNonBlocking(reader.raw)
        setNonBlocking(writer.raw)
        self.reader = reader
        self.writer = writer
    }

    /// Readable from ``wake()`` to ``clear()``.
    public var descriptor: Int32 { reader.raw }

    /// What signal handlers write to.
    var writingEnd: Int32 { writer.raw }

    /// Wakes whoever polls. Never waits: a pipe that is full wakes as well.
    public func wake() {
        var byte: UInt8 = 0
        _ = unsafe write(writer.raw, &byte, 1)
    }

    /// Takes back what woke us, and returns the bytes: signal numbers, or zeros.
    @discardableResult
    public func clear() -> [UInt8] {
        let buffer = ByteBuffer(capacity: 64)
        var bytes: [UInt8] = []
        while case .bytes = try? read(reader.raw, into: buffer) { bytes += buffer.takeAll() }
        return bytes
    }
}

/// Signals that wake a thread instead of ending the process.
public final class SignalWaker: Sendable {
    private let waker: Waker

    public var descriptor: Int32 { waker.descriptor }

    /// From now on `signals` are told by ``arrived()``. One of these a process.
    public init(_ signals: [Int32]) throws(Failure) {
        waker = try Waker()
        unsafe signalPipe = waker.writingEnd
        for number in signals {
            signal(number) { number in
                let kept = errno
                var byte = UInt8(truncatingIfNeeded: number)
                _ = unsafe write(signalPipe, &byte, 1)
                errno = kept
            }
        }
    }

    /// The signals that came since the last call.
    public func arrived() -> [Int32] { waker.clear().map(Int32.init) }
}

/// Where the handlers write. Set once, before the first handler is in place.
nonisolated(unsafe) private var signalPipe: Int32 = -1

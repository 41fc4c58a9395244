// A fixed piece of memory between a read and a write: the only buffer a relay has.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a read that never waits came back with.
public enum ReadOutcome: Sendable, Equatable {
    case bytes(Int)
    case wouldBlock
    case end
}

/// Bytes on their way from one side to the other. Filled at its end, drained at its start.
@safe public final class ByteBuffer {
    private let memory: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0

    public init(capacity: Int) {
        unsafe memory = .allocate(byteCount: capacity, alignment: 16)
    }

    /// A buffer that holds `bytes` and has no room for more.
    public convenience init(_ bytes: [UInt8]) {
        self.init(capacity: bytes.count)
        unsafe memory.copyBytes(from: bytes)
        end = bytes.count
    }

    deinit { unsafe memory.deallocate() }

    public var isEmpty: Bool { start == end }
    public var count: Int { end - start }
    public var isFull: Bool { unsafe end == memory.count }

    /// Lets `body` write behind what is there; it says how much it wrote.
    public func fill(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> ReadOutcome
    ) throws(Failure) -> ReadOutcome {
        if isEmpty { (start, end) = (0, 0) }
        let outcome = try unsafe body(UnsafeMutableRawBufferPointer(rebasing: memory[end...]))
        if case .bytes(let count) = outcome { end += count }
        return outcome
    }

    /// Lets `body` take bytes from the front; it says how many it took.
    public func drain(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        let taken = try unsafe body(UnsafeRawBufferPointer(rebasing: memory[start..<end]))
        start += taken
        return taken
    }

    /// Lets `body` look at the last `count` bytes that were filled in.
    public func withLast(_ count: Int, _ body: (RawSpan) -> Void) {
        let recent = unsafe UnsafeRawBufferPointer(rebasing: memory[(end - count)..<end])
        body(unsafe RawSpan(_unsafeBytes: recent))
    }

    /// Drops what is there.
    public func clear() { (start, end) = (0, 0) }

    /// What is there, and leaves nothing.
    public func takeAll() -> [UInt8] {
        let bytes = unsafe Array(memory[start..<end])
        clear()
        return bytes
    }
}

/// Reads what is there, on a descriptor that does not block or that `poll` has just named.
///
/// - Throws: ``Failure`` of kind `failed`; a reset connection counts as the end.
public func read(_ descriptor: Int32, into buffer: ByteBuffer) throws(Failure) -> ReadOutcome {
    try unsafe buffer.fill { memory throws(Failure) in
        while true {
            let count = unsafe read(descriptor, memory.baseAddress, memory.count)
            if count > 0 { return .bytes(count) }
            if count == 0 { return .end }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return .wouldBlock
            case ECONNRESET, EIO: return .end
            default: throw .system("read")
            }
        }
    }
}

/// What a write that never waits came to.
public enum WriteOutcome: Sendable, Equatable {
    /// So many bytes were taken; 0 if the peer takes none just now.
    case bytes(Int)
    /// The peer has gone.
    case closed
}

/// Writes what the descriptor takes without waiting.
///
/// - Throws: ``Failure`` of kind `failed`, which says that we could not `attempt`.
public func write(
    _ descriptor: Int32, from buffer: ByteBuffer, attempt: String = "write"
) throws(Failure) -> WriteOutcome {
    var closed = false
    let count = try unsafe buffer.drain { memory throws(Failure) in
        while true {
            let count = unsafe write(descriptor, memory.baseAddress, memory.count)
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return 0
            case EPIPE, ECONNRESET:
                closed = true
                return 0
            default: throw .system(attempt)
            }
        }
    }
    return closed ? .closed : .bytes(count)
}

/// A copy of `bytes` that C code will `free`.
public func copyForC(_ bytes: [UInt8]) -> UnsafeMutablePointer<UInt8>? {
    let memory = unsafe malloc(max(1, bytes.count))?.assumingMemoryBound(to: UInt8.self)
    unsafe memory?.update(from: bytes, count: bytes.count)
    return unsafe memory
}

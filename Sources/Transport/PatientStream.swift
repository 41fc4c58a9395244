// A byte stream for one who reads and writes by turns and waits meanwhile: libgit2's smart transport.
// Every wait has its bounds here: silence, the operation's own deadline, and being called off.

import Model
import POSIX

/// Blocking reads and writes over a ``ByteStream``.
public final class PatientStream {
    /// What bounds a wait.
    public struct Limits: Sendable {
        /// How long the far side may be silent while we wait for it.
        public var idle: Duration
        /// When the whole operation is given up.
        public var deadline: Deadline
        /// Whether the operation was called off; asked several times a second.
        public var isCancelled: (@Sendable () -> Bool)?

        public init(
            idle: Duration, deadline: Deadline = .never,
            isCancelled: (@Sendable () -> Bool)? = nil
        ) {
            self.idle = idle
            self.deadline = deadline
            self.isCancelled = isCancelled
        }
    }

    /// Why a wait came to nothing.
    public enum Halt: Error, Sendable, Equatable {
        /// The carrier broke.
        case broken(Failure)
        /// The far side said no more, or takes no more.
        case ended
        case silent
        case late
        case cancelled
    }

    private let stream: any ByteStream
    private let limits: Limits
    private let incoming = ByteBuffer(capacity: Relay.downCapacity)

    /// How often ``Limits/isCancelled`` is asked.
    private static let attention = Duration.milliseconds(200)

    public init(_ stream: any ByteStream, limits: Limits) {
        self.stream = stream
        self.limits = limits
    }

    /// Reads at least one byte into `memory`, and returns how many.
    public func read(into memory: UnsafeMutableRawBufferPointer) throws(Halt) -> Int {
        let silence = Deadline.after(limits.idle)
        while incoming.isEmpty {
            switch try carrier({ () throws(Failure) in try stream.read(into: incoming) }) {
            case .bytes: break
            case .end: throw .ended
            case .wouldBlock: try pause(reading: true, writing: false, silence)
            }
        }
        return try carrier { () throws(Failure) in
            try unsafe incoming.drain { held throws(Failure) in
                let count = min(held.count, memory.count)
                unsafe memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: held[..<count]))
                return count
            }
        }
    }

    /// Writes all of `bytes`.
    public func write(_ bytes: [UInt8]) throws(Halt) {
        let outgoing = ByteBuffer(bytes)
        var silence = Deadline.after(limits.idle)
        while !outgoing.isEmpty {
            switch try carrier({ () throws(Failure) in try stream.write(from: outgoing) }) {
            case .closed: throw .ended
            case .bytes(0): try pause(reading: incoming.isEmpty, writing: true, silence)
            case .bytes: silence = .after(limits.idle)
            }
            try takeWhatComes()
        }
    }

    /// A far side that writes while we write is read: else both would wait for each other.
    private func takeWhatComes() throws(Halt) {
        guard incoming.isEmpty else { return }
        let outcome = try carrier { () throws(Failure) in try stream.read(into: incoming) }
        if outcome == .end { throw .ended }
    }

    private func pause(reading: Bool, writing: Bool, _ silence: Deadline) throws(Halt) {
        if silence.hasPassed { throw .silent }
        if limits.deadline.hasPassed { throw .late }
        if limits.isCancelled?() == true { throw .cancelled }
        var until = min(silence, limits.deadline, stream.nextService)
        if limits.isCancelled != nil { until = min(until, .after(Self.attention)) }
        if reading, stream.holdsBytes { until = .after(.zero) }
        try carrier { () throws(Failure) in
            var requests = stream.interest(reading: reading, writing: writing)
            try wait(for: &requests, until: until)
            try stream.service()
        }
    }

    private func carrier<Result>(_ body: () throws(Failure) -> Result) throws(Halt) -> Result {
        do throws(Failure) { return try body() } catch { throw .broken(error) }
    }
}

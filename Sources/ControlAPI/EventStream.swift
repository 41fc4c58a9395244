// One listener's share of events: a buffer of bytes with a bound, filled by the event board and
// emptied by the listener's connection.

import Model
import POSIX

/// What is still to be sent to one listener. Used from any thread.
public final class EventStream: Sendable {
    enum Piece: Equatable {
        case bytes(Int)
        case nothing
        case end
    }

    private struct State {
        var pieces: [[UInt8]] = []
        /// What of the first piece has gone.
        var taken = 0
        var bytes = 0
        var isOver = false
        var onMore: @Sendable () -> Void = {}
        var onClose: @Sendable () -> Void = {}
    }

    private let state = Locked(State())
    private let limit: Int

    /// - Parameter limit: bytes that may wait; whoever leaves more is dropped.
    init(limit: Int) { self.limit = limit }

    /// Adds bytes, and tells the connection. False if the stream is over, or is now for having too much.
    @discardableResult
    func add(_ bytes: [UInt8]) -> Bool {
        let (isOpen, tell) = state.with { state in
            if !state.isOver, state.bytes + bytes.count <= limit {
                state.pieces.append(bytes)
                state.bytes += bytes.count
            } else {
                state.isOver = true
                (state.pieces, state.bytes) = ([], 0)
            }
            return (!state.isOver, state.onMore)
        }
        tell()
        return isOpen
    }

    /// Ends it: what waits is not sent any more.
    func end() {
        let tell = state.with { state in
            state.isOver = true
            (state.pieces, state.bytes) = ([], 0)
            return state.onMore
        }
        tell()
    }

    /// A line that means nothing (a comment).
    func beat() { add(Array(": still here\n\n".utf8)) }

    /// Moves what fits into `memory`.
    func take(into memory: UnsafeMutableRawBufferPointer) -> Piece {
        state.with { state in
            var count = 0
            while let piece = state.pieces.first, count < memory.count {
                let part = piece[state.taken...].prefix(memory.count - count)
                unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...])
                    .copyBytes(from: part)
                count += part.count
                state.taken += part.count
                if state.taken == piece.count {
                    state.pieces.removeFirst()
                    state.taken = 0
                }
            }
            state.bytes -= count
            if count > 0 { return .bytes(count) }
            return state.isOver ? .end : .nothing
        }
    }

    /// Sets who is told that there is something to take, or an end.
    func tellMore(to tell: @escaping @Sendable () -> Void) { state.with { $0.onMore = tell } }

    func whenClosed(_ tell: @escaping @Sendable () -> Void) { state.with { $0.onClose = tell } }

    /// Its connection is gone.
    func close() {
        let tell = state.with { state in
            state.isOver = true
            state.onMore = {}
            defer { state.onClose = {} }
            return state.onClose
        }
        tell()
    }
}

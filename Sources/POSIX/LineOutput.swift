// Lines for somebody who may have stopped reading: a log must not hold up what it tells of.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A descriptor that lines go to, from any thread. It may be one that blocks, and that others share.
///
/// A line that is not taken in time is dropped; how many were is said when there is room again.
public final class LineOutput: Sendable {
    private struct State {
        var lost = 0
        /// Whether the last line was not taken: the next one does not wait.
        var isStalled = false
        /// Whether it was taken in part.
        var isTorn = false
    }

    private let descriptor: Int32
    private let state = Locked(State())
    /// How long the reader may take nothing before it counts as gone for the time being.
    private static let patience = Duration.milliseconds(500)
    /// A pipe that is ready takes so much without waiting (`PIPE_BUF`).
    private static let pieceSize = 4096

    public init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Writes `line`, which ends with a line feed.
    ///
    /// - Parameter lost: the line that says how many were dropped before it.
    public func write(_ line: String, lost: (Int) -> String) {
        state.with { state in
            if state.lost > 0 {
                let note = (state.isTorn ? "\n" : "") + lost(state.lost)
                guard put(note, &state) else {
                    state.lost += 1
                    return
                }
                state.lost = 0
            }
            if !put(line, &state) { state.lost += 1 }
        }
    }

    private func put(_ text: String, _ state: inout State) -> Bool {
        var rest = Array(text.utf8)[...]
        let whole = rest.count
        while !rest.isEmpty {
            let limit = Deadline.after(state.isStalled ? .zero : Self.patience)
            guard (try? wait(for: descriptor, writing: true, until: limit)) == true else {
                state.isStalled = true
                if rest.count < whole { state.isTorn = true }
                return false
            }
            let count = writeSome(rest.prefix(Self.pieceSize), to: descriptor)
            guard count > 0 || count < 0 && [EINTR, EAGAIN].contains(errno) else {
                // A full disk, or a reader that is gone: there is nobody left to tell.
                return true
            }
            if count > 0 { rest = rest.dropFirst(count) }
        }
        (state.isStalled, state.isTorn) = (false, false)
        return true
    }
}

private func writeSome(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int {
    unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
}

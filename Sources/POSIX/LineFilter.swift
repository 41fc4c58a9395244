// What a far side writes for a person, passed on line by line with nothing in it that could act on
// a terminal.

import Model

/// Cuts bytes into lines, makes each harmless and hands it on.
public final class LineFilter {
    /// A longer line is cut into pieces of this many bytes.
    public static let maximumLine = 4096

    private var partial: [UInt8] = []
    private let emit: (String) -> Void

    /// Each line goes to `emit`, without its end.
    public init(_ emit: @escaping (String) -> Void) { self.emit = emit }

    public func append(_ bytes: [UInt8]) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") {
                finish()
            } else {
                partial.append(byte)
                if partial.count == Self.maximumLine { finish() }
            }
        }
    }

    /// Hands on what stands after the last line's end.
    public func finish() {
        guard !partial.isEmpty else { return }
        emit(String(decoding: partial, as: UTF8.self).harmless)
        partial.removeAll(keepingCapacity: true)
    }
}

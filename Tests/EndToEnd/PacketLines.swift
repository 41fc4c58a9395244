// git's packet lines (gitprotocol-common(5)), as far as the tests of broken streams need them.

/// `text` as one packet line.
func packetLine(_ text: String) -> String {
    let length = String(text.utf8.count + 4, radix: 16)
    return String(repeating: "0", count: 4 - length.count) + length + text
}

/// The offsets at which packet lines begin and end in a recorded stream, its end included.
func packetBoundaries(in stream: [UInt8]) -> [Int] {
    var offset = 0
    var boundaries = [0]
    while offset + 4 <= stream.count {
        let digits = String(decoding: stream[offset..<offset + 4], as: UTF8.self)
        guard let length = Int(digits, radix: 16) else { break }
        offset += max(length, 4)
        boundaries.append(offset)
    }
    return boundaries
}

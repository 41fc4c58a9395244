// Git writes commits in UTF-8: a byte that cannot stand there is taken for Latin-1.

/// `bytes` with each byte that begins no valid character in the place of two that do.
///
/// Not valid are also surrogates, what is longer than it need be, and Unicode's noncharacters.
func mendedUTF8(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(where: { $0 >= 0x80 }) else { return bytes }
    var mended: [UInt8] = []
    mended.reserveCapacity(bytes.count + 16)
    var position = 0
    while position < bytes.count {
        let byte = bytes[position]
        let length = characterLength(bytes[position...])
        if length > 0 {
            mended += bytes[position..<position + length]
            position += length
        } else {
            mended += [0xc0 + (byte >> 6), 0x80 + (byte & 0x3f)]
            position += 1
        }
    }
    return mended
}

/// How many bytes the valid character at the front of `bytes` has; 0 if there is none.
private func characterLength(_ bytes: ArraySlice<UInt8>) -> Int {
    guard let first = bytes.first else { return 0 }
    let (length, smallest): (Int, UInt32) =
        switch first {
        case 0..<0x80: (1, 0)
        case 0xc0..<0xe0: (2, 0x80)
        case 0xe0..<0xf0: (3, 0x800)
        case 0xf0..<0xf8: (4, 0x10000)
        default: (0, 0)
        }
    guard length > 1 else { return length }
    guard bytes.count >= length else { return 0 }
    var scalar = UInt32(first) & (0x7f >> UInt32(length))
    for byte in bytes.dropFirst().prefix(length - 1) {
        guard byte & 0xc0 == 0x80 else { return 0 }
        scalar = scalar << 6 | UInt32(byte & 0x3f)
    }
    let isNone =
        scalar < smallest || scalar > 0x10ffff || scalar & 0x1f_f800 == 0xd800
        || scalar & 0xfffe == 0xfffe || (0xfdd0...0xfdef).contains(scalar)
    return isNone ? 0 : length
}

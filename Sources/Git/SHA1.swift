// SHA-1 of a stream (FIPS 180-4): the checksums at the ends of a pack and its index. Object names
// are libgit2's to make, which looks for collisions too.

/// A SHA-1 in the making.
struct SHA1 {
    static let blockSize = 64

    private var state: (UInt32, UInt32, UInt32, UInt32, UInt32) = (
        0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0
    )
    private var pending: [UInt8] = []
    private var length: UInt64 = 0

    /// Adds `bytes` to what is hashed.
    mutating func update(_ bytes: [UInt8]) {
        length += UInt64(bytes.count)
        var start = 0
        if !pending.isEmpty {
            start = min(Self.blockSize - pending.count, bytes.count)
            pending += bytes[..<start]
            guard pending.count == Self.blockSize else { return }
            blocks(pending, from: 0)
            pending.removeAll(keepingCapacity: true)
        }
        let end = blocks(bytes, from: start)
        pending += bytes[end...]
    }

    /// The hash of all that was added.
    consuming func finish() -> [UInt8] {
        let bits = length * 8
        var padding: [UInt8] = [0x80]
        let used = (pending.count + 1) % Self.blockSize
        padding += [UInt8](repeating: 0, count: (Self.blockSize + 56 - used) % Self.blockSize)
        padding += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }
        update(padding)
        return [state.0, state.1, state.2, state.3, state.4].flatMap { word in
            (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) }
        }
    }

    /// Takes in every whole block of `bytes` behind `start`; where the rest begins.
    @discardableResult
    private mutating func blocks(_ bytes: [UInt8], from start: Int) -> Int {
        let count = (bytes.count - start) / Self.blockSize
        unsafe bytes.withUnsafeBytes { memory in
            unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { words in
                for block in 0..<count {
                    let offset = start + block * Self.blockSize
                    for index in 0..<16 {
                        unsafe words[index] = UInt32(
                            bigEndian: memory.loadUnaligned(
                                fromByteOffset: offset + 4 * index, as: UInt32.self))
                    }
                    for index in 16..<80 {
                        let mixed =
                            unsafe words[index - 3] ^ words[index - 8]
                            ^ words[index - 14] ^ words[index - 16]
                        unsafe words[index] = mixed << 1 | mixed >> 31
                    }
                    unsafe compress(words)
                }
            }
        }
        return start + count * Self.blockSize
    }

    private mutating func compress(_ words: UnsafeMutableBufferPointer<UInt32>) {
        var (a, b, c, d, e) = state
        for index in 0..<80 {
            let mixed: UInt32
            switch index {
            case 0..<20: mixed = (d ^ (b & (c ^ d))) &+ 0x5a82_7999
            case 20..<40: mixed = (b ^ c ^ d) &+ 0x6ed9_eba1
            case 40..<60: mixed = ((b & c) | (d & (b | c))) &+ 0x8f1b_bcdc
            default: mixed = (b ^ c ^ d) &+ 0xca62_c1d6
            }
            let next = unsafe (a << 5 | a >> 27) &+ mixed &+ e &+ words[index]
            (e, d, c, b, a) = (d, c, b << 30 | b >> 2, a, next)
        }
        state = (
            state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d, state.4 &+ e
        )
    }
}

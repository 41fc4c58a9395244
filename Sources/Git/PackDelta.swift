// Deltas as packs hold them (gitformat-pack): made between two versions that share both ends, and
// applied when a pack of ours is read back.

enum PackDelta {
    private static let longestInsert = 127
    private static let longestCopy = 0xff_ffff

    /// How to make `target` of `base`; nil if they share less than half of the target, or if that is
    /// empty: git takes no delta of less than four bytes (its `DELTA_SIZE_MIN`).
    static func between(_ base: [UInt8], _ target: [UInt8]) -> [UInt8]? {
        guard !target.isEmpty else { return nil }
        let (front, back) = sharedEnds(base, target)
        guard 2 * (front + back) >= target.count else { return nil }
        var delta = size(base.count) + size(target.count)
        copy(from: 0, front, to: &delta)
        var position = front
        while position < target.count - back {
            let count = min(longestInsert, target.count - back - position)
            delta.append(UInt8(count))
            delta += target[position..<position + count]
            position += count
        }
        copy(from: base.count - back, back, to: &delta)
        return delta
    }

    /// `base` changed as `delta` says; nil if that is damaged.
    static func apply(_ delta: [UInt8], to base: [UInt8]) -> [UInt8]? {
        var reader = DeltaReader(bytes: delta)
        guard reader.size() == base.count, let count = reader.size() else { return nil }
        var target: [UInt8] = []
        target.reserveCapacity(count)
        while let instruction = reader.next() {
            if instruction & 0x80 == 0 {
                guard let bytes = reader.take(Int(instruction)) else { return nil }
                target += bytes
            } else {
                guard let range = reader.copied(instruction), range.upperBound <= base.count else {
                    return nil
                }
                target += base[range]
            }
        }
        return target.count == count ? target : nil
    }

    /// How many bytes both begin with, and how many of the rest both end with.
    private static func sharedEnds(_ one: [UInt8], _ two: [UInt8]) -> (front: Int, back: Int) {
        let limit = min(one.count, two.count)
        return unsafe one.withUnsafeBufferPointer { one in
            unsafe two.withUnsafeBufferPointer { two in
                var front = 0
                while front < limit, unsafe one[front] == two[front] { front += 1 }
                var back = 0
                while back < limit - front,
                    unsafe one[one.count - 1 - back] == two[two.count - 1 - back]
                { back += 1 }
                return (front, back)
            }
        }
    }

    private static func size(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = count
        repeat {
            bytes.append(UInt8(rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
            rest >>= 7
        } while rest > 0
        return bytes
    }

    private static func copy(from offset: Int, _ count: Int, to delta: inout [UInt8]) {
        var start = offset
        var rest = count
        while rest > 0 {
            let length = min(rest, longestCopy)
            var instruction: UInt8 = 0x80
            var operands: [UInt8] = []
            for (index, shift) in [0, 8, 16, 24].enumerated() {
                let byte = UInt8(truncatingIfNeeded: start >> shift)
                if byte != 0 {
                    instruction |= 1 << index
                    operands.append(byte)
                }
            }
            for (index, shift) in [0, 8, 16].enumerated() {
                let byte = UInt8(truncatingIfNeeded: length >> shift)
                if byte != 0 {
                    instruction |= 0x10 << index
                    operands.append(byte)
                }
            }
            delta.append(instruction)
            delta += operands
            start += length
            rest -= length
        }
    }
}

/// Reads a delta from its front.
private struct DeltaReader {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        position += 1
        return bytes[position - 1]
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count > 0, count <= bytes.count - position else { return nil }
        position += count
        return bytes[position - count..<position]
    }

    mutating func size() -> Int? {
        var size = 0
        var shift = 0
        while let byte = next(), shift < 56 {
            size |= Int(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return size }
            shift += 7
        }
        return nil
    }

    mutating func copied(_ instruction: UInt8) -> Range<Int>? {
        var start = 0
        var count = 0
        for index in 0..<7 where instruction & (1 << index) != 0 {
            guard let byte = next() else { return nil }
            if index < 4 { start |= Int(byte) << (8 * index) }
            if index >= 4 { count |= Int(byte) << (8 * (index - 4)) }
        }
        if count == 0 { count = 0x10000 }
        return start..<start + count
    }
}

// The name of a git object: SHA-1 of its type, size and content.

/// An object id of a SHA-1 repository: 20 bytes, written as 40 hexadecimal digits.
public struct ObjectID: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let middle: UInt64
    private let low: UInt32

    /// Bytes in an id.
    public static let size = 20

    /// What stands for "no object" where an id must stand.
    public static let zero = ObjectID(high: 0, middle: 0, low: 0)

    private init(high: UInt64, middle: UInt64, low: UInt32) {
        self.high = high
        self.middle = middle
        self.low = low
    }

    /// The id in the first 20 of `bytes`; nil if there are fewer.
    ///
    /// Each kind of bytes has its own: a tree is read entry by entry, and one for any collection would
    /// go through its witnesses byte by byte.
    public init?(bytes: ArraySlice<UInt8>) {
        guard let id = unsafe bytes.withUnsafeBytes({ unsafe Self(bytes: $0) }) else { return nil }
        self = id
    }

    public init?(bytes: [UInt8]) { self.init(bytes: bytes[...]) }

    public init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Self.size else { return nil }
        unsafe self.init(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            middle: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
            low: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
    }

    /// Exactly 40 hexadecimal digits, in either case; nil for anything else.
    public init?(_ hexadecimal: some StringProtocol) {
        self.init(hexadecimal: Array(hexadecimal.utf8)[...])
    }

    /// The same, of bytes.
    public init?(hexadecimal digits: ArraySlice<UInt8>) {
        guard digits.count == 2 * Self.size else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.size)
        var pending: UInt8?
        for character in digits {
            guard let digit = Self.digit(character) else { return nil }
            if let first = pending {
                bytes.append(first << 4 | digit)
                pending = nil
            } else {
                pending = digit
            }
        }
        self.init(bytes: bytes)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    public var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: middle >> (56 - 8 * $0)) }
            + (0..<4).map { UInt8(truncatingIfNeeded: low >> (24 - 8 * $0)) }
    }

    public var isZero: Bool { self == .zero }

    /// 40 digits in lower case.
    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(
            decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The first seven digits, for a person to read.
    public var short: String { String(description.prefix(7)) }
}

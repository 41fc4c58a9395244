// Finds the packets in a stream that comes in pieces cut anywhere; gitprotocol-common(5).
//
// Built for reading along: of each payload only a short prefix is kept, and the rest is stepped
// over in one move a piece.

/// A scanner of pkt-lines. Give it each piece once, and ask until it has no more.
public struct PacketLineParser: Sendable {
    /// How much of each payload is kept if the owner names no other limit: enough for a `want` line
    /// with its capabilities.
    public static let usualPrefix = 1024

    private enum Expectation {
        case header
        case payload(left: Int)
        case nothing
    }

    private let prefixLimit: Int
    private var expectation = Expectation.header
    private var payloadLength = 0

    /// The header of the packet that was last begun: fewer than four bytes while it is incomplete.
    public private(set) var header: [UInt8] = []
    /// The first bytes of the payload of the packet that was last begun, as far as they came.
    /// After a control packet it is empty.
    public private(set) var prefix: [UInt8] = []

    public init(prefixLimit: Int = usualPrefix) {
        self.prefixLimit = prefixLimit
        header.reserveCapacity(PacketLine.headerLength)
        prefix.reserveCapacity(prefixLimit)
    }

    /// Whether the last packet ended with the last byte read, or none was read yet.
    public var isAtBoundary: Bool {
        if case .header = expectation {
            return header.isEmpty || header.count == PacketLine.headerLength
        }
        return false
    }

    /// The next packet that ends within `bytes`, reading from `offset` and moving it along. Nil when
    /// all of `bytes` is read.
    ///
    /// - Throws: ``PacketLineError/badHeader(_:)`` with the four bytes that are no length; `offset`
    ///   is then behind them. Nothing can be found after that: each later call throws the same.
    public mutating func next(
        in bytes: RawSpan, from offset: inout Int
    ) throws(PacketLineError) -> PacketLine? {
        while true {
            switch expectation {
            case .header:
                guard takeHeader(bytes, &offset) else { return nil }
                if let packet = try beginPacket() { return packet }
            case .payload(let left):
                let count = min(left, bytes.byteCount - offset)
                keepPrefix(bytes, offset, count)
                offset += count
                guard count == left else {
                    expectation = .payload(left: left - count)
                    return nil
                }
                expectation = .header
                return .data(length: payloadLength)
            case .nothing:
                throw .badHeader(header)
            }
        }
    }

    private mutating func takeHeader(_ bytes: RawSpan, _ offset: inout Int) -> Bool {
        guard offset < bytes.byteCount else { return false }
        if header.count == PacketLine.headerLength {
            header.removeAll(keepingCapacity: true)
            prefix.removeAll(keepingCapacity: true)
        }
        let wanted = min(PacketLine.headerLength - header.count, bytes.byteCount - offset)
        bytes.append(offset..<offset + wanted, to: &header)
        offset += wanted
        return header.count == PacketLine.headerLength
    }

    /// Reads the whole header. Returns the packet if it has no payload to wait for.
    private mutating func beginPacket() throws(PacketLineError) -> PacketLine? {
        switch length(of: header) {
        case 0: return .flush
        case 1: return .delimiter
        case 2: return .responseEnd
        case PacketLine.headerLength: return .data(length: 0)
        case let length? where PacketLine.legalLengths.contains(length):
            payloadLength = length - PacketLine.headerLength
            expectation = .payload(left: payloadLength)
            return nil
        default:
            expectation = .nothing
            throw .badHeader(header)
        }
    }

    private func length(of header: [UInt8]) -> Int? {
        var length = 0
        for byte in header {
            guard let digit = byte.hexDigit else { return nil }
            length = length << 4 | digit
        }
        return length
    }

    private mutating func keepPrefix(_ bytes: RawSpan, _ offset: Int, _ count: Int) {
        let kept = min(count, prefixLimit - prefix.count)
        if kept > 0 { bytes.append(offset..<offset + kept, to: &prefix) }
    }
}

extension PacketLine {
    fileprivate static let legalLengths = headerLength...maximumLength
}

extension RawSpan {
    /// Copies the bytes at `range` to the end of `array`.
    func append(_ range: Range<Int>, to array: inout [UInt8]) {
        unsafe extracting(range).withUnsafeBytes { unsafe array.append(contentsOf: $0) }
    }
}

extension UInt8 {
    /// The value of a hexadecimal digit; git takes both cases.
    fileprivate var hexDigit: Int? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(self - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(self - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(self - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}

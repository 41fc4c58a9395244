// Packets as git frames them, and how one is written; see gitprotocol-common(5), "pkt-line Format".
//
// Reading them is PacketLineParser's. Conversation and RequestRecorder live on both.

/// One packet, without its payload.
public enum PacketLine: Sendable, Equatable {
    /// `length` payload bytes, 0 to ``maximumPayload``.
    case data(length: Int)
    /// `0000`: the end of a message.
    case flush
    /// `0001`: the end of a section within a message (protocol v2).
    case delimiter
    /// `0002`: the end of a response where each has its own connection (stateless v2).
    case responseEnd

    /// Four hexadecimal digits, which count themselves.
    public static let headerLength = 4
    /// git's `LARGE_PACKET_MAX`, header included.
    public static let maximumLength = 65520
    public static let maximumPayload = maximumLength - headerLength

    /// A data packet around `payload`.
    ///
    /// - Throws: ``PacketLineError`` if it is longer than ``maximumPayload``.
    public static func encode(_ payload: some Collection<UInt8>) throws(PacketLineError) -> [UInt8]
    {
        guard payload.count <= maximumPayload else {
            throw .payloadTooLong(payload.count)
        }
        return header(payload.count + headerLength) + payload
    }

    /// A data packet around the UTF-8 bytes of `text`; a line feed is the caller's to add.
    ///
    /// - Throws: ``PacketLineError`` if it is longer than ``maximumPayload``.
    public static func encode(_ text: String) throws(PacketLineError) -> [UInt8] {
        try encode(text.utf8)
    }

    public static let flushBytes = header(0)
    public static let delimiterBytes = header(1)

    private static func header(_ value: Int) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return [12, 8, 4, 0].map { digits[value >> $0 & 0xf] }
    }
}

/// What cannot be a packet.
public enum PacketLineError: Error, Sendable, Equatable {
    /// These four bytes stand where a packet's length belongs.
    case badHeader([UInt8])
    case payloadTooLong(Int)
}

// What a git-receive-pack says before it is asked anything: its refs and what it can do
// (gitprotocol-pack(5), "Reference Discovery"). Module Git reads it before a push.

import Model

/// The advertisement of one git-receive-pack, taken in as it comes.
public struct PushAdvertisement: Sendable {
    /// More than this is no list of refs.
    public static let maximumLength = 1 << 28

    /// The names that ``refs`` is to hold; of the others there may be very many.
    private let names: Set<RefName>
    /// The same, for a quick look: as text, two spellings of one letter are equal.
    private let texts: Set<String>
    private var parser = PacketLineParser(prefixLimit: PacketLine.maximumPayload)
    private var length = 0

    /// What the far side has of the names that were asked for.
    public private(set) var refs: [RefName: ObjectID] = [:]
    public private(set) var capabilities: Set<String> = []
    /// The far side's refusal, if that came instead.
    public private(set) var refusal: String?
    public private(set) var isComplete = false
    private var hasBegun = false

    /// - Parameter names: what the caller wants to know of.
    public init(of names: some Sequence<RefName>) {
        self.names = Set(names)
        texts = Set(names.map(\.description))
    }

    /// Takes the next piece in, up to the advertisement's end. Returns how many bytes it used.
    ///
    /// - Throws: ``PushProtocolError`` for what is no advertisement.
    public mutating func take(_ bytes: RawSpan) throws(PushProtocolError) -> Int {
        var offset = 0
        while !isComplete {
            let packet: PacketLine?
            do throws(PacketLineError) { packet = try parser.next(in: bytes, from: &offset) } catch
            {
                throw PushProtocolError(error)
            }
            guard let packet else { break }
            switch packet {
            case .flush: isComplete = true
            case .data: try takeLine(parser.prefix)
            case .delimiter, .responseEnd: throw .unexpected("a packet of protocol v2")
            }
        }
        length += offset
        guard length <= Self.maximumLength else { throw .unexpected("a list of refs without end") }
        return offset
    }

    private mutating func takeLine(_ payload: [UInt8]) throws(PushProtocolError) {
        var line = payload[...]
        if line.last == UInt8(ascii: "\n") { line.removeLast() }
        if line.starts(with: "ERR ".utf8) {
            refusal = String(decoding: line.dropFirst(4), as: UTF8.self).harmless
            return
        }
        if line.starts(with: "version ".utf8) || line.starts(with: "shallow ".utf8) { return }
        if !hasBegun, let zero = line.firstIndex(of: 0) {
            let words = String(decoding: line[(zero + 1)...], as: UTF8.self)
            capabilities = Set(words.split(separator: " ").map(String.init))
            line = line[..<zero]
        }
        hasBegun = true
        let idEnd = line.startIndex + 2 * ObjectID.size
        guard idEnd < line.endIndex, line[idEnd] == UInt8(ascii: " "),
            let id = ObjectID(hexadecimal: line[..<idEnd])
        else { throw .unexpected(PushProtocolError.shown(line)) }
        // Others are not looked at further: `.have`, `capabilities^{}`, names that nobody asked for.
        let text = String(decoding: line[(idEnd + 1)...], as: UTF8.self)
        guard texts.contains(text), let name = RefName(text), names.contains(name) else { return }
        refs[name] = id
    }
}

/// A git-receive-pack said what the protocol has not there.
public struct PushProtocolError: Error, Sendable, Equatable {
    /// What it said, harmless.
    public let said: String

    static func unexpected(_ said: String) -> Self { Self(said) }

    public init(_ said: String) { self.said = said }

    init(_ error: PacketLineError) {
        switch error {
        case .badHeader(let bytes): said = Self.shown(bytes[...])
        case .payloadTooLong(let count): said = "a packet of \(count) bytes"
        }
    }

    /// The start of what came, for a message.
    static func shown(_ bytes: ArraySlice<UInt8>) -> String {
        "\"\(String(decoding: bytes.prefix(60), as: UTF8.self))\"".harmless
    }
}

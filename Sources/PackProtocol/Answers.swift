// The server's side of a conversation: finds its packets, and knows a refusal, a pack without
// packets and something that is no git server. Whose turn it is, is left to Turns.
//
// Conversation feeds it. gitprotocol-pack(5), gitprotocol-v2(5).

/// What a server has said so far.
struct Answers {
    /// How the next bytes are to be read.
    enum Reading {
        /// Packets up to the first flush.
        case advertisement
        /// Packets that answer requests.
        case answers
        /// A pack without packets around it, to the end of the stream.
        case rawPack
        /// Nothing counts after a refusal.
        case refusal
        /// Something that is no packet: not understood from there on.
        case foreign
    }

    private let service: Service
    private var parser = PacketLineParser()
    private var isFirstPacket = true

    private(set) var reading: Reading
    private(set) var version: Int?
    /// What the server said as it refused.
    private(set) var refusal: String?
    private(set) var foreignLine = ForeignLine()

    private(set) var classic = ClassicTurns()
    private(set) var commands = CommandTurns()
    private(set) var archive = ArchiveTurns()

    init(service: Service) {
        self.service = service
        reading = service == .uploadPack ? .advertisement : .answers
    }

    var isAtBoundary: Bool { parser.isAtBoundary }

    mutating func read(_ bytes: RawSpan, to requests: Requests) {
        var offset = 0
        do {
            while isReadingPackets, let packet = try parser.next(in: bytes, from: &offset) {
                note(packet, requests)
            }
            if isFirstPacket, isReadingPackets, !parser.isAtBoundary,
                !service.canOpen(with: parser.prefix, isWhole: false)
            {
                giveUp()
            }
        } catch {
            if startsRawPack(requests) { reading = .rawPack } else { giveUp() }
        }
        if reading == .foreign { foreignLine.append(Span(_bytes: bytes), from: offset) }
    }

    private var isReadingPackets: Bool { reading == .advertisement || reading == .answers }

    /// A pack without side-band begins where a packet could: `PACK` is no length.
    private func startsRawPack(_ requests: Requests) -> Bool {
        service == .uploadPack && version != 2 && reading == .answers && !requests.sideBand
            && classic.owesPack(requests) && parser.header.elementsEqual("PACK".utf8)
    }

    // MARK: packets

    private mutating func note(_ packet: PacketLine, _ requests: Requests) {
        if isFirstPacket {
            isFirstPacket = false
            guard noteOpening(packet) else { return giveUp() }
        }
        if case .data = packet, let text = parser.prefix.refusal {
            refusal = text
            reading = .refusal
        } else if reading == .advertisement {
            if packet == .flush { reading = .answers }
        } else if service == .uploadArchive {
            archive.note(packet)
        } else if version == 2 {
            commands.note(packet, parser.prefix)
        } else {
            classic.note(packet, parser.prefix, requests)
        }
    }

    /// Learns the version from the first packet; false if a server could not have begun so.
    private mutating func noteOpening(_ packet: PacketLine) -> Bool {
        switch packet {
        case .delimiter, .responseEnd: return false
        case .flush:
            // An empty repository has nothing to advertise.
            guard service == .uploadPack else { return false }
            version = 0
        case .data:
            guard service.canOpen(with: parser.prefix, isWhole: true) else { return false }
            if service == .uploadPack && parser.prefix.refusal == nil {
                version = parser.prefix.announcedVersion ?? 0
            }
        }
        return true
    }

    private mutating func giveUp() {
        reading = .foreign
        let begun = parser.header + parser.prefix
        foreignLine.append(begun.span, from: 0)
    }
}

extension [UInt8] {
    /// The text of a packet that refuses: `ERR` (gitprotocol-pack(5)), `NACK`
    /// (git-upload-archive(1)), or the side-band's third channel, which git takes as fatal too.
    fileprivate var refusal: String? {
        let text: ArraySlice<UInt8>
        if first == 3 {
            text = dropFirst()
        } else if starts(with: "ERR ".utf8) {
            text = dropFirst("ERR ".utf8.count)
        } else if starts(with: "NACK".utf8) {
            text = dropFirst("NACK".utf8.count).drop { $0 == UInt8(ascii: " ") }
        } else {
            return nil
        }
        // git ends some of these with a line feed, and one with a NUL.
        let end = text.lastIndex { $0 != UInt8(ascii: "\n") && $0 != 0 }
        return String(decoding: text[..<(end.map { $0 + 1 } ?? text.startIndex)], as: UTF8.self)
    }
}

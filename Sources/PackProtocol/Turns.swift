// Whose turn it is and whether anything is missing, protocol by protocol: the rules themselves.
// Answers feeds them; Conversation asks. All of them look at whole packets only.
//
// What the documents leave open was looked up in git 2.39's upload-pack.c and upload-archive.c.

/// Protocol v2: each request has exactly one response, and both end with a flush; gitprotocol-v2(5).
struct CommandTurns {
    private(set) var responses = 0
    /// Whether packets came since the last response's end.
    private var responseBegan = false
    /// Whether this response has come to its pack.
    private(set) var packBegan = false
    /// Whether some response has brought a pack, whole.
    private(set) var packHasCome = false

    mutating func note(_ packet: PacketLine, _ payload: [UInt8]) {
        switch packet {
        case .data:
            responseBegan = true
            if payload.isSideBand { packBegan = true }
        case .delimiter: responseBegan = true
        case .responseEnd: break
        case .flush:
            responses += 1
            responseBegan = false
            if packBegan { packHasCome = true }
            packBegan = false
        }
    }

    func owesAnswer(to requests: Requests) -> Bool {
        responseBegan || responses < requests.messages
    }

    func isWhole(for requests: Requests) -> Bool {
        !responseBegan && responses == requests.messages && !requests.isOpen
    }
}

/// Protocols v0 and v1 after the advertisement: wants, rounds of haves, the pack; gitprotocol-pack(5).
struct ClassicTurns {
    private var naks = 0
    private var commonFound = false
    private var readySaid = false
    /// Whether the server goes on to the pack though no "done" was said: it is ready, and the
    /// client allowed it with "no-done".
    private var goesOn = false
    /// Whether the answer to "deepen" lines has ended.
    private var boundarySent = false
    private(set) var packBegan = false
    private(set) var packEnded = false

    mutating func note(_ packet: PacketLine, _ payload: [UInt8], _ requests: Requests) {
        switch packet {
        case .data where payload.isSideBand && requests.sideBand:
            packBegan = true
            packEnded = false
        case .data:
            packEnded = false
            noteAcknowledgement(payload.line, requests)
        case .flush:
            if packBegan { packEnded = true } else { boundarySent = requests.deepens }
        case .delimiter, .responseEnd: packEnded = false
        }
    }

    private mutating func noteAcknowledgement(_ line: ArraySlice<UInt8>, _ requests: Requests) {
        if line.elementsEqual("NAK".utf8) {
            naks += 1
            goesOn = readySaid && requests.noDone
        } else if line.starts(with: "ACK ".utf8) {
            commonFound = true
            if line.reversed().starts(with: " ready".utf8.reversed()) { readySaid = true }
        }
    }

    /// Whether all that can come now is the rest of the answer, up to the end of the pack.
    func owesPack(_ requests: Requests) -> Bool {
        !packEnded && (requests.isDone || goesOn)
    }

    func owesAnswer(to requests: Requests) -> Bool {
        guard requests.form == .wants, requests.messages > 0, !packEnded else { return false }
        if owesPack(requests) || requests.deepens && !boundarySent { return true }
        // Every flush after the first ends a round of haves. Each is answered by a NAK; without
        // multi_ack, a single ACK takes the place of all NAKs still to come.
        return naks < requests.messages - 1 && (requests.multiAck || !commonFound)
    }

    func isWhole(for requests: Requests) -> Bool {
        requests.form == .wants ? packEnded : !requests.isOpen
    }
}

/// git-upload-archive(1): `ACK`, flush, then the archive in side-band packets, flush.
struct ArchiveTurns {
    private var flushes = 0

    var isPromised: Bool { flushes > 0 }
    private(set) var isWhole = false

    mutating func note(_ packet: PacketLine) {
        if packet == .flush { flushes += 1 }
        isWhole = packet == .flush && flushes == 2
    }

    func owesAnswer(to requests: Requests) -> Bool { !isWhole && requests.messages > 0 }
}

extension [UInt8] {
    /// Whether this packet carries a piece of a pack or of progress: side-band 1 or 2.
    fileprivate var isSideBand: Bool { first == 1 || first == 2 }
}

// Reads along one conversation with a git service, both ways, and knows whose turn it is and whether
// the server's stream ended whole. Transport's relay observer is one; nothing here touches a byte.

/// A conversation between git (the client) and a pod's git service (the server).
///
/// Give it every byte, in pieces cut anywhere, and the client's before the answers to them. It
/// keeps a bounded memory and never fails: what it does not understand counts as a server that
/// still owes its answer.
public final class Conversation {
    private let service: Service
    private var requests: Requests
    private var answers: Answers

    public init(service: Service) {
        self.service = service
        requests = Requests(service: service)
        answers = Answers(service: service)
    }

    /// These bytes went from the client to the server.
    public func sending(_ bytes: RawSpan) { requests.read(bytes) }

    /// These bytes came from the server.
    public func received(_ bytes: RawSpan) { answers.read(bytes, to: requests) }

    /// Whether the server owes something: only then can it be called silent.
    public var awaitsFar: Bool {
        switch answers.reading {
        case .refusal: false
        case .advertisement, .rawPack, .foreign: true
        case .answers:
            if !isUnderstood || !answers.isAtBoundary {
                true
            } else if service == .uploadArchive {
                answers.archive.owesAnswer(to: requests)
            } else if version == 2 {
                answers.commands.owesAnswer(to: requests)
            } else {
                answers.classic.owesAnswer(to: requests)
            }
        }
    }

    /// Whether nothing would be missing if the server's stream ended now.
    ///
    /// A refusal is whole. A pack without side-band counts as whole once it began: its end is
    /// known to git alone, which checks its trailer.
    public var isComplete: Bool {
        switch answers.reading {
        case .refusal, .rawPack: true
        case .advertisement, .foreign: false
        case .answers:
            if !isUnderstood || !answers.isAtBoundary {
                false
            } else if service == .uploadArchive {
                answers.archive.isWhole
            } else if version == 2 {
                answers.commands.isWhole(for: requests)
            } else {
                answers.classic.isWhole(for: requests)
            }
        }
    }

    /// Whether it is the server's part to end now, though the client has not closed its side: it has
    /// refused, it has sent the one pack or archive of the older protocols, or a lone flush from the
    /// client said that nothing more will be asked. A v2 server that ends otherwise was cut off, even
    /// between two requests, where nothing is missing yet.
    public var isServersToEnd: Bool {
        switch answers.reading {
        case .refusal, .rawPack: true
        case .advertisement, .foreign: false
        case .answers:
            requests.isOver || answers.archive.isWhole
                || version != 2 && answers.classic.packEnded
        }
    }

    /// Whether a pack has come whole, so that the client may need nothing more: git 2.39 then closes
    /// its side of v2 without a word.
    public var packHasCome: Bool {
        switch answers.reading {
        case .advertisement, .foreign, .refusal, .rawPack: false
        case .answers: answers.commands.packHasCome || answers.classic.packEnded
        }
    }

    /// The protocol version the server speaks (0, 1 or 2); nil before its first packet, and for
    /// upload-archive, which has none.
    public var version: Int? { answers.version }

    /// The words of a refusal: an `ERR` packet, upload-archive's `NACK`, or a message on the
    /// side-band's error channel. As the server sent them, at most 1 KiB; the caller makes them
    /// harmless.
    public var remoteError: String? { answers.refusal }

    /// Where the server's bytes stopped being packets: the first line there, at most 200 bytes, as
    /// it came. Mostly a login banner or a shell's message at the very start.
    public var protocolViolation: String? {
        answers.reading == .foreign ? answers.foreignLine.text : nil
    }

    /// Whether both sides speak the same protocol, in packets.
    private var isUnderstood: Bool {
        switch requests.form {
        case .wants: requests.isUnderstood && version != 2
        case .commands: requests.isUnderstood && version == 2
        case .nothing, .arguments: requests.isUnderstood
        }
    }

    /// Where the conversation stands, to end a sentence with: "while receiving the pack".
    public var stage: String {
        if service == .uploadArchive {
            if answers.archive.isWhole { return "after the archive" }
            return answers.archive.isPromised
                ? "while receiving the archive" : "while asking for the archive"
        }
        if version == nil { return "while waiting for the advertisement" }
        if answers.reading == .advertisement { return "while receiving the advertisement" }
        if answers.reading == .rawPack { return "while receiving the pack" }
        return version == 2 ? commandStage : classicStage
    }

    private var commandStage: String {
        guard answers.commands.owesAnswer(to: requests) else { return "between requests" }
        switch requests.command {
        case .lsRefs: return "while listing refs"
        case .other: return "while waiting for an answer"
        case .fetch:
            if answers.commands.packBegan { return "while receiving the pack" }
            return requests.isDone ? "while waiting for the pack" : "while negotiating"
        }
    }

    private var classicStage: String {
        guard requests.form == .wants else { return "after the advertisement" }
        if answers.classic.packEnded { return "after the pack" }
        if answers.classic.packBegan { return "while receiving the pack" }
        return requests.isDone ? "while waiting for the pack" : "while negotiating"
    }
}

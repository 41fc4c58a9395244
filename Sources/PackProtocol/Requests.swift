// The client's side of a conversation, as far as it decides whose turn it is: how many messages
// have ended, and which kind of answer they ask for. Conversation compares it with Answers.
//
// gitprotocol-pack(5) "Packfile Negotiation", gitprotocol-v2(5) "Command Request",
// git-upload-archive(1).

/// What a client has asked so far.
struct Requests {
    /// The client's own words tell which protocol it speaks, whatever the server announced.
    enum Form {
        case nothing, wants, commands, arguments
    }

    enum Command {
        case lsRefs, fetch, other
    }

    private let service: Service
    private var parser = PacketLineParser()

    private(set) var form = Form.nothing
    /// False from the first bytes on that are no packet.
    private(set) var isUnderstood = true
    /// Messages that were not empty and ended with a flush.
    private(set) var messages = 0
    private var messageBegan = false
    /// Whether a lone flush said that nothing more will be asked.
    private(set) var isOver = false

    /// The command asked for last (v2).
    private(set) var command = Command.other
    /// Whether negotiation is over for the client: the pack is all it waits for.
    private(set) var isDone = false

    /// What the capabilities on the first `want` line change about the answers (v0, v1).
    private(set) var sideBand = false
    private(set) var multiAck = false
    private(set) var noDone = false
    /// Whether the wants ask for a new shallow boundary, which is an answer of its own (v0, v1).
    private(set) var deepens = false

    init(service: Service) { self.service = service }

    /// Whether a message was begun and not ended.
    var isOpen: Bool { messageBegan || !parser.isAtBoundary }

    mutating func read(_ bytes: RawSpan) {
        var offset = 0
        do {
            while let packet = try parser.next(in: bytes, from: &offset) { note(packet) }
        } catch {
            isUnderstood = false
        }
    }

    private mutating func note(_ packet: PacketLine) {
        guard !isOver else { return }
        switch packet {
        case .data: noteLine(parser.prefix.line)
        case .flush: noteFlush()
        case .delimiter, .responseEnd: messageBegan = true
        }
    }

    private mutating func noteFlush() {
        if messageBegan || form == .wants {
            messages += 1
        } else {
            isOver = true
        }
        messageBegan = false
    }

    private mutating func noteLine(_ line: ArraySlice<UInt8>) {
        if form == .nothing { form = Self.form(of: line, to: service) }
        messageBegan = true
        switch form {
        case .nothing, .arguments: break
        case .commands: noteCommandLine(line)
        case .wants where messages == 0: noteWantLine(line)
        case .wants: if line.elementsEqual("done".utf8) { isDone = true }
        }
    }

    private static func form(of line: ArraySlice<UInt8>, to service: Service) -> Form {
        guard service == .uploadPack else { return .arguments }
        let wants = ["want ", "shallow ", "deepen", "filter "]
        return wants.contains { line.starts(with: $0.utf8) } ? .wants : .commands
    }

    private mutating func noteCommandLine(_ line: ArraySlice<UInt8>) {
        if line.starts(with: "command=".utf8) {
            let name = line.dropFirst("command=".utf8.count)
            command =
                name.elementsEqual("fetch".utf8)
                ? .fetch : name.elementsEqual("ls-refs".utf8) ? .lsRefs : .other
            isDone = false
        } else if line.elementsEqual("done".utf8) {
            isDone = true
        }
    }

    private mutating func noteWantLine(_ line: ArraySlice<UInt8>) {
        if line.starts(with: "deepen".utf8) { deepens = true }
        guard line.starts(with: "want ".utf8) else { return }
        for capability in line.split(separator: UInt8(ascii: " ")).dropFirst(2) {
            switch String(decoding: capability, as: UTF8.self) {
            case "side-band", "side-band-64k": sideBand = true
            case "multi_ack", "multi_ack_detailed": multiAck = true
            case "no-done": noDone = true
            default: break
            }
        }
    }
}

extension [UInt8] {
    /// These bytes without the one line feed that may end them.
    var line: ArraySlice<UInt8> { last == UInt8(ascii: "\n") ? dropLast() : self[...] }
}

// Recorded conversations: Tests/Fixtures/conversations, whose README.md explains the format.

import PackProtocol
import TestSupport
import Testing

/// Who a piece of a conversation comes from.
enum Side { case client, server }

/// A packet, or bytes without one, and what must be true behind it.
struct Step {
    let side: Side
    let bytes: [UInt8]
    var owes: Bool
    var isWhole = false
}

struct Transcript: CustomStringConvertible {
    let name: String
    private(set) var steps: [Step] = []

    var description: String { name }
    var service: Service { name.hasPrefix("archive") ? .uploadArchive : .uploadPack }
    /// The version that the name begins with.
    var version: Int? { name.hasPrefix("v") ? name.dropFirst().first?.wholeNumberValue : nil }

    init(_ name: String) throws {
        self.name = name
        let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        let text = contents("/\(folder)/Fixtures/conversations/\(name).txt")
        var owes = !name.hasPrefix("archive")
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            switch line {
            case "= whole": steps[steps.count - 1].isWhole = true
            case "= far", "= near":
                owes = line == "= far"
                steps[steps.count - 1].owes = owes
            default:
                let side: Side = line.first == "C" ? .client : .server
                steps.append(Step(side: side, bytes: try Self.bytes(line.dropFirst()), owes: owes))
            }
        }
        try #require(!steps.isEmpty)
    }

    private static func bytes(_ line: Substring) throws -> [UInt8] {
        switch line.first {
        case ">": try PacketLine.encode(unescaped(line.dropFirst(2)))
        case "!": try unescaped(line.dropFirst(2))
        default: Array(line.dropFirst().utf8)
        }
    }

    private static func unescaped(_ text: Substring) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch kind {
            case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
            case UInt8(ascii: "0"): bytes.append(0)
            case UInt8(ascii: "x"):
                let digits = try #require(String(rest.prefix(2)))
                bytes.append(try #require(UInt8(digits, radix: 16)))
                rest = rest.dropFirst(2)
            default: bytes.append(kind)
            }
        }
        return bytes
    }

    static let names = [
        "v0-clone", "v0-empty", "v0-fetch", "v0-ls-remote", "v0-refused", "v0-shallow",
        "v0-single-ack", "v1-clone", "v2-broken", "v2-clone", "v2-fetch", "v2-ls-remote",
        "v2-refused", "v2-shallow", "archive", "archive-refused",
    ]
}

extension Conversation {
    func take(_ side: Side, _ bytes: [UInt8]) {
        switch side {
        case .client: unsafe sending(bytes.span.bytes)
        case .server: unsafe received(bytes.span.bytes)
        }
    }

    func send(_ lines: String...) { unsafe sending(packets(lines).span.bytes) }
    func receive(_ lines: String...) { unsafe received(packets(lines).span.bytes) }

    /// A conversation that has come to the end of the server's advertisement.
    static func advertised(version: Int) -> Conversation {
        let conversation = Conversation(service: .uploadPack)
        switch version {
        case 2: conversation.receive("version 2\n", "agent=git/2.39.5\n", "0000")
        default: conversation.receive("\(oid) HEAD\0multi_ack side-band-64k\n", "0000")
        }
        return conversation
    }

    /// All that can be asked of a conversation, to compare two of them.
    var summary: String {
        """
        \(awaitsFar) \(isComplete) \(version.map(String.init) ?? "-") \(stage)
        \(remoteError ?? "-") \(protocolViolation ?? "-")
        """
    }
}

let oid = "0e726fc9a00bbc853ced558656bebd25dc0d9297"
let otherOid = "c97f2c1be88cfc12848edff80c5693d7e157693d"

/// A packet each; `0000`, `0001` and `0002` are the packets without payload.
func packets(_ lines: [String]) -> [UInt8] {
    lines.flatMap { line in
        ["0000", "0001", "0002"].contains(line)
            ? Array(line.utf8) : (try? PacketLine.encode(line)) ?? []
    }
}

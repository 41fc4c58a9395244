// What a git-receive-pack says of a push: report-status, on the side band or plain, and what hooks
// write meanwhile (gitprotocol-pack(5), "Report Status" and "Packfile Data").

import Model

/// The answer to one command list, taken in as it comes.
public struct PushReport: Sendable {
    /// No report about the refs of one push is longer.
    public static let maximumLength = 1 << 24

    /// What is said of one ref.
    public enum Status: Sendable, Equatable {
        case ok
        /// `ng`, with the far side's reason.
        case refused(String)
    }

    private let hasSideband: Bool
    private var outer = PacketLineParser(prefixLimit: PacketLine.maximumPayload)
    private var inner = PacketLineParser(prefixLimit: PacketLine.maximumPayload)
    private var length = 0
    /// Whether all is said about the refs; hooks may go on over there.
    public private(set) var hasReport = false

    /// Whether it has said what became of the pack, which comes before all else.
    private var hasUnpackStatus = false
    public private(set) var statuses: [RefName: Status] = [:]
    /// Why the pack was not taken, if it was not: then no ref was moved, whatever is said of it.
    public private(set) var unpackError: String?
    /// Whether the far side has said all.
    public private(set) var isComplete = false

    /// What the far side writes for a person, since it was last asked for.
    private var words: [UInt8] = []

    public init(offered: Set<String>) { hasSideband = offered.contains("side-band-64k") }

    /// Takes the next piece in.
    ///
    /// - Throws: ``PushProtocolError`` for what is no report, and with the far side's own words if it
    ///   gave up.
    public mutating func take(_ bytes: RawSpan) throws(PushProtocolError) {
        var offset = 0
        while !isComplete {
            let packet: PacketLine?
            do throws(PacketLineError) { packet = try outer.next(in: bytes, from: &offset) } catch {
                throw PushProtocolError(error)
            }
            guard let packet else { return }
            switch packet {
            case .flush:
                isComplete = true
                if !hasSideband { hasReport = true }
            case .data: try hasSideband ? takeBand(outer.prefix) : takeLine(outer.prefix)
            case .delimiter, .responseEnd: throw .unexpected("a packet of protocol v2")
            }
        }
        if !hasReport { throw .unexpected("the end of its answer, and no report") }
    }

    /// What the far side wrote for a person meanwhile.
    public mutating func takeWords() -> [UInt8] {
        defer { words.removeAll() }
        return words
    }

    private mutating func takeBand(_ payload: [UInt8]) throws(PushProtocolError) {
        switch payload.first {
        case 1: try takeReport(Array(payload.dropFirst()))
        case 2: words += payload.dropFirst()
        case 3:
            throw .unexpected(PushProtocolError.shown(payload.dropFirst()))
        default: throw .unexpected("a band that is none: \(PushProtocolError.shown(payload[...]))")
        }
    }

    private mutating func takeReport(_ bytes: [UInt8]) throws(PushProtocolError) {
        length += bytes.count
        guard length <= Self.maximumLength else { throw .unexpected("a report without end") }
        var offset = 0
        while true {
            let packet: PacketLine?
            do throws(PacketLineError) {
                packet = try inner.next(in: unsafe bytes.span.bytes, from: &offset)
            } catch { throw PushProtocolError(error) }
            switch packet {
            case nil: return
            case .flush: hasReport = true
            case .data: try takeLine(inner.prefix)
            default: throw .unexpected("a packet of protocol v2")
            }
        }
    }

    private mutating func takeLine(_ payload: [UInt8]) throws(PushProtocolError) {
        var text = String(decoding: payload, as: UTF8.self)
        if text.hasSuffix("\n") { text.removeLast() }
        let parts = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            .map(String.init)
        switch parts.first {
        case "unpack" where parts.count > 1 && !hasUnpackStatus:
            hasUnpackStatus = true
            let said = parts.dropFirst().joined(separator: " ")
            if said != "ok" { unpackError = said }
        case _ where !hasUnpackStatus: throw .unexpected(PushProtocolError.shown(payload[...]))
        case "ok" where parts.count == 2: note(parts[1], .ok)
        case "ng" where parts.count == 3: note(parts[1], .refused(parts[2]))
        case "ng" where parts.count == 2: note(parts[1], .refused("no reason given"))
        // An explanation of the line before (report-status-v2, which we do not ask for).
        case "option": break
        default: throw .unexpected(PushProtocolError.shown(payload[...]))
        }
    }

    /// What is no ref's name was not asked for. Whatever else is said of a ref that was refused, it was
    /// refused.
    private mutating func note(_ name: String, _ status: Status) {
        guard let name = RefName(name), statuses[name] == nil || status != .ok else { return }
        statuses[name] = status
    }
}

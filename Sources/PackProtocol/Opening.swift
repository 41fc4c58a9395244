// How a git server can begin, and what is kept of something that is none: a login banner, a shell's
// message. Answers asks, so that an error can quote the words instead of "bad line length".

extension Service {
    /// Whether `payload` can be this service's first packet, or if not `isWhole` the beginning of it.
    ///
    /// A greeting can begin with four letters that read as a length: "Added", "Deceased".
    func canOpen(with payload: [UInt8], isWhole: Bool) -> Bool {
        switch self {
        case .uploadArchive:
            return ["ACK", "NACK", "ERR "].contains { payload.agrees(with: $0, isWhole) }
        case .uploadPack:
            if isWhole && payload.announcedVersion != nil { return true }
            let words = isWhole ? ["ERR ", "shallow "] : ["version ", "ERR ", "shallow "]
            if words.contains(where: { payload.agrees(with: $0, isWhole) }) { return true }
            let digits = payload.prefix(Self.shortestObjectID)
            return digits.allSatisfy(\.isLowercaseHexDigit)
                && (!isWhole || digits.count == Self.shortestObjectID)
        }
    }

    /// Digits of a SHA-1; those of a SHA-256 are more.
    private static let shortestObjectID = 40
}

extension [UInt8] {
    /// Whether this begins with `opening`, or, not being whole, can still come to.
    fileprivate func agrees(with opening: String, _ isWhole: Bool) -> Bool {
        if count >= opening.utf8.count { return starts(with: opening.utf8) }
        return !isWhole && opening.utf8.starts(with: self)
    }

    /// The number in a server's `version N` packet, if there is such a protocol.
    var announcedVersion: Int? {
        [1, 2].first { line.elementsEqual("version \($0)".utf8) }
    }
}

extension UInt8 {
    fileprivate var isLowercaseHexDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}

/// The first line that is not blank of bytes that no git server sent, bounded.
struct ForeignLine {
    static let maximumLength = 200

    private var bytes: [UInt8] = []
    private var isWhole = false

    /// The line as far as it came.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func append(_ piece: Span<UInt8>, from start: Int) {
        var index = start
        while !isWhole && index < piece.count {
            let byte = piece[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): isWhole = !bytes.isEmpty
            default: bytes.append(byte)
            }
            if bytes.count == Self.maximumLength { isWhole = true }
        }
    }
}

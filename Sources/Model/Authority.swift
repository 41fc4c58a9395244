// The part of an address that names user, host and port, and its percent escapes: the same rules for
// pods and for origins (DESIGN, "Addresses").

/// What is wrong with an address, as the end of "address … ": "has no host".
struct AddressFlaw: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

/// `[user@]host[:port]`.
struct Authority {
    let user: String?
    /// A host name, or an IPv6 literal without its brackets.
    let host: String
    let port: UInt16?

    init(_ text: Substring) throws(AddressFlaw) {
        let at = text.lastIndex(of: "@")
        user = try at.map { end throws(AddressFlaw) in
            try Self.word(text[..<end], of: "user", extra: ["@", "+"])
        }
        let hostAndPort = at.map { text[text.index(after: $0)...] } ?? text
        if hostAndPort.hasPrefix("[") {
            guard let close = hostAndPort.firstIndex(of: "]") else {
                throw AddressFlaw("opens a [ that it does not close")
            }
            let literal = hostAndPort[hostAndPort.index(after: hostAndPort.startIndex)..<close]
            guard Self.isIPv6(literal) else {
                throw AddressFlaw("has no IPv6 address between its brackets")
            }
            host = String(literal)
            port = try Self.port(hostAndPort[hostAndPort.index(after: close)...])
        } else {
            let colon = hostAndPort.firstIndex(of: ":") ?? hostAndPort.endIndex
            host = try Self.word(hostAndPort[..<colon], of: "host", extra: [])
            port = try Self.port(hostAndPort[colon...])
        }
    }

    private static func word(
        _ encoded: Substring, of part: String, extra: [Character]
    ) throws(AddressFlaw) -> String {
        guard let word = percentDecoded(encoded), !word.isEmpty else {
            throw AddressFlaw("has no \(part)")
        }
        guard word.first != "-" else {
            throw AddressFlaw("has a \(part) that begins with \"-\"")
        }
        guard word.allSatisfy({ isNameCharacter($0) || extra.contains($0) }) else {
            throw AddressFlaw("has a character in its \(part) that no \(part) may have")
        }
        return word
    }

    private static func port(_ text: Substring) throws(AddressFlaw) -> UInt16? {
        guard !text.isEmpty else { return nil }
        let digits = text.dropFirst()
        guard text.first == ":", digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let port = UInt16(digits), port > 0
        else { throw AddressFlaw("has a port that is no number from 1 to 65535") }
        return port
    }

    private static func isNameCharacter(_ character: Character) -> Bool {
        character.isASCII
            && (character.isLetter || character.isNumber || "._-".contains(character))
    }

    /// RFC 4291, section 2.2, by shape: the resolver has the last word.
    private static func isIPv6(_ text: Substring) -> Bool {
        text.count <= 45 && text.count(where: { $0 == ":" }) >= 2
            && text.allSatisfy { $0.isASCII && ($0.isHexDigit || $0 == ":" || $0 == ".") }
    }
}

/// RFC 3986, section 2.1. Nil for a broken escape or for bytes that are no UTF-8.
func percentDecoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = rest.popFirst().flatMap(hexValue),
            let low = rest.popFirst().flatMap(hexValue)
        else { return nil }
        bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
}

private func hexValue(_ byte: UInt8) -> UInt8? {
    Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
}

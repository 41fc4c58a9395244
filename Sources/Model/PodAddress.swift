// Addresses of pods: `pod://[user@]host[:port]/path`, `pod://NAME[/path]`, `pod::NAME`.
//
// Every one can have arrived from somebody else's `.gitmodules`; what is not plainly an address is
// refused here, before any child process runs.

/// A parsed address. Which pod it means is decided later, against `[pod "NAME"]` sections.
public struct PodAddress: Sendable, Equatable {
    /// The SSH user, if the address names one.
    public let user: String?
    /// A host name, an IPv6 literal without its brackets, or the name of a `[pod]` section.
    public let host: String
    public let port: UInt16?
    /// The absolute path of the gitdir, if the address names one.
    public let path: String?

    /// An address may be this long; git itself sets no limit.
    public static let maximumLength = 4096

    /// A bare name, which only a `[pod "NAME"]` section can give meaning to.
    public var isName: Bool { user == nil && port == nil && !host.contains(":") }

    /// Reads what git hands to a remote helper as its URL.
    ///
    /// - Throws: ``Failure`` of kind `configuration`, naming what is wrong with the address.
    public init(_ text: String) throws(Failure) {
        guard text.utf8.count <= Self.maximumLength else {
            throw Self.refusal("is longer than \(Self.maximumLength) bytes", text)
        }
        let scheme = "pod://"
        let rest = text.hasPrefix(scheme) ? text.dropFirst(scheme.count) : text[...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = rest[..<slash]
        path = try Self.path(rest[slash...], in: text)

        let at = authority.lastIndex(of: "@")
        user = try at.map { end throws(Failure) in
            try Self.word(
                authority[..<end], of: "user", extra: ["@", "+"], in: text)
        }
        let hostAndPort = at.map { authority[authority.index(after: $0)...] } ?? authority
        if hostAndPort.hasPrefix("[") {
            guard let close = hostAndPort.firstIndex(of: "]") else {
                throw Self.refusal("opens a [ that it does not close", text)
            }
            let literal = hostAndPort[hostAndPort.index(after: hostAndPort.startIndex)..<close]
            guard Self.isIPv6(literal) else {
                throw Self.refusal("has no IPv6 address between its brackets", text)
            }
            host = String(literal)
            port = try Self.port(hostAndPort[hostAndPort.index(after: close)...], in: text)
        } else {
            let colon = hostAndPort.firstIndex(of: ":") ?? hostAndPort.endIndex
            host = try Self.word(hostAndPort[..<colon], of: "host", extra: [], in: text)
            port = try Self.port(hostAndPort[colon...], in: text)
        }
    }

    private static func path(_ encoded: Substring, in text: String) throws(Failure) -> String? {
        guard !encoded.isEmpty else { return nil }
        guard let path = percentDecoded(encoded) else {
            throw refusal("has a broken percent escape in its path", text)
        }
        guard path.harmless == path else {
            throw refusal("has a control character in its path", text)
        }
        return path == "/" ? nil : path
    }

    private static func word(
        _ encoded: Substring, of part: String, extra: [Character], in text: String
    ) throws(Failure) -> String {
        guard let word = percentDecoded(encoded), !word.isEmpty else {
            throw refusal("has no \(part)", text)
        }
        guard word.first != "-" else {
            throw refusal("has a \(part) that begins with \"-\"", text)
        }
        guard word.allSatisfy({ isNameCharacter($0) || extra.contains($0) }) else {
            throw refusal("has a character in its \(part) that no \(part) may have", text)
        }
        return word
    }

    private static func port(_ text: Substring, in whole: String) throws(Failure) -> UInt16? {
        guard !text.isEmpty else { return nil }
        let digits = text.dropFirst()
        guard text.first == ":", digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let port = UInt16(digits), port > 0
        else { throw refusal("has a port that is no number from 1 to 65535", whole) }
        return port
    }

    private static func refusal(_ reason: String, _ address: String) -> Failure {
        // By scalars: one character can hold any number of them.
        let scalars = address.unicodeScalars
        let shown = scalars.count > 200 ? String(scalars.prefix(200)) + "…" : address
        return Failure(
            .configuration, "address \"\(shown)\" \(reason)",
            hint: "use pod://[user@]host[:port]/absolute/path or pod://NAME")
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

    /// RFC 3986, section 2.1. Nil for a broken escape or for bytes that are no UTF-8.
    private static func percentDecoded(_ text: Substring) -> String? {
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

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        Character(Unicode.Scalar(byte)).hexDigitValue.map(UInt8.init)
    }
}

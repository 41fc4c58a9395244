// What can be told of a private key file without its passphrase: its public half, and whether it
// is encrypted. OpenSSH's own format (PROTOCOL.key) carries the public key in the clear.

import Model

/// A private key, read but not opened.
struct PrivateKeyFile: Sendable {
    let path: String
    /// The key itself, with a line's end behind it: libssh2 reads on where there is none.
    let content: [UInt8]
    /// Nil where neither the file nor the `.pub` beside it tells.
    let publicKey: PublicKey?
    /// The algorithm, where it can be told.
    let type: KeyType?
    let isEncrypted: Bool
    /// Whether it is in OpenSSH's own format.
    private(set) var isOpenSSH = false

    /// Nil if `content` is no private key at all.
    init?(path: String, content: [UInt8], publicLine: String?) {
        let text = String(decoding: content, as: UTF8.self)
        guard let (label, lines) = Self.block(in: text) else { return nil }
        self.path = path
        self.content = lines.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] }
        let body =
            Base64.decode(
                lines.dropFirst().dropLast().filter { !$0.contains(":") }.joined()) ?? []
        let beside = publicLine.flatMap { PublicKey(line: $0) }
        switch label {
        case "OPENSSH PRIVATE KEY":
            guard let (key, encrypted) = Self.openSSH(body) else { return nil }
            isOpenSSH = true
            publicKey = key
            type = key.type
            isEncrypted = encrypted
        case "RSA PRIVATE KEY", "DSA PRIVATE KEY":
            publicKey = beside
            type = KeyType(label.hasPrefix("RSA") ? "ssh-rsa" : "ssh-dss")
            isEncrypted = text.contains("ENCRYPTED")
        case "EC PRIVATE KEY":
            publicKey = beside
            type = beside?.type ?? KeyType("ecdsa-sha2-nistp256")
            isEncrypted = text.contains("ENCRYPTED")
        default:
            publicKey = beside
            type = beside?.type ?? Self.algorithm(pkcs8: body)
            isEncrypted = label.hasPrefix("ENCRYPTED")
        }
    }

    /// The lines of the first private key (RFC 7468), and what kind it says that it is. Parameters or a
    /// certificate may stand before it.
    private static func block(in text: String) -> (label: Substring, lines: [Substring])? {
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
            .map(\.trimmed)
        let (begin, end, kind) = ("-----BEGIN ", "-----END ", "PRIVATE KEY-----")
        guard
            let first = lines.firstIndex(where: { $0.hasPrefix(begin) && $0.hasSuffix(kind) }),
            let last = lines[first...].firstIndex(where: { $0.hasPrefix(end) })
        else { return nil }
        let label = lines[first].dropFirst(begin.count).dropLast("-----".count)
        return (label, Array(lines[first...last]))
    }

    /// `PROTOCOL.key`: magic, cipher, kdf, kdf options, number of keys, first public key.
    private static func openSSH(_ body: [UInt8]) -> (PublicKey, Bool)? {
        let magic = Array("openssh-key-v1\0".utf8)
        guard body.starts(with: magic) else { return nil }
        var reader = WireReader(Array(body.dropFirst(magic.count)))
        guard let cipher = reader.string(), reader.string() != nil, reader.string() != nil,
            let count = reader.uint32(), count >= 1, let blob = reader.string(),
            let key = PublicKey(blob: blob)
        else { return nil }
        return (key, cipher != Array("none".utf8))
    }

    /// The algorithm's object identifier (RFC 5958, section 2) near the start of a PKCS #8 body.
    private static func algorithm(pkcs8 body: [UInt8]) -> KeyType? {
        let head = Array(body.prefix(64))
        func names(_ identifier: [UInt8]) -> Bool {
            head.indices.contains { head[$0...].starts(with: identifier) }
        }
        if names([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]) {
            return KeyType("ecdsa-sha2-nistp256")
        }
        if names([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]) {
            return KeyType("ssh-rsa")
        }
        return nil
    }
}

extension Substring {
    /// Without what some editors put before a line and behind it.
    fileprivate var trimmed: Substring {
        let front = drop { $0 == "\u{FEFF}" }
        let last = front.lastIndex { !$0.isWhitespace && $0 != "\0" }
        return last.map { front[...$0] } ?? ""
    }
}

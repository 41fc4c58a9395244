// What can be told of a private key file without its passphrase: its public half, and whether it
// is encrypted. OpenSSH's own format (PROTOCOL.key) carries the public key in the clear.

import Model

/// A private key, read but not opened.
struct PrivateKeyFile: Sendable {
    let path: String
    let content: [UInt8]
    /// Nil where neither the file nor the `.pub` beside it tells.
    let publicKey: PublicKey?
    /// The algorithm, where it can be told.
    let type: KeyType?
    let isEncrypted: Bool

    /// Nil if `content` is no private key at all.
    init?(path: String, content: [UInt8], publicLine: String?) {
        let text = String(decoding: content, as: UTF8.self)
        guard let begin = text.range(of: "-----BEGIN "),
            let label = text[begin...].dropFirst("-----BEGIN ".count).prefix(until: "-----"),
            label.hasSuffix("PRIVATE KEY")
        else { return nil }
        self.path = path
        self.content = content
        let body = Self.body(of: text, label: label)
        let beside = publicLine.flatMap { PublicKey(line: $0) }
        switch label {
        case "OPENSSH PRIVATE KEY":
            guard let (key, encrypted) = Self.openSSH(body) else { return nil }
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

    private static func body(of text: String, label: Substring) -> [UInt8] {
        let lines = text.split(whereSeparator: \.isNewline)
        let inside = lines.drop { !$0.hasPrefix("-----BEGIN") }.dropFirst()
            .prefix { !$0.hasPrefix("-----END") }
        return Base64.decode(inside.filter { !$0.contains(":") }.joined()) ?? []
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

extension StringProtocol {
    /// The index where `word` first begins; nil if it is not there.
    fileprivate func range(of word: String) -> Index? {
        indices.first { self[$0...].hasPrefix(word) }
    }

    /// What stands before `word`; nil if it is not there.
    fileprivate func prefix(until word: String) -> SubSequence? {
        range(of: word).map { self[..<$0] }
    }
}

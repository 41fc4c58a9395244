// Public key algorithms by their SSH names, and which of them libssh2 1.10 can use.

import Model

/// A public key algorithm (RFC 4253, section 6.6; RFC 5656; RFC 8709).
public struct KeyType: Sendable, Hashable, CustomStringConvertible {
    /// The name on the wire: `ssh-ed25519`.
    public let name: String

    public init(_ name: String) { self.name = name }

    /// What libssh2 1.10 verifies and signs with. Its RSA is SHA-1, which servers refuse today.
    public static let usable = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
    ].map(KeyType.init)

    public var isUsable: Bool { Self.usable.contains(self) }

    public var description: String { name }
}

/// A public key as agents and key files hold it.
public struct PublicKey: Sendable, Hashable {
    public let type: KeyType
    /// The encoding of RFC 4253, section 6.6.
    public let blob: [UInt8]

    /// Reads the type from the blob's first string. Nil if there is none.
    public init?(blob: [UInt8]) {
        var reader = WireReader(blob)
        guard let name = reader.string(), !name.isEmpty, name.count <= 64 else { return nil }
        type = KeyType(String(decoding: name, as: UTF8.self).harmless)
        self.blob = blob
    }

    /// Reads a line of a `.pub` file.
    public init?(line: some StringProtocol) {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count >= 2, let blob = Base64.decode(words[1]) else { return nil }
        self.init(blob: blob)
        guard type.name == words[0] else { return nil }
    }

    /// The line of a `.pub` file, without a comment.
    public var line: String { "\(type.name) \(Base64.encode(blob))" }
}

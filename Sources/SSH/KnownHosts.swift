// known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"): which keys a host may show.

import Model
import POSIX

/// One line of a known_hosts file.
public struct KnownHostLine: Sendable, Equatable {
    public enum Marker: Sendable { case none, certAuthority, revoked }

    /// Whom the line speaks of.
    public enum Names: Sendable, Equatable {
        /// Patterns, each possibly negated by a leading `!`.
        case patterns([String])
        /// `|1|salt|hash`: an HMAC-SHA1 of the name; both parts in base64.
        case hashed(salt: String, hash: String)
    }

    public let marker: Marker
    public let names: Names
    public let key: PublicKey

    /// A longer line is no key.
    public static let maximumLength = 64 * 1024

    /// Reads one line. Nil for a blank, a comment, or anything that is no entry.
    public init?(_ line: some StringProtocol) {
        guard line.utf8.count <= Self.maximumLength else { return nil }
        var words = line.split(whereSeparator: { " \t\r".contains($0) })[...]
        guard let first = words.first, !first.hasPrefix("#") else { return nil }
        switch first {
        case "@cert-authority": marker = .certAuthority
        case "@revoked": marker = .revoked
        default:
            guard !first.hasPrefix("@") else { return nil }
            marker = .none
        }
        if marker != .none { words = words.dropFirst() }
        guard words.count >= 3, let hosts = words.popFirst() else { return nil }
        if hosts.hasPrefix("|") {
            let parts = hosts.split(separator: "|", omittingEmptySubsequences: false)
            guard parts.count == 4, parts[1] == "1" else { return nil }
            names = .hashed(salt: String(parts[2]), hash: String(parts[3]))
        } else {
            names = .patterns(hosts.split(separator: ",").map { $0.lowercased() })
        }
        guard let key = PublicKey(line: words.joined(separator: " ")) else { return nil }
        self.key = key
    }

    /// Whether the line's patterns name `host` (lower case; `[host]:port` off port 22). Nil if the
    /// name is hashed.
    public func matches(_ host: String) -> Bool? {
        guard case .patterns(let patterns) = names else { return nil }
        var matched = false
        for pattern in patterns {
            if pattern.hasPrefix("!") {
                if Self.glob(pattern.dropFirst().utf8[...], host.utf8[...]) { return false }
            } else if Self.glob(pattern.utf8[...], host.utf8[...]) {
                matched = true
            }
        }
        return matched
    }

    /// `*` and `?` as ssh_config(5), "PATTERNS", has them.
    private static func glob(
        _ pattern: Substring.UTF8View.SubSequence, _ text: Substring.UTF8View.SubSequence
    ) -> Bool {
        var (pattern, text) = (pattern, text)
        var retry: (pattern: Substring.UTF8View, text: Substring.UTF8View)?
        while !text.isEmpty {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, text)
            } else if let next = pattern.first, next == text.first || next == UInt8(ascii: "?") {
                (pattern, text) = (pattern.dropFirst(), text.dropFirst())
            } else if let again = retry {
                retry = (again.pattern, again.text.dropFirst())
                (pattern, text) = (again.pattern, again.text.dropFirst())
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// What known_hosts says of a key that a host showed.
public enum HostKeyVerdict: Sendable, Equatable {
    case known
    /// No line speaks of this host.
    case unknown
    /// Lines speak of this host, and none of them has this key.
    case mismatch
    case revoked
}

/// The lines that speak of one host, out of all files.
public struct KnownHosts: Sendable {
    /// Lines for exactly this name and port.
    let exact: [KnownHostLine]
    /// Lines for the name without its port: as OpenSSH, they can vouch but not contradict.
    let portless: [KnownHostLine]

    init(exact: [KnownHostLine], portless: [KnownHostLine]) {
        self.exact = exact
        self.portless = portless
    }

    /// The key types that some line vouches for, best known first.
    var knownTypes: [KeyType] {
        (exact + portless).filter { $0.marker == .none }.map(\.key.type)
    }

    /// Whether only a certificate authority vouches for this host.
    var wantsCertificate: Bool {
        knownTypes.isEmpty && (exact + portless).contains { $0.marker == .certAuthority }
    }

    /// Judges a key that the host has proved to hold.
    public func verdict(on key: PublicKey) -> HostKeyVerdict {
        if (exact + portless).contains(where: { $0.marker == .revoked && $0.key == key }) {
            return .revoked
        }
        let vouching = exact.filter { $0.marker == .none }
        if vouching.contains(where: { $0.key == key }) { return .known }
        if !vouching.isEmpty { return .mismatch }
        return portless.contains { $0.marker == .none && $0.key == key } ? .known : .unknown
    }

    /// The name under which known_hosts files keep `host` at `port`.
    public static func name(_ host: String, port: UInt16) -> String {
        let host = host.lowercased()
        return port == 22 ? host : "[\(host)]:\(port)"
    }
}

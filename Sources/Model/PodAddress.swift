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
        do throws(AddressFlaw) {
            let parts = try Authority(authority)
            (user, host, port) = (parts.user, parts.host, parts.port)
        } catch { throw Self.refusal(error.reason, text) }
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

    private static func refusal(_ reason: String, _ address: String) -> Failure {
        // By scalars: one character can hold any number of them.
        let scalars = address.unicodeScalars
        let shown = scalars.count > 200 ? String(scalars.prefix(200)) + "…" : address
        return Failure(
            .configuration, "address \"\(shown)\" \(reason)",
            hint: "use pod://[user@]host[:port]/absolute/path or pod://NAME")
    }
}

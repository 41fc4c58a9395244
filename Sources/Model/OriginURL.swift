// Where origin is: `ssh://…`, `user@host:path`, `https://…`, `file:///…` or an absolute path.
//
// It may come out of a gitdir's config or a request: what is not plainly one of these is refused
// here, before any child process runs. No password in it is ever shown.

/// A parsed address of an origin.
public struct OriginURL: Sendable, Hashable, CustomStringConvertible {
    /// How origin is reached.
    public enum Way: Sendable, Hashable {
        /// Over SSH; the path is what the service over there is given.
        case ssh(user: String?, host: String, port: UInt16?, path: String)
        /// By git's own HTTP; `url` is without user and password.
        case http(url: String, user: String?, password: String?)
        /// A folder of this machine.
        case path(String)
    }

    public let way: Way
    /// The address as it may be shown: without user and password where it is of the web.
    public let description: String

    /// An address may be this long; git itself sets no limit.
    public static let maximumLength = 4096

    /// Reads an address.
    ///
    /// - Throws: ``Failure`` of kind `configuration`, naming what is wrong with it.
    public init(_ text: String) throws(Failure) {
        do throws(AddressFlaw) {
            guard text.utf8.count <= Self.maximumLength else {
                throw AddressFlaw("is longer than \(Self.maximumLength) bytes")
            }
            guard !text.isEmpty else { throw AddressFlaw("is empty") }
            guard text.harmless == text else { throw AddressFlaw("has a control character") }
            guard !text.beginsLikeOption else { throw AddressFlaw("begins with \"-\"") }
            way = try Self.way(text)
        } catch {
            throw Failure(
                .configuration, "origin \"\(Self.shown(text))\" \(error.reason)",
                hint: "use ssh://[user@]host[:port]/path, user@host:path, https://host/path, "
                    + "file:///path or /path")
        }
        if case .http(let url, _, _) = way { description = url } else { description = text }
    }

    private static let separator = "://"

    /// Where `://` stands; nil if nowhere.
    private static func schemeEnd(_ text: String) -> String.Index? {
        text.indices.first { text[$0...].hasPrefix(separator) }
    }

    private static func way(_ text: String) throws(AddressFlaw) -> Way {
        guard !text.hasPrefix("//") else { throw AddressFlaw("begins with \"//\": say https: too") }
        if text.hasPrefix("/") { return .path(text) }
        guard let mark = schemeEnd(text) else { return try scpLike(text) }
        let scheme = text[..<mark]
        let rest = text[mark...].dropFirst(separator.count)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        switch scheme {
        case "ssh": return try ssh(rest[..<slash], rest[slash...])
        case "http", "https": return try web(scheme, rest[..<slash], rest[slash...])
        case "file":
            guard rest[..<slash].isEmpty || rest[..<slash] == "localhost" else {
                throw AddressFlaw("names another machine's file")
            }
            return .path(try path(rest[slash...]))
        default: throw AddressFlaw("is of a kind that is not served")
        }
    }

    private static func ssh(_ authority: Substring, _ encoded: Substring) throws(AddressFlaw)
        -> Way
    {
        let parts = try Authority(authority)
        var path = try path(encoded)
        // As git: somebody's home is no folder below the root.
        if path.hasPrefix("/~") { path.removeFirst() }
        return .ssh(user: parts.user, host: parts.host, port: parts.port, path: path)
    }

    /// `[user@]host:path`, where no slash stands before the colon.
    private static func scpLike(_ text: String) throws(AddressFlaw) -> Way {
        let after = text.firstIndex(of: "]") ?? text.startIndex
        guard let colon = text[after...].firstIndex(of: ":"),
            !text[..<colon].contains("/")
        else { throw AddressFlaw("is neither a URL nor an absolute path") }
        let path = String(text[text.index(after: colon)...])
        guard !path.hasPrefix(":") else { throw AddressFlaw("names a remote helper") }
        guard !path.isEmpty else { throw AddressFlaw("has no path") }
        guard !path.beginsLikeOption else {
            throw AddressFlaw("has a path that begins with \"-\"")
        }
        let parts = try Authority(text[..<colon])
        return .ssh(user: parts.user, host: parts.host, port: nil, path: path)
    }

    private static func web(_ scheme: Substring, _ authority: Substring, _ encoded: Substring)
        throws(AddressFlaw) -> Way
    {
        let at = authority.lastIndex(of: "@")
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        _ = try Authority(place)
        _ = try path(encoded)
        // A token in it would stand in logs, and in the gitdir's configuration.
        guard !encoded.contains("?"), !encoded.contains("#") else {
            throw AddressFlaw("has a query; a token belongs into the file that tokenFile names")
        }
        guard !encoded.contains(" ") else { throw AddressFlaw("has a blank in its path") }
        let url = "\(scheme)\(separator)\(place)\(encoded)"
        guard let at else { return .http(url: url, user: nil, password: nil) }
        let parts = authority[..<at].split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return .http(
            url: url, user: try secret(parts[0]),
            password: parts.count == 2 ? try secret(parts[1]) : nil)
    }

    private static func path(_ encoded: Substring) throws(AddressFlaw) -> String {
        guard encoded.count > 1 else { throw AddressFlaw("has no path") }
        guard let path = percentDecoded(encoded) else {
            throw AddressFlaw("has a broken percent escape in its path")
        }
        guard path.harmless == path else {
            throw AddressFlaw("has a control character in its path")
        }
        return path
    }

    private static func secret(_ encoded: Substring) throws(AddressFlaw) -> String {
        guard let text = percentDecoded(encoded), text.harmless == text else {
            throw AddressFlaw("has a user or password that cannot be sent")
        }
        return text
    }

    /// An address that was not understood, with nothing in it that may be a password.
    private static func shown(_ text: String) -> String {
        var shown = text
        // Somebody may have encoded more than was wanted.
        if let at = [text.lastIndex(of: "@"), text.ranges(of: "%40").last?.lowerBound].compactMap({
            $0
        }).max() {
            let start = schemeEnd(text).map { text.index($0, offsetBy: separator.count) }
            // Without a scheme, what stands before the @ is a user unless it has a colon.
            if let start, start <= at {
                shown = "\(text[..<start])…\(text[at...])"
            } else if text[..<at].contains(":") {
                shown = "…\(text[at...])"
            }
        }
        if schemeEnd(text) != nil, let query = shown.firstIndex(where: { "?#".contains($0) }) {
            shown = "\(shown[...query])…"
        }
        // By scalars: one character can hold any number of them.
        let scalars = shown.unicodeScalars
        return scalars.count > 200 ? String(scalars.prefix(200)) + "…" : shown
    }
}

// The server that an origin of the web is on: whom a token is for, and whether it may be sent there.

extension OriginURL {
    /// `https://host[:port]`, without a path; nil for an origin that is not of the web.
    public var server: String? {
        guard case .http(let url, _, _) = way else { return nil }
        return Self.server(of: url)
    }

    /// The server that an URL of the web begins with.
    public static func server(of url: String) -> String {
        // Behind the two slashes of the scheme.
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.prefix(3).joined(separator: "/")
    }

    /// Whether what is sent there can be read on the way: plain HTTP to another machine.
    public var isReadableOnTheWay: Bool {
        guard let server, server.hasPrefix("http://") else { return false }
        guard let place = try? Authority(server.dropFirst("http://".count)) else { return true }
        return !Self.isLoopback(place.host)
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.first == "127" && numbers.count == 4
            && numbers.allSatisfy { UInt8($0).map { "\($0)" } == String($0) }
    }
}

// Listening on TCP: what the control API serves besides its unix socket.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Where to listen: `127.0.0.1:7418`, `[::1]:0`, `localhost:7418`. No other name is looked up.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// Without the brackets of an IPv6 address.
    public let host: String
    /// 0: any free one.
    public let port: UInt16

    /// Nil if `text` is no such address.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        self.host = host == "localhost" ? "127.0.0.1" : String(host)
        self.port = port
        guard !host.isEmpty, numericAddress(self.host, port: port) != nil else { return nil }
    }

    /// Whether only this machine can come there: 127.0.0.0/8, or `::1`.
    public var isLoopback: Bool {
        numericAddress(host, port: port).map { $0.isLoopback } ?? false
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// A listening, non-blocking TCP socket.
public final class TCPListener: Sendable {
    private let socket: FileDescriptor
    /// Where it really listens, with the port that the system chose: `127.0.0.1:40123`.
    public let address: String

    /// How many connections wait to be accepted.
    private static let backlog: Int32 = 512

    /// - Throws: ``Failure`` of kind `configuration` if that cannot be listened on.
    public init(_ wanted: ListenAddress) throws(Failure) {
        guard let place = numericAddress(wanted.host, port: wanted.port) else {
            throw Failure(.configuration, "cannot listen on \(wanted): that is no address")
        }
        let descriptor = streamSocket(place.family)
        guard descriptor >= 0 else { throw Self.cannot(wanted) }
        socket = FileDescriptor(owning: descriptor)
        setNonBlocking(descriptor)
        var on: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(4))
        guard place.bind(descriptor) == 0, listen(descriptor, Self.backlog) == 0 else {
            throw Self.cannot(wanted)
        }
        guard let port = boundPort(of: descriptor),
            let bound = ListenAddress(wanted.description.replacingPort(port))
        else { throw Self.cannot(wanted) }
        address = bound.description
    }

    public var descriptor: Int32 { socket.raw }

    private static func cannot(_ wanted: ListenAddress) -> Failure {
        .system("listen on \(wanted)", kind: .configuration)
    }
}

extension SocketAddress {
    fileprivate var isLoopback: Bool {
        switch family {
        case AF_INET: bytes.count >= 8 && bytes[4] == 127
        case AF_INET6:
            bytes.count >= 24 && Array(bytes[8..<24]) == [UInt8](repeating: 0, count: 15) + [1]
        default: false
        }
    }

    fileprivate func bind(_ descriptor: Int32) -> Int32 {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe bytes.withMemoryRebound(to: sockaddr.self) {
                unsafe systemBind(descriptor, $0.baseAddress, socklen_t(bytes.count))
            }
        }
    }
}

private func systemBind(
    _ descriptor: Int32, _ address: UnsafePointer<sockaddr>?, _ size: socklen_t
) -> Int32 {
    guard let address = unsafe address else { return -1 }
    return unsafe bind(descriptor, address, size)
}

/// The port that a socket is bound to; IPv4 and IPv6 have it in the same place.
private func boundPort(of descriptor: Int32) -> UInt16? {
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = unsafe withUnsafeMutablePointer(to: &address) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe getsockname(descriptor, $0, &size)
        }
    }
    guard code == 0 else { return nil }
    return unsafe withUnsafeBytes(of: &address) { unsafe UInt16($0[2]) << 8 | UInt16($0[3]) }
}

extension String {
    fileprivate func replacingPort(_ port: UInt16) -> String {
        lastIndex(of: ":").map { "\(self[...$0])\(port)" } ?? self
    }
}

// The socket on which a service manager is told how its service is, as systemd has it (sd_notify(3)).
// The engine's supervisor sends on it.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A unix datagram socket that takes a few lines at a time.
public final class NotifySocket: Sendable {
    private let socket: FileDescriptor
    /// `sun_path`: for an abstract address with a zero byte in front.
    private let name: [UInt8]

    /// What `$NOTIFY_SOCKET` names: a path, or with `@` in front an abstract address.
    ///
    /// - Throws: ``Failure`` of kind `configuration` for anything else, and for one that is too long.
    public init(_ address: String) throws(Failure) {
        var bytes = Array(address.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        guard bytes.count > 1, isAbstract || bytes.first == UInt8(ascii: "/"),
            bytes.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        else {
            throw Failure(
                .configuration, "NOTIFY_SOCKET \"\(address.harmless)\" is no socket's address")
        }
        if isAbstract { bytes[0] = 0 } else { bytes.append(0) }
        name = bytes
        let descriptor = datagramSocket()
        guard descriptor >= 0 else { throw .system("make a socket") }
        setNonBlocking(descriptor)
        socket = FileDescriptor(owning: descriptor)
    }

    /// Sends `lines` as one datagram. Never waits.
    ///
    /// - Throws: ``Failure`` of kind `failed` if nobody takes it.
    public func send(_ lines: [String]) throws(Failure) {
        let datagram = Array(lines.joined(separator: "\n").utf8)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let size =
            MemoryLayout.size(ofValue: address)
            - MemoryLayout.size(ofValue: address.sun_path) + name.count
        let sent = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe bytes.withMemoryRebound(to: sockaddr.self) {
                unsafe sendto(
                    socket.raw, datagram, datagram.count, Self.flags, $0.baseAddress,
                    socklen_t(size))
            }
        }
        guard sent == datagram.count else { throw .system("tell NOTIFY_SOCKET") }
    }

    #if canImport(Glibc)
        private static let flags = Int32(MSG_NOSIGNAL)
    #else
        private static let flags: Int32 = 0
    #endif
}

private func datagramSocket() -> Int32 {
    #if canImport(Glibc)
        return socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    #else
        let descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
        if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return descriptor
    #endif
}

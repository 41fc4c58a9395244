// TCP sockets on 127.0.0.1.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Sockets that never leave this machine.
public enum Loopback {
    #if canImport(Glibc)
        private static let stream = Int32(SOCK_STREAM.rawValue)
    #else
        private static let stream = SOCK_STREAM
    #endif

    /// A socket that listens on `port`, or on any free one for 0.
    public static func listener(on port: UInt16 = 0) throws(Failure) -> FileDescriptor {
        let listener = try make()
        var on: Int32 = 1
        unsafe setsockopt(listener.raw, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(4))
        let bound = unsafe withAddress(port) { unsafe bind(listener.raw, $0, $1) }
        guard bound == 0, listen(listener.raw, 128) == 0 else {
            throw .system("listen on 127.0.0.1:\(port)")
        }
        return listener
    }

    /// The next connection of a listener that `poll` has named.
    public static func next(from listener: Int32) -> FileDescriptor? {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0 else { return nil }
        prepare(descriptor)
        return FileDescriptor(owning: descriptor)
    }

    /// A connection to `port`.
    public static func connection(to port: UInt16) throws(Failure) -> FileDescriptor {
        let connection = try make()
        let code = unsafe withAddress(port) { unsafe connect(connection.raw, $0, $1) }
        guard code == 0 else { throw .system("connect to 127.0.0.1:\(port)", kind: .unreachable) }
        prepare(connection.raw)
        return connection
    }

    /// The port that a socket is bound to.
    public static func port(of descriptor: Int32) -> UInt16 {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = unsafe withUnsafeMutablePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Acknowledges at once what comes: a proxy must add no delay of its own.
    static func acknowledgeQuickly(_ descriptor: Int32) {
        #if os(Linux)
            var on: Int32 = 1
            unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, &on, socklen_t(4))
        #endif
    }

    private static func make() throws(Failure) -> FileDescriptor {
        let descriptor = socket(AF_INET, stream, 0)
        guard descriptor >= 0 else { throw .system("make a socket") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return FileDescriptor(owning: descriptor)
    }

    private static func prepare(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        setNonBlocking(descriptor)
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(4))
    }

    private static func withAddress(
        _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

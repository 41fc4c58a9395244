// A unix socket that a test listens on: an agent that misbehaves.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A listening socket in a folder of its own.
public final class UnixListener: Sendable {
    private let folder: TemporaryDirectory
    private let socket: FileDescriptor
    /// Where it listens.
    public let path: String

    public init() throws(Failure) {
        folder = try TemporaryDirectory()
        path = folder.file("s")
        #if canImport(Glibc)
            let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #else
            let descriptor = Darwin.socket(AF_UNIX, SOCK_STREAM, 0)
        #endif
        guard descriptor >= 0 else { throw .system("make a socket") }
        socket = FileDescriptor(owning: descriptor)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let bound = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe bytes.withMemoryRebound(to: sockaddr.self) {
                unsafe bind(descriptor, $0.baseAddress, socklen_t(bytes.count))
            }
        }
        guard bound == 0, listen(descriptor, 8) == 0 else { throw .system("listen on \(path)") }
    }

    /// The next connection.
    public func next() throws(Failure) -> FileDescriptor {
        guard try wait(for: socket.raw, reading: true, until: .longEnough) else {
            throw Failure(.failed, "nobody connected to \(path)")
        }
        let descriptor = accept(socket.raw, nil, nil)
        guard descriptor >= 0 else { throw .system("accept a connection") }
        setNonBlocking(descriptor)
        return FileDescriptor(owning: descriptor)
    }
}

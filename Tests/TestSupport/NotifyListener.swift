// The other end of sd_notify(3): what a service manager would be told.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A unix datagram socket that keeps what it is sent.
public final class NotifyListener {
    private let folder: TemporaryDirectory
    private let socket: FileDescriptor
    /// What `$NOTIFY_SOCKET` has to be.
    public let address: String
    /// The datagrams that have been taken, oldest first.
    public private(set) var told: [String] = []

    /// - Parameter isAbstract: has a name that is in no file system.
    public init(isAbstract: Bool = false) throws(Failure) {
        folder = try TemporaryDirectory()
        address = (isAbstract ? "@" : "") + folder.file("notify")
        #if canImport(Glibc)
            let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        #else
            let descriptor = Darwin.socket(AF_UNIX, SOCK_DGRAM, 0)
        #endif
        guard descriptor >= 0 else { throw .system("make a socket") }
        socket = FileDescriptor(owning: descriptor)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        setNonBlocking(descriptor)
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(address.utf8)
        if isAbstract { bytes[0] = 0 } else { bytes.append(0) }
        unsafe withUnsafeMutableBytes(of: &place.sun_path) { unsafe $0.copyBytes(from: bytes) }
        // An abstract name ends where the address does.
        let size =
            MemoryLayout.size(ofValue: place) - MemoryLayout.size(ofValue: place.sun_path)
            + bytes.count
        let bound = unsafe withUnsafeBytes(of: &place) { memory in
            unsafe memory.withMemoryRebound(to: sockaddr.self) {
                unsafe bind(descriptor, $0.baseAddress, socklen_t(size))
            }
        }
        guard bound == 0 else { throw .system("listen on \(address)") }
    }

    /// Takes what has come.
    public func take() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe recv(socket.raw, &buffer, buffer.count, 0)
            guard count >= 0 else { return }
            told.append(String(decoding: buffer.prefix(count), as: UTF8.self))
        }
    }

    /// Waits until a datagram is `line`, or begins with it.
    public func hears(_ line: String) -> Bool {
        eventually {
            take()
            return told.contains { $0.hasPrefix(line) }
        }
    }

    /// Forgets what it was told.
    public func forget() {
        take()
        told = []
    }
}

// Unix sockets: addresses and connections. The agent's client connects by a path, the control API by a
// name in a folder, because `sockaddr_un` ends after 108 bytes.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A connected, non-blocking unix stream socket.
///
/// - Throws: ``Failure`` of kind `failed`, also for a path longer than the system takes.
public func connectUnix(_ path: String) throws(Failure) -> FileDescriptor {
    let socket = try unixSocket()
    let code = try unsafe withUnixAddress(path) { unsafe connect(socket.raw, $0, $1) }
    guard code == 0 else { throw .system("connect to \(path)") }
    return socket
}

/// A connection to the unix socket `name` in `folder`, whose path may be of any length; nil if there
/// is none, or if nobody listens on it. A symbolic link is not followed.
///
/// - Throws: ``Failure`` of kind `refused` if we may not connect, `unreachable` if its queue is still
///   full at `deadline`, else `failed`.
public func connectUnix(
    _ name: String, in folder: String, until deadline: Deadline
) throws(Failure) -> FileDescriptor? {
    let path = "\(folder)/\(name)"
    let opened = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else { throw .system("open \(folder)") }
    let descriptor = FileDescriptor(owning: opened)
    guard let entry = try FolderEntry.find(name, in: descriptor.raw, at: path) else { return nil }
    guard entry.status.kind == .socket else {
        throw Failure(.failed, "cannot connect to \(path): it is no socket")
    }
    while true {
        let socket = try unixSocket()
        switch try entry.connect(socket.raw) {
        case 0: return socket
        case ECONNREFUSED, ENOENT: return nil
        case let code where code == EACCES || code == EPERM:
            throw .system("connect to \(path)", kind: .refused, code: code)
        case EAGAIN, EINTR:
            guard !deadline.hasPassed else {
                throw Failure(.unreachable, "cannot connect to \(path): too many others wait there")
            }
            pause(.milliseconds(5))
        case let code: throw .system("connect to \(path)", code: code)
        }
    }
}

/// Tells the peer of a connection that no more will come.
public func finishWriting(_ descriptor: Int32) { shutdown(descriptor, Int32(SHUT_WR)) }

func unixSocket() throws(Failure) -> FileDescriptor {
    let descriptor = streamSocket(AF_UNIX)
    guard descriptor >= 0 else { throw .system("make a socket") }
    setNonBlocking(descriptor)
    return FileDescriptor(owning: descriptor)
}

/// Calls `body`, which is `connect(2)` or `bind(2)`, with the address of `path`.
func withUnixAddress(
    _ path: String, _ body: (UnsafePointer<sockaddr>?, socklen_t) -> Int32
) throws(Failure) -> Int32 {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
        throw Failure(.failed, "cannot use \(path): the path is too long for a socket")
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    return unsafe withUnsafeBytes(of: &address) { bytes in
        unsafe bytes.withMemoryRebound(to: sockaddr.self) {
            unsafe body($0.baseAddress, socklen_t(bytes.count))
        }
    }
}

/// Sends what the peer of a socket takes without waiting. If it has gone, no signal is raised.
public func sendWithoutSignal(
    _ descriptor: Int32, from buffer: ByteBuffer
) throws(Failure) -> WriteOutcome {
    var code = 0
    let count = try unsafe buffer.drain { memory throws(Failure) in
        code = unsafe sendWithoutSignal(descriptor, memory.baseAddress, memory.count)
        return max(0, code)
    }
    switch Int32(-code) {
    case EPIPE, ECONNRESET: return .closed
    case let refusal where code < 0 && refusal != EAGAIN:
        throw .system("write", code: refusal)
    default: return .bytes(count)
    }
}

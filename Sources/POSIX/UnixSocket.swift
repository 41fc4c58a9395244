// Unix sockets: addresses, connections, and who is at the other end. The agent's client connects by a
// path, the control API by a name in a folder, because `sockaddr_un` ends after 108 bytes.

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

/// Ends both ways of a connection whose descriptor stays open.
public func shutDown(_ descriptor: Int32) { shutdown(descriptor, Int32(SHUT_RDWR)) }

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

/// What a name in a folder stands for, held fast: whoever may write there can put something else in
/// its place, but not lead us to it.
struct FolderEntry: ~Copyable {
    let status: FileStatus
    let links: Int
    private let path: String
    /// What `path` goes through; elsewhere than on Linux a plain path must do.
    private let descriptor: FileDescriptor?

    /// Nil if there is nothing called `name`. `path` is for messages, and for systems where a descriptor
    /// has no path of its own.
    static func find(
        _ name: String, in folder: Int32, at path: String
    ) throws(Failure) -> FolderEntry? {
        var found = stat()
        #if os(Linux)
            let onlyPath: Int32 = 0o10000000  // O_PATH, which Glibc's module lacks
            let raw = unsafe openat(folder, name, onlyPath | O_NOFOLLOW | O_CLOEXEC)
            if raw < 0, errno == ENOENT { return nil }
            guard raw >= 0 else { throw .system("look at \(path)") }
            let descriptor = FileDescriptor(owning: raw)
            guard unsafe fstat(raw, &found) == 0 else { throw .system("look at \(path)") }
            return FolderEntry(found, path: "/proc/self/fd/\(raw)", descriptor)
        #else
            let code = unsafe fstatat(folder, name, &found, AT_SYMLINK_NOFOLLOW)
            if code != 0, errno == ENOENT { return nil }
            guard code == 0 else { throw .system("look at \(path)") }
            return FolderEntry(found, path: path, nil)
        #endif
    }

    private init(_ found: stat, path: String, _ descriptor: consuming FileDescriptor?) {
        status = FileStatus(found)
        links = Int(found.st_nlink)
        self.path = path
        self.descriptor = descriptor
    }

    /// Connects `socket` to it. Returns 0 or the `errno`.
    func connect(_ socket: Int32) throws(Failure) -> Int32 {
        let code = try unsafe withUnixAddress(path) { address, size in
            #if canImport(Glibc)
                unsafe Glibc.connect(socket, address, size)
            #else
                unsafe Darwin.connect(socket, address, size)
            #endif
        }
        return code == 0 ? 0 : errno
    }

    /// Gives it to `group` with `mode`; to its owner alone where it cannot be given to that group.
    func open(to group: UInt32, mode: mode_t) -> Bool {
        let isGiven = unsafe chown(path, uid_t.max, gid_t(group)) == 0
        return unsafe chmod(path, isGiven ? mode : mode & 0o700) == 0
    }
}

/// Who is at the other end of a unix socket, as the kernel knows it.
public struct Peer: Sendable, Equatable {
    public let user: UInt32
    /// The peer's group and its further groups.
    public let groups: Set<UInt32>

    public init(user: UInt32, groups: Set<UInt32>) {
        self.user = user
        self.groups = groups
    }

    /// The peer at the time when it connected; nil if the kernel does not say.
    public init?(of socket: Int32) {
        #if os(Linux)
            // struct ucred: process, user, group.
            var credentials: [UInt32] = [0, 0, 0]
            var size = socklen_t(12)
            guard unsafe getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0
            else { return nil }
            user = credentials[1]
            groups = Set(furtherGroups(of: socket) + [credentials[2]])
        #else
            var (user, group) = (uid_t(), gid_t())
            guard unsafe getpeereid(socket, &user, &group) == 0 else { return nil }
            self.user = user
            groups = [group]
        #endif
    }
}

#if os(Linux)
    /// The supplementary groups of a peer, which is how a pod's `fsGroup` comes.
    private func furtherGroups(of socket: Int32) -> [UInt32] {
        let peerGroups: Int32 = 59  // SO_PEERGROUPS, since Linux 4.13
        let mostGroups = 65536  // NGROUPS_MAX
        var groups = [UInt32](repeating: 0, count: 64)
        while true {
            var size = socklen_t(groups.count * 4)
            if unsafe getsockopt(socket, SOL_SOCKET, peerGroups, &groups, &size) == 0 {
                return Array(groups.prefix(Int(size) / 4))
            }
            guard errno == ERANGE, groups.count < mostGroups else { return [] }
            groups = [UInt32](repeating: 0, count: mostGroups)
        }
    }
#endif

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

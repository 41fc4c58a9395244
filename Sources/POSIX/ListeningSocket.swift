// A unix socket that others find by its name in a folder: placed there, and taken away at the end. The
// control API listens on one.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A listening, non-blocking unix socket in a folder whose path may be of any length.
public final class ListeningSocket: Sendable {
    private let folder: FileDescriptor
    private let socket: FileDescriptor
    private let name: String
    private let place: (device: UInt64, inode: UInt64)
    /// The folder's owner and group.
    public let owner: (user: UInt32, group: UInt32)

    /// Only the folder's group and we may connect.
    static let mode = mode_t(0o660)
    /// How many connections wait to be accepted.
    static let backlog: Int32 = 128
    /// How long another process that makes the same socket just now is waited for.
    static let patience = Duration.seconds(5)

    /// Listens on `name` in `folder`, in place of a socket that nobody listens on any more.
    ///
    /// - Throws: ``Failure`` of kind `failed`, also if somebody does listen there, or if the name
    ///   stands for something else than a socket.
    public init(_ name: String, in folder: String) throws(Failure) {
        let path = "\(folder)/\(name)"
        let opened = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard opened >= 0, let status = fileStatus(descriptor: opened) else {
            throw .system("open \(folder)")
        }
        self.folder = FileDescriptor(owning: opened)
        self.name = name
        owner = (status.owner, status.group)
        try lockFolder(opened, called: folder, until: .after(Self.patience))
        defer { flock(opened, LOCK_UN) }
        try removeStaleSocket(name, in: opened, at: path)
        socket = try unixSocket()
        #if os(Linux)
            let address = "/proc/self/fd/\(opened)/\(name)"
        #else
            let address = path
        #endif
        let raw = socket.raw
        guard try unsafe withUnixAddress(address, { unsafe bind(raw, $0, $1) }) == 0 else {
            throw .system("listen on \(path)")
        }
        do throws(Failure) {
            place = try openToGroup(name, in: opened, at: path, group: status.group)
            // Only now: until then, nobody can connect, whatever the umask made of the mode.
            guard listen(raw, Self.backlog) == 0 else { throw .system("listen on \(path)") }
        } catch {
            unsafe unlinkat(opened, name, 0)
            throw error
        }
    }

    public var descriptor: Int32 { socket.raw }

    /// Takes the name away, unless it is another's by now. Who has connected stays connected.
    public func remove() {
        guard (try? lockFolder(folder.raw, called: name, until: .after(Self.patience))) != nil
        else { return }
        defer { flock(folder.raw, LOCK_UN) }
        guard let entry = try? FolderEntry.find(name, in: folder.raw, at: name) else { return }
        let status = entry.status
        guard (status.device, status.inode) == place else { return }
        unsafe unlinkat(folder.raw, name, 0)
    }
}

/// Locks the folder itself, so that of two who find a stale socket only one puts its own there.
private func lockFolder(
    _ folder: Int32, called path: String, until deadline: Deadline
) throws(Failure) {
    while flock(folder, LOCK_EX | LOCK_NB) != 0 {
        guard errno == EWOULDBLOCK || errno == EINTR, !deadline.hasPassed else {
            throw .system("lock the folder \(path)")
        }
        pause(.milliseconds(5))
    }
}

/// Takes away what a killed process left behind.
private func removeStaleSocket(
    _ name: String, in folder: Int32, at path: String
) throws(Failure) {
    guard let entry = try FolderEntry.find(name, in: folder, at: path) else { return }
    guard entry.status.kind == .socket else {
        throw Failure(
            .failed, "cannot listen on \(path): something that is no socket has this name",
            hint: "see what it is, and take it away")
    }
    let trial = try unixSocket()
    switch try entry.connect(trial.raw) {
    case ECONNREFUSED:
        guard unsafe unlinkat(folder, name, 0) == 0 || errno == ENOENT else {
            throw .system("take the stale \(path) away")
        }
    case 0, EAGAIN, EINTR, EACCES, EPERM:
        throw Failure(
            .failed, "cannot listen on \(path): another process answers there",
            hint: "one engine at a time; see who it is with fuser \(path)")
    case let code: throw .system("listen on \(path)", code: code)
    }
}

/// Lets the folder's group connect to the socket that we have just made. Returns which file it is.
private func openToGroup(
    _ name: String, in folder: Int32, at path: String, group: UInt32
) throws(Failure) -> (device: UInt64, inode: UInt64) {
    // Whoever may write in the folder may have put another file in its place: that one stays as it is.
    guard let entry = try FolderEntry.find(name, in: folder, at: path),
        entry.status.kind == .socket,
        entry.status.owner == geteuid(), entry.links == 1
    else {
        throw Failure(
            .failed, "cannot listen on \(path): somebody has replaced it",
            hint: "see who else writes there, and start again")
    }
    guard entry.open(to: group, mode: ListeningSocket.mode) else {
        throw .system("set the mode of \(path)")
    }
    return (entry.status.device, entry.status.inode)
}

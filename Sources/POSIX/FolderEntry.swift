// A name in a folder that others may write to, looked at once and for all: for the control socket.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

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

// The volume that a path is on: how much room it has, and whether the path is where it begins.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Room on a volume, for a user who is not root.
public struct FreeSpace: Sendable, Equatable {
    public let bytes: Int64
    /// Nil where the file system does not count them.
    public let inodes: Int64?
}

/// What is free on the volume that holds `path`.
///
/// - Throws: ``Failure`` of kind `failed`.
public func freeSpace(at path: String) throws(Failure) -> FreeSpace {
    var volume = statvfs()
    guard unsafe statvfs(path, &volume) == 0 else { throw .system("see what is free at \(path)") }
    return FreeSpace(
        bytes: Int64(clamping: UInt64(volume.f_bavail) * UInt64(volume.f_frsize)),
        inodes: volume.f_files == 0 ? nil : Int64(clamping: UInt64(volume.f_favail)))
}

/// Whether another file system, or a part of one, is mounted at `path`.
public func isMountPoint(_ path: String) -> Bool {
    guard let own = fileStatus(path), let parent = fileStatus("\(path)/..") else { return false }
    if own.device != parent.device || own.inode == parent.inode { return true }
    // A folder mounted from the same device (a container's volume) shows only in this list.
    guard let real = realPath(path), let list = try? readFile("/proc/self/mountinfo") else {
        return false
    }
    return String(decoding: list, as: UTF8.self).split(separator: "\n").contains { line in
        let fields = line.split(separator: " ")
        return fields.count > 4 && fields[4] == real
    }
}

/// Whether this process may make and remove names in the folder at `path`.
public func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }

// Folders made and taken away with all that is in them, and files replaced as a whole.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Makes a folder that must not exist yet.
///
/// - Throws: ``Failure`` of kind `failed`, also if there is something called `path` already.
public func makeNewFolder(_ path: String, mode: mode_t = 0o700) throws(Failure) {
    guard unsafe mkdir(path, mode) == 0 else { throw .system("make \(path)") }
}

/// Takes `path` away with everything below it; a symbolic link is taken away, never followed, also
/// if somebody puts it there meanwhile.
///
/// Nothing happens if it is not there.
public func removeTree(_ path: String) throws(Failure) {
    try removeTree(Array(path.utf8CString), in: AT_FDCWD, shown: path)
}

private func removeTree(_ name: [CChar], in folder: Int32, shown: String) throws(Failure) {
    // Each folder by a descriptor: its path could lead elsewhere a moment later.
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
    let descriptor = unsafe openat(folder, name, flags)
    guard descriptor >= 0 else {
        guard errno != ENOENT, unsafe unlinkat(folder, name, 0) != 0, errno != ENOENT else {
            return
        }
        throw .system("remove \(shown)")
    }
    guard let listing = unsafe fdopendir(descriptor) else {
        close(descriptor)
        throw .system("remove \(shown)")
    }
    defer { unsafe closedir(listing) }
    for entry in unsafe names(in: listing) {
        try removeTree(entry, in: descriptor, shown: shown)
    }
    guard unsafe unlinkat(folder, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
        throw .system("remove \(shown)")
    }
}

/// Takes a file away. Nothing happens if it is not there.
public func removeFile(_ path: String) throws(Failure) {
    guard unsafe unlink(path) == 0 || errno == ENOENT else { throw .system("remove \(path)") }
}

/// How the file beside its place is called, until it is renamed: one writer at a time.
public let temporarySuffix = ".new"

/// Writes a file whole: beside its place first, on disk, then renamed into it.
///
/// - Throws: ``Failure`` of kind `failed`; then `path` is what it was.
public func replaceFile(_ path: String, with content: [UInt8], mode: mode_t) throws(Failure) {
    let temporary = path + temporarySuffix
    try removeFile(temporary)
    do throws(Failure) {
        try writeNewFile(temporary, content, mode: mode)
        try rename(temporary, to: path)
        try syncFolder(path.parentFolder)
    } catch {
        try? removeFile(temporary)
        throw error
    }
}

/// Writes a file that must not exist yet; on disk when this returns, unless it is `onDisk` false: a
/// file that is of no use to another process than ours.
public func writeNewFile(
    _ path: String, _ content: [UInt8], mode: mode_t, onDisk: Bool = true
) throws(Failure) {
    try writeNewFile(Array(path.utf8), content, mode: mode, onDisk: onDisk)
}

/// Makes an empty file; false if there is something called `path` already.
public func makeNewFile(_ path: String, mode: mode_t) throws(Failure) -> Bool {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    let descriptor = unsafe open(path, flags, mode)
    guard descriptor >= 0 else {
        if errno == EEXIST { return false }
        throw .system("make \(path)")
    }
    close(descriptor)
    return true
}

/// Takes a folder away if it is empty. Returns whether it is gone.
public func removeEmptyFolder(_ path: String) -> Bool { unsafe rmdir(path) == 0 }

/// Writes files in folders below `folder`, which are made as they are needed. The paths are relative
/// and need not be UTF-8; one that would lead elsewhere is left out.
public func writeFiles(
    below folder: String, _ files: [(path: [[UInt8]], content: [UInt8])]
) throws(Failure) {
    let slash = UInt8(ascii: "/")
    let elsewhere: [[UInt8]] = [[], [UInt8(ascii: ".")], Array("..".utf8)]
    for file in files {
        guard !file.path.contains(where: { $0.contains(slash) || elsewhere.contains($0) }) else {
            continue
        }
        var path = Array(folder.utf8)
        for name in file.path.dropLast() {
            path += [slash] + name
            let code = unsafe mkdir((path + [0]).map { CChar(bitPattern: $0) }, 0o700)
            guard code == 0 || errno == EEXIST else { throw .system("make a folder in \(folder)") }
        }
        path += [slash] + (file.path.last ?? [])
        try writeNewFile(path, file.content, mode: 0o600, onDisk: false)
    }
}

private func writeNewFile(
    _ name: [UInt8], _ content: [UInt8], mode: mode_t, onDisk: Bool
) throws(Failure) {
    let path = String(decoding: name, as: UTF8.self)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    let descriptor = unsafe open((name + [0]).map { CChar(bitPattern: $0) }, flags, mode)
    guard descriptor >= 0 else { throw .system("make \(path)") }
    let file = FileDescriptor(owning: descriptor)
    var written = 0
    while written < content.count {
        let count = unsafe content.withUnsafeBytes { memory in
            unsafe write(file.raw, memory.baseAddress! + written, memory.count - written)
        }
        guard count > 0 || errno == EINTR else { throw .system("write \(path)") }
        written += max(count, 0)
    }
    guard !onDisk || fsync(file.raw) == 0 else { throw .system("write \(path) to disk") }
}

/// Sees to it that a file's content is on disk.
public func syncFile(_ path: String) throws(Failure) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open \(path)") }
    let file = FileDescriptor(owning: descriptor)
    guard fsync(file.raw) == 0 else { throw .system("write \(path) to disk") }
}

/// Sees to it that the names in a folder are on disk.
public func syncFolder(_ path: String) throws(Failure) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open \(path)") }
    let folder = FileDescriptor(owning: descriptor)
    guard fsync(folder.raw) == 0 else { throw .system("write \(path) to disk") }
}

extension String {
    /// The folder that a path is in: `/` for what has none above it, `.` for a bare name.
    public var parentFolder: String {
        guard let slash = lastIndex(of: "/") else { return "." }
        return slash == startIndex ? "/" : String(self[..<slash])
    }
}

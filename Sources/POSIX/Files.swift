// Small files, read and appended to; owners and real paths.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The whole of a small file.
///
/// - Throws: ``Failure`` of kind `failed`, also if the file is larger than `limit` bytes, or a pipe:
///   whether that is empty or its writer has not come yet, nobody can tell without waiting.
public func readFile(_ path: String, limit: Int = 4 << 20) throws(Failure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard descriptor >= 0 else { throw .system("read \(path)") }
    let file = FileDescriptor(owning: descriptor)
    guard !isPipeOrSocket(file.raw) else {
        throw Failure(.failed, "cannot read \(path): it is no plain file")
    }
    let buffer = ByteBuffer(capacity: 16 * 1024)
    var content: [UInt8] = []
    while true {
        let outcome: ReadOutcome
        do throws(Failure) { outcome = try read(file.raw, into: buffer) } catch {
            throw .system("read \(path)")
        }
        switch outcome {
        case .bytes: content += buffer.takeAll()
        case .wouldBlock: throw Failure(.failed, "cannot read \(path): it is no plain file")
        case .end: return content
        }
        guard content.count <= limit else {
            throw Failure(.failed, "cannot read \(path): it is larger than \(limit) bytes")
        }
    }
}

/// Appends `text` in one write, creating the file with `mode` if it is not there.
///
/// A symbolic link at `path` is not followed. With `sync` it is on disk when this returns.
public func appendToFile(
    _ path: String, _ text: String, mode: mode_t, sync: Bool = false
) throws(Failure) {
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    let descriptor = unsafe open(path, flags, mode)
    guard descriptor >= 0 else { throw .system("append to \(path)") }
    let file = FileDescriptor(owning: descriptor)
    let bytes = Array(text.utf8)
    let before = fileStatus(descriptor: file.raw)?.size
    let count = unsafe bytes.withUnsafeBytes { unsafe write(file.raw, $0.baseAddress, $0.count) }
    guard count != bytes.count else {
        if sync, fsync(file.raw) != 0 { throw .system("write \(path) to disk") }
        return
    }
    let code = count < 0 ? errno : ENOSPC
    // A part of a line would spoil the next one: take it away again, unless somebody wrote behind.
    if count > 0, let before, fileStatus(descriptor: file.raw)?.size == before + Int64(count) {
        ftruncate(file.raw, off_t(before))
    }
    throw .system("append to \(path)", code: code)
}

/// What `stat(2)` says of a path, after following links; nil if there is nothing.
public func fileStatus(_ path: String) -> FileStatus? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return FileStatus(status)
}

/// What `fstat(2)` says of an open descriptor; nil if it is not open.
public func fileStatus(descriptor: Int32) -> FileStatus? {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    return FileStatus(status)
}

/// Whether anything at all is called `path`: a link that leads nowhere, too.
public func exists(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0
}

/// Who owns what is called `path`: of a symbolic link, whoever made that.
public func entryOwner(_ path: String) -> UInt32? {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? status.st_uid : nil
}

/// Takes the right to write a file from all but its owner.
///
/// - Throws: ``Failure`` of kind `failed`.
public func reserveWriting(_ path: String) throws(Failure) {
    var status = stat()
    guard unsafe stat(path, &status) == 0, unsafe chmod(path, status.st_mode & 0o7755) == 0 else {
        throw .system("change the mode of \(path)")
    }
}

/// Gives a file another name; what had that name before is gone.
public func rename(_ path: String, to newPath: String) throws(Failure) {
    guard unsafe rename(path, newPath) == 0 else { throw .system("rename \(path) to \(newPath)") }
}

/// The part of `stat(2)` that this project asks for.
public struct FileStatus: Sendable {
    public enum Kind: Sendable { case file, directory, socket, other }
    public let kind: Kind
    public let size: Int64
    public let owner: UInt32
    public let group: UInt32
    /// The permission bits.
    public let mode: UInt32
    public let inode: UInt64
    /// Which file system it is on.
    public let device: UInt64
    /// When its content changed last, in nanoseconds since 1970.
    public let modifiedNanoseconds: Int64

    /// Whether both are of one file.
    public func isSameFile(as other: FileStatus) -> Bool {
        inode == other.inode && device == other.device
    }

    init(_ status: stat) {
        kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFSOCK: .socket
            default: .other
            }
        size = Int64(status.st_size)
        owner = status.st_uid
        group = status.st_gid
        mode = UInt32(status.st_mode & 0o7777)
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
        #if os(Linux)
            let modified = status.st_mtim
        #else
            let modified = status.st_mtimespec
        #endif
        modifiedNanoseconds = Int64(modified.tv_sec) * 1_000_000_000 + Int64(modified.tv_nsec)
    }
}

/// `path` with every symbolic link resolved; nil if it does not lead anywhere, or to a name that is
/// no UTF-8 and that no text can stand for.
public func realPath(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(validatingCString: resolved)
}

/// The names in a directory, without `.` and `..`; nil if it cannot be read.
public func directoryEntries(_ path: String) -> [String]? {
    guard let directory = unsafe opendir(path) else { return nil }
    defer { unsafe closedir(directory) }
    return unsafe names(in: directory).map { name in
        String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The names in an open directory, without `.` and `..`, as C has them: with a zero behind.
func names(in directory: OpaquePointer) -> [[CChar]] {
    var names: [[CChar]] = []
    while let entry = unsafe readdir(directory) {
        let name = unsafe name(of: entry)
        if !isSelfOrParent(name) { names.append(name) }
    }
    return names
}

/// The name of one entry of a directory, as C has it.
func name(of entry: UnsafeMutablePointer<dirent>) -> [CChar] {
    unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
    }
}

/// Whether a name as C has it is `.` or `..`.
func isSelfOrParent(_ name: [CChar]) -> Bool {
    let dot = CChar(bitPattern: UInt8(ascii: "."))
    return name == [dot, 0] || name == [dot, dot, 0]
}

/// Whether this process may execute `path`.
public func isExecutable(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 }

/// The program called `name` along `PATH`; nil if there is none.
public func findProgram(_ name: String, path: String? = environmentVariable("PATH")) -> String? {
    for folder in (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":") {
        let candidate = "\(folder)/\(name)"
        if isExecutable(candidate), fileStatus(candidate)?.kind == .file { return candidate }
    }
    return nil
}

/// The real user id of this process.
public func currentUser() -> UInt32 { getuid() }

/// Lets a pipe hold more, so that its two ends meet less often. Linux only; elsewhere nothing.
func widenPipe(_ descriptor: Int32) {
    #if os(Linux)
        let setPipeSize: Int32 = 1031  // F_SETPIPE_SZ, which Glibc's module lacks
        _ = fcntl(descriptor, setPipeSize, 1 << 20)
    #endif
}

/// Makes a folder that only its owner may enter, if it is not there; its parent must be.
public func makeFolder(_ path: String) throws(Failure) {
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system("make \(path)") }
}

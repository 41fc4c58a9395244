// A folder held open, for checks that must not be led elsewhere by a path that changes meanwhile. The
// engine looks through other users' gitdirs with it.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// An open folder. What is asked of it is asked of that very folder, whatever its path leads to by now.
public struct OpenFolder: ~Copyable {
    private let descriptor: FileDescriptor
    /// Where it was found.
    private let found: String

    /// A name in a folder as the system has it: not every one is UTF-8.
    public struct Name: Sendable {
        fileprivate let characters: [CChar]

        public init(_ text: String) { characters = Array(text.utf8CString) }
        fileprivate init(characters: [CChar]) { self.characters = characters }

        /// For messages.
        public var shown: String {
            String(decoding: characters.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// What a name stands for, without following it.
    public enum Kind: Sendable { case folder, link, other }

    /// Opens the folder at `path`; a symbolic link is not followed.
    ///
    /// - Throws: ``Failure`` of kind `failed`.
    public init(_ path: String) throws(Failure) {
        guard let opened = Self.open(Name(path), in: AT_FDCWD) else {
            throw .system("open \(path)")
        }
        descriptor = opened
        found = path
    }

    private init(_ descriptor: consuming FileDescriptor, found: String) {
        self.descriptor = descriptor
        self.found = found
    }

    /// The folder called `name` in this one; nil if it is gone, or if we may not read it.
    ///
    /// - Throws: ``Failure`` of kind `failed`, also if it is a symbolic link by now.
    public func folder(_ name: Name) throws(Failure) -> OpenFolder? {
        if let opened = Self.open(name, in: descriptor.raw) {
            return OpenFolder(opened, found: "\(found)/\(name.shown)")
        }
        if errno == ENOENT || errno == EACCES { return nil }
        throw .system("open \(name.shown.harmless)")
    }

    private static func open(_ name: Name, in folder: Int32) -> FileDescriptor? {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let raw = unsafe openat(folder, name.characters, flags)
        return raw < 0 ? nil : FileDescriptor(owning: raw)
    }

    /// The names in it, without `.` and `..`.
    ///
    /// - Throws: ``Failure`` of kind `failed`.
    public func names() throws(Failure) -> [Name] {
        // The listing closes what it was given.
        guard let again = Self.open(Name("."), in: descriptor.raw) else {
            throw .system("list a folder")
        }
        let raw = again.release()
        guard let listing = unsafe fdopendir(raw) else {
            close(raw)
            throw .system("list a folder")
        }
        defer { unsafe closedir(listing) }
        return unsafe POSIX.names(in: listing).map { Name(characters: $0) }
    }

    /// What `name` stands for; nil if there is nothing.
    public func kind(of name: Name) -> Kind? {
        guard let status = status(of: name, following: false) else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .folder
        case S_IFLNK: return .link
        default: return .other
        }
    }

    /// Who owns `name`, and what it leads to if it is a symbolic link.
    public func owners(of name: Name) -> [UInt32] {
        [false, true].compactMap { status(of: name, following: $0)?.st_uid }
    }

    /// What is called `name`, without following it; nil if there is nothing.
    public func fileStatus(of name: Name) -> FileStatus? {
        status(of: name, following: false).map { FileStatus($0) }
    }

    /// A path that leads to this very folder, for this process and its children, as long as it is open
    /// (proc(5)): or where it was found, in a namespace of processes that sees another one's /proc.
    public var path: String {
        let path = "/proc/\(processNumber())/fd/\(descriptor.raw)"
        guard let own = fileStatus(of: Name(".")), let there = POSIX.fileStatus(path),
            own.isSameFile(as: there)
        else { return found }
        return path
    }

    /// - Throws: ``Failure`` of kind `failed`, also if there is something of that name.
    public func makeFolder(_ name: Name) throws(Failure) {
        guard unsafe mkdirat(descriptor.raw, name.characters, 0o700) == 0 else {
            throw .system("make the folder \(name.shown.harmless)")
        }
    }

    /// Moves what is called `name` into another folder of the same volume, instead of what is there.
    ///
    /// - Throws: ``Failure`` of kind `failed`.
    public func move(_ name: Name, into other: borrowing OpenFolder) throws(Failure) {
        let raw = other.descriptor.raw
        guard unsafe renameat(descriptor.raw, name.characters, raw, name.characters) == 0 else {
            throw .system("move \(name.shown.harmless)")
        }
    }

    /// Has the names in it on disk.
    ///
    /// - Throws: ``Failure`` of kind `failed`.
    public func sync() throws(Failure) {
        guard fsync(descriptor.raw) == 0 else { throw .system("write a folder to disk") }
    }

    private func status(of name: Name, following: Bool) -> stat? {
        var status = stat()
        let flags = following ? 0 : AT_SYMLINK_NOFOLLOW
        let code = unsafe fstatat(descriptor.raw, name.characters, &status, flags)
        return code == 0 ? status : nil
    }
}

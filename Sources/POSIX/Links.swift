// Symbolic links: made, read, and kept from leading out of a folder that was written for others to read.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Makes a symbolic link at `path`, where nothing may be.
///
/// - Throws: ``Failure`` of kind `failed`.
public func makeLink(to target: String, at path: String) throws(Failure) {
    guard unsafe symlink(target, path) == 0 else { throw .system("make the link \(path)") }
}

/// What a symbolic link says; nil if there is none.
public func linkTarget(_ path: String) -> String? {
    readTarget(AT_FDCWD, Array(path.utf8CString)).map {
        String(decoding: $0, as: UTF8.self)
    }
}

private func readTarget(_ folder: Int32, _ name: [CChar]) -> [UInt8]? {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlinkat(folder, name, &target, target.count)
    return count < 0 ? nil : target.prefix(count).map(UInt8.init(bitPattern:))
}

/// Puts, below the folder `root`, a plain file in the place of each symbolic link that leads out of it, or
/// nowhere. The file has what the link said. To be called before anybody else sees that folder.
///
/// - Returns: how many there were.
/// - Throws: ``Failure`` of kind `failed`; then some may be left.
public func containLinks(below root: String) throws(Failure) -> Int {
    guard let real = realPath(root) else { throw .system("look at \(root)") }
    var containment = Containment(root: Array(real.utf8))
    try containment.walk(Array(real.utf8CString), in: AT_FDCWD, path: Array(real.utf8))
    return containment.count
}

/// One walk through a folder.
private struct Containment {
    /// Without a slash at its end.
    let root: [UInt8]
    var count = 0

    mutating func walk(_ name: [CChar], in folder: Int32, path: [UInt8]) throws(Failure) {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK
        let descriptor = unsafe openat(folder, name, flags)
        guard descriptor >= 0 else { throw .system("look through \(shown(path))") }
        guard let listing = unsafe fdopendir(descriptor) else {
            close(descriptor)
            throw .system("look through \(shown(path))")
        }
        defer { unsafe closedir(listing) }
        for entry in unsafe names(in: listing) {
            var status = stat()
            guard unsafe fstatat(descriptor, entry, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                throw .system("look through \(shown(path))")
            }
            let inner = path + [UInt8(ascii: "/")] + entry.dropLast().map(UInt8.init(bitPattern:))
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try walk(entry, in: descriptor, path: inner)
            case S_IFLNK: try look(at: entry, in: descriptor, path: inner)
            default: break
            }
        }
    }

    private mutating func look(at name: [CChar], in folder: Int32, path: [UInt8]) throws(Failure) {
        guard let target = readTarget(folder, name) else {
            throw .system("read the link \(shown(path))")
        }
        guard target.first == UInt8(ascii: "/") || !leadsInside(path) else { return }
        count += 1
        guard unsafe unlinkat(folder, name, 0) == 0 else {
            throw .system("remove \(shown(path))")
        }
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let raw = unsafe openat(folder, name, flags, mode_t(0o644))
        guard raw >= 0 else { throw .system("write \(shown(path))") }
        let file = FileDescriptor(owning: raw)
        let written = unsafe target.withUnsafeBytes { memory in
            unsafe write(file.raw, memory.baseAddress, memory.count)
        }
        guard written == target.count else { throw .system("write \(shown(path))") }
    }

    /// Links on the way of one that are followed, as Linux does (path_resolution(7)).
    private static let mostLinks = 40

    /// Whether the link leads to something in the folder, and by no link on its way out of it: what lies
    /// there may be something else for whoever reads, such as `/proc/self`.
    private func leadsInside(_ path: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        var place = path.dropFirst(root.count).split(separator: slash)
        var ahead = [place.removeLast()]
        var links = 0
        while let name = ahead.popLast() {
            if name.elementsEqual(".".utf8) { continue }
            if name.elementsEqual("..".utf8) {
                guard place.popLast() != nil else { return false }
                continue
            }
            let here = root + place.flatMap { [slash] + $0 } + [slash] + name
            let entry = here.map(CChar.init(bitPattern:)) + [0]
            var status = stat()
            guard unsafe fstatat(AT_FDCWD, entry, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
                return false
            }
            guard status.st_mode & S_IFMT == S_IFLNK else {
                place.append(name)
                continue
            }
            links += 1
            guard links <= Self.mostLinks, let target = readTarget(AT_FDCWD, entry),
                target.first != slash
            else { return false }
            ahead += target.split(separator: slash).reversed()
        }
        return true
    }

    private func shown(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self).harmless }
}

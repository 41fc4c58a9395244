// What lies in a tree of folders besides plain files and folders. The bridge looks through gitdirs with
// it, once a request: a plain file costs no call of its own.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Something in a folder that is neither a plain file nor a folder.
public struct IrregularEntry: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// A symbolic link and the real path that it leads to: nil for one that leads nowhere, and for
        /// one whose path or target is no UTF-8.
        case link(to: String?)
        /// A pipe, a socket or a device.
        case special
    }

    /// For messages: what is no UTF-8 in it is replaced.
    public let path: String
    public let kind: Kind
}

/// The irregular entries of `folder` and of every folder below it, in no order; no link is followed.
///
/// A folder that is gone by now, or that we may not read, is passed over.
///
/// - Throws: ``Failure`` of kind `failed`, also for a path that is too long for the system.
public func irregularEntries(below folder: String) throws(Failure) -> [IrregularEntry] {
    var found: [IrregularEntry] = []
    // Paths as C has them: not every name is UTF-8. The system's longest path bounds the depth.
    var pending = [Array(folder.utf8CString)]
    while let path = pending.popLast() {
        guard let listing = unsafe opendir(path) else {
            if [ENOENT, ENOTDIR, EACCES].contains(errno) { continue }
            throw .system("look through \(folder)")
        }
        defer { unsafe closedir(listing) }
        while let entry = unsafe readdir(listing) {
            var type = unsafe Int(entry.pointee.d_type)
            if type == Int(DT_REG) { continue }
            let name = unsafe name(of: entry)
            if isSelfOrParent(name) { continue }
            let below = path.dropLast() + [CChar(bitPattern: UInt8(ascii: "/"))] + name
            if type == Int(DT_UNKNOWN) { type = kind(of: below) }
            switch type {
            case Int(DT_REG): continue
            case Int(DT_DIR): pending.append(below)
            case Int(DT_LNK):
                let kind = IrregularEntry.Kind.link(to: realPath(text(below)))
                found.append(IrregularEntry(path: text(below), kind: kind))
            default: found.append(IrregularEntry(path: text(below), kind: .special))
            }
        }
    }
    return found
}

/// What `path` is, for file systems that leave it to `lstat(2)` to say.
private func kind(of path: [CChar]) -> Int {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return Int(DT_REG) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return Int(DT_REG)
    case S_IFDIR: return Int(DT_DIR)
    case S_IFLNK: return Int(DT_LNK)
    default: return Int(DT_FIFO)
    }
}

private func text(_ path: [CChar]) -> String {
    String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

// Refs deleted by compare-and-swap, under the locks that git itself takes.
//
// libgit2 1.5 reads packed refs before it locks them, and writes back what it read: whatever a `git
// pack-refs` puts there in between is lost, and with it refs that have nothing to do with ours.

import CLibgit2
import Model
import POSIX

extension Repository {
    /// The largest file of packed refs that is read: a million refs and more.
    private static let packedLimit = 256 << 20

    /// Deletes `name` if it still points at `old`.
    ///
    /// - Throws: ``GitError`` of kind `moved` or `locked`, as ``move(_:from:to:_:)``.
    public func delete(_ name: RefName, from old: ObjectID) throws(GitError) {
        _ = try withLock(on: name, "") { now throws(GitError) in
            guard now == old, try !self.isSymbolic(name) else {
                throw GitError(.moved, "delete \(name)", "it has another value by now")
            }
            let isDone: Bool
            do throws(Failure) { isDone = try self.removeHoldingLocks(name) } catch {
                throw GitError(error, "delete \(name)")
            }
            guard isDone else {
                throw GitError(.locked, "delete \(name)", "the packed refs are locked")
            }
            return nil
        }
        removeEmptyFolders(above: name)
    }

    /// False if somebody else holds the lock on packed refs.
    private func removeHoldingLocks(_ name: RefName) throws(Failure) -> Bool {
        let lock = "\(path)/packed-refs.lock"
        guard try makeNewFile(lock, mode: 0o644) else { return false }
        defer { try? removeFile(lock) }
        try remove(name)
        return true
    }

    /// Takes `name`, whose lock is held, out of the packed refs, then its own file away: as git does, so
    /// that no older value of it comes to light in between.
    private func remove(_ name: RefName) throws(Failure) {
        let packed = "\(path)/packed-refs"
        if exists(packed) {
            let content = try readFile(packed, limit: Self.packedLimit)
            guard let lines = Self.lines(of: content) else {
                throw Failure(
                    .failed, "\(packed) holds what is no ref", hint: "look at it, and mend it")
            }
            if let rest = Self.content(of: lines, without: name) {
                // It will be ours, whoever wrote it: never a program.
                let mode = (fileStatus(packed)?.mode ?? 0o644) & 0o666
                try replaceFile(packed, with: rest, mode: mode)
            }
        }
        try removeFile("\(path)/\(name)")
        try? removeFile("\(path)/logs/\(name)")
    }

    /// The lines of packed refs; nil if one of them is nothing that git writes there.
    private static func lines(of content: [UInt8]) -> [ArraySlice<UInt8>]? {
        let lines = content.split(separator: UInt8(ascii: "\n"))
        func isID(_ text: ArraySlice<UInt8>) -> Bool {
            text.count == 2 * ObjectID.size
                && text.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        }
        let (header, refs) = (Array("# pack-refs with:".utf8), Array(" refs/".utf8))
        for line in lines {
            let rest = line.dropFirst(2 * ObjectID.size)
            let isRef = isID(line.prefix(2 * ObjectID.size)) && rest.starts(with: refs)
            let isPeeled = line.first == UInt8(ascii: "^") && isID(line.dropFirst())
            guard isRef || isPeeled || line.startIndex == 0 && line.starts(with: header) else {
                return nil
            }
        }
        return lines
    }

    /// Packed refs without one of them and what it peels to; nil if it is not there.
    private static func content(
        of lines: [ArraySlice<UInt8>], without name: RefName
    ) -> [UInt8]? {
        let ending = [UInt8(ascii: " ")] + Array(name.description.utf8)
        var kept: [UInt8] = []
        var isFound = false
        var isDropped = false
        for line in lines {
            let isPeeled = line.first == UInt8(ascii: "^")
            if !isPeeled {
                isDropped =
                    line.count == 40 + ending.count && line.suffix(ending.count) == ending[...]
            }
            if isDropped { isFound = true } else { kept += line + [UInt8(ascii: "\n")] }
        }
        return isFound ? kept : nil
    }

    private func removeEmptyFolders(above name: RefName) {
        let parts = name.description.split(separator: "/")
        // `refs/heads` and its like stay.
        for count in stride(from: parts.count - 1, to: 2, by: -1) {
            let folder = parts.prefix(count).joined(separator: "/")
            guard removeEmptyFolder("\(path)/\(folder)") else { return }
        }
    }
}

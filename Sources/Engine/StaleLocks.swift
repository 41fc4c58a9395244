// Lock files that a killed git-pod left: found by its journal, and taken away at a start.

import Git
import Model
import POSIX

/// What stands at a lock file's path, to see whether it is still the same a moment later.
private struct LockSighting: Equatable {
    let inode: UInt64
    let modified: Int64
    let size: Int64

    init?(_ path: String) {
        guard let status = fileStatus(path) else { return nil }
        inode = status.inode
        modified = status.modifiedNanoseconds
        size = status.size
    }
}

/// How long a lock file must not change before it counts as left over. Its owner may be a live git
/// that came after us; git holds one for milliseconds.
private let quietTime = Duration.seconds(1)

/// Takes away the locks of the refs that `journal` says were under way, and folders of trial work.
///
/// Called under the ``GitdirLock``, so whoever wrote the journal has ended.
func removeLeftovers(of journal: inout Journal, gitdir: String) throws(Failure) {
    for entry in journal.entries {
        guard case .update(let name, let value) = entry else { continue }
        try removeLock("\(gitdir)/\(name).lock", holding: value)
        if value.isZero { try removeLock("\(gitdir)/packed-refs.lock", holding: nil) }
        journal.end(entry)
    }
    for folder in directoryEntries(gitdir) ?? [] where folder.hasPrefix(ScratchRepository.prefix) {
        try removeTree("\(gitdir)/\(folder)")
    }
}

private func removeLock(_ path: String, holding value: ObjectID?) throws(Failure) {
    guard let sighting = LockSighting(path) else { return }
    if let value, let content = try? readFile(path, limit: 64),
        content == Array("\(value)\n".utf8)
    {
        return try removeFile(path)
    }
    let deadline = Deadline.after(quietTime)
    while !deadline.hasPassed {
        guard LockSighting(path) == sighting else { return }
        pause(.milliseconds(20))
    }
    try removeFile(path)
}

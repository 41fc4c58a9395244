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
    let written = journal.written
    for entry in journal.entries {
        switch entry {
        case .escape: continue
        case .hold(let name): try removeLock("\(gitdir)/\(name).lock", holding: nil)
        case .update(let name, to: .zero):
            try removeLock("\(gitdir)/\(name).lock", holding: nil)
            try removePackedLock("\(gitdir)/packed-refs", since: written)
        case .update(let name, let value):
            try removeLock("\(gitdir)/\(name).lock", holding: value)
            // What was to be remembered of origin is true, whenever that is written.
            if name.isSeen { continue }
        case .follow(let name, _, let value, _):
            try removeLock("\(gitdir)/\(name).lock", holding: value)
            continue
        }
        journal.end(entry)
    }
    // A push to origin works in one without the lock.
    ScratchRepository.clear(besides: gitdir)
    ClonePlace.clearMoved(gitdir)
}

/// Takes a ref's lock away if it is ours: it holds `value`, or it is the beginning of that and has
/// not changed for a while. One that holds anything else is of a git that lives, or died by itself.
private func removeLock(_ path: String, holding value: ObjectID?) throws(Failure) {
    guard let sighting = LockSighting(path) else { return }
    let ours = value.map { Array("\($0)\n".utf8) } ?? []
    guard let content = try? readFile(path, limit: 64), ours.starts(with: content) else { return }
    if !content.isEmpty, content == ours { return try removeFile(path) }
    if hasNotChanged(path, since: sighting) { try removeFile(path) }
}

/// Takes the lock on packed refs away if it can be ours. git's own is just as empty, and is held for
/// as long as there are refs to pack; only the time can tell them apart.
private func removePackedLock(_ refs: String, since begun: Int64?) throws(Failure) {
    let path = "\(refs).lock"
    guard let sighting = LockSighting(path), let begun else { return }
    let last = begun + (RefMoves.patience + quietTime).milliseconds * 1_000_000
    guard (begun...last).contains(sighting.modified),
        hasNotChanged(path, since: sighting)
    else { return }
    // What was to become the file first: git has the same name for it, and gives up if it is there.
    try removeFile(refs + temporarySuffix)
    try removeFile(path)
}

private func hasNotChanged(_ path: String, since sighting: LockSighting) -> Bool {
    let deadline = Deadline.after(quietTime)
    while !deadline.hasPassed {
        guard LockSighting(path) == sighting else { return false }
        pause(.milliseconds(20))
    }
    return true
}

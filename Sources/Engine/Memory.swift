// What origin last was, in `refs/pod/seen/B`: set when its tip was acted on, also by a run that was
// killed before it could say so.

import Git
import Model

extension Engine {
    private static let message = "origin's tip was acted on"

    /// Origin's tip was acted on: from now on it must stay, or origin was rewritten.
    ///
    /// - Parameter isLate: whether origin may have been heard of since.
    func remember(_ tip: ObjectID?, isLate: Bool = false) throws(Failure) {
        guard let tip else { return }
        // Where nothing says it yet, what is remembered is of this one.
        try knownOrigins.record(originURL())
        try set(seen, to: tip, Self.message)
        var hearsay = hearsay
        if !isLate || hearsay.isOld(branch, by: tip, in: repository) {
            try hearsay.forget(branch)
        }
        for entry in refs.unfinished {
            if case .follow(branch, _, _, _) = entry { refs.end(entry) }
        }
    }

    /// Remembers what a killed run had acted on, of whichever branch.
    ///
    /// Without it, commits that origin drops before it is asked again would be taken for ours.
    func rememberUnfinished() throws(Failure) {
        for entry in refs.unfinished {
            switch entry {
            case .follow(let name, let old, let new, let tip):
                let isMoved = try attempt { () throws(GitError) in
                    try self.hasMoved(name, from: old, to: new)
                }
                if isMoved, let seen = name.seen, repository.hasCommit(tip) {
                    try set(seen, to: tip, Self.message)
                }
            case .update(let name, let tip) where name.isSeen:
                if repository.hasCommit(tip) { try set(name, to: tip, Self.message) }
            default: continue
            }
            refs.end(entry)
        }
    }

    /// Whether `name` was moved from `old` to `new`: it stands there, or has gone on from there.
    private func hasMoved(_ name: RefName, from old: ObjectID, to new: ObjectID)
        throws(GitError) -> Bool
    {
        guard let now = try repository.target(of: name), repository.hasCommit(new),
            try repository.isAncestor(new, of: now)
        else { return false }
        // A branch that was to go back to where it came through holds the new value either way.
        guard repository.hasCommit(old), try repository.isAncestor(new, of: old) else {
            return true
        }
        return try !repository.isAncestor(old, of: now)
    }
}

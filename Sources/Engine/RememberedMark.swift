// Where a branch stands by what refs remember of origin: what `git pod status` tells where no engine runs,
// and a running engine until origin has said something. A start while origin is away forgets nothing.

import EngineCore
import Git
import Model

extension Repository {
    /// The watermark of a branch as refs have it: all of origin's is as it was when it was last heard.
    /// - Parameter hearsay: nil where all that is remembered is another origin's.
    func remembered(_ name: RefName, at local: ObjectID?, _ hearsay: Hearsay?) throws(GitError)
        -> Watermark
    {
        guard let hearsay else {
            return Watermark(
                name: name, state: .waiting, local: local, origin: nil, seen: nil, durable: nil,
                saved: nil)
        }
        let seen = try name.seen.flatMap { seen throws(GitError) in try target(of: seen) }
        let origin = hearsay.tip(of: name, seen: seen)
        // Where history cannot be read, nobody can tell.
        let durable = (try? durable(local, origin: origin, seen: seen)) ?? nil
        // What was seen there and is not there any more was deleted there.
        let isElsewhere = seen != nil && origin != seen
        let state: Watermark.State =
            local != nil && local != durable
            ? (isElsewhere ? .stuck : .waiting) : (isElsewhere ? .originMoved : .inSync)
        return Watermark(
            name: name, state: state, local: local, origin: origin, seen: seen, durable: durable,
            saved: nil)
    }

    /// How far a branch is durable by what is known of origin's. What it has let go of is not.
    private func durable(_ local: ObjectID?, origin: ObjectID?, seen: ObjectID?)
        throws(GitError) -> ObjectID?
    {
        guard let origin, let local else { return origin }
        if try isAncestor(local, of: origin) { return local }
        if try isAncestor(origin, of: local) { return origin }
        guard let seen, try isAncestor(seen, of: origin), try isAncestor(seen, of: local) else {
            return nil
        }
        return seen
    }
}

extension Watermark {
    /// Whether origin has said nothing of the branch since the engine's start.
    var isUnheardOf: Bool {
        lastHeard == nil && origin == nil && durable == nil
            && !IncidentName.isConflictBranch(name)
    }

    /// The same with what refs remember, where origin has said nothing yet.
    func remembering(_ repository: Repository?) -> Watermark {
        guard isUnheardOf, let repository,
            var mark = try? repository.remembered(
                name, at: local, Hearsay(gitdir: repository.path))
        else { return self }
        (mark.lastFailure, mark.nextAttempt) = (lastFailure, nextAttempt)
        return mark
    }
}

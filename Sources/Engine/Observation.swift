// Finds out how a branch and its origin stand to each other: the facts of a reconcile's decision.

import EngineCore
import Git
import Model

extension Repository {
    /// The situation of a branch with `local` as its tip.
    ///
    /// - Parameters:
    ///   - tip: origin's; its objects are here. Nil if origin lacks the branch.
    ///   - originIsEmpty: whether origin has no branch at all.
    ///   - seen: origin's last tip that was acted on.
    func situation(
        local: ObjectID, tip: ObjectID?, originIsEmpty: Bool, seen: ObjectID?
    ) throws(GitError) -> Situation {
        guard let tip else {
            let memory = seen.map {
                Situation.Memory(seen: $0, isRewritten: false, holdsDropped: false, hasOwn: false)
            }
            return Situation(
                local: local, origin: originIsEmpty ? .isEmpty : .lacksBranch, memory: memory)
        }
        let relation = try relation(local: local, origin: tip)
        guard let seen else {
            return Situation(local: local, origin: .tip(tip, relation), memory: nil)
        }
        let isRewritten = try !isAncestor(seen, of: tip)
        let own = try commits(from: [local], hiding: [seen, tip], limit: 1)
        let holdsDropped =
            isRewritten ? try holdsDropped(local: local, tip: tip, seen: seen) : false
        let memory = Situation.Memory(
            seen: seen, isRewritten: isRewritten, holdsDropped: holdsDropped, hasOwn: !own.isEmpty)
        return Situation(local: local, origin: .tip(tip, relation), memory: memory)
    }

    private func relation(local: ObjectID, origin: ObjectID) throws(GitError)
        -> Situation.Relation
    {
        if local == origin { return .equal }
        guard let base = try mergeBase(local, origin) else { return .unrelated }
        if base == origin { return .ahead }
        return base == local ? .behind : .diverged
    }

    /// Whether `local` reaches a commit that `seen` has and `tip` has not.
    private func holdsDropped(local: ObjectID, tip: ObjectID, seen: ObjectID) throws(GitError)
        -> Bool
    {
        let shared = try mergeBases(local, seen)
        guard !shared.isEmpty else { return false }
        return try !commits(from: shared, hiding: [tip], limit: 1).isEmpty
    }
}

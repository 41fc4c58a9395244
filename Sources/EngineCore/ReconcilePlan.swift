// The reconcile decision: what both sides hold → what is to be done. Pure; Engine finds the facts out
// and carries the plan out.

import Model

/// What a reconcile found, at one moment.
public struct Situation: Sendable, Equatable {
    /// How the branch's tip and origin's stand to each other.
    public enum Relation: Sendable, Equatable {
        case equal
        /// Ours is an ancestor of origin's.
        case behind
        /// Origin's is an ancestor of ours.
        case ahead
        /// Both have commits of their own on a common base.
        case diverged
        /// No commit in common.
        case unrelated
    }

    /// What origin has of the branch.
    public enum Origin: Sendable, Equatable {
        case tip(ObjectID, Relation)
        /// It has other branches, and not this one.
        case lacksBranch
        /// It has no branch at all.
        case isEmpty
    }

    /// Origin's last tip that we acted on, and what became of it.
    public struct Memory: Sendable, Equatable {
        public let seen: ObjectID
        /// Whether origin's tip no longer has `seen` behind it.
        public let isRewritten: Bool
        /// Whether the branch still holds commits that origin had and dropped.
        public let holdsDropped: Bool
        /// Whether the branch has commits that neither `seen` nor origin's tip has.
        public let hasOwn: Bool

        public init(seen: ObjectID, isRewritten: Bool, holdsDropped: Bool, hasOwn: Bool) {
            self.seen = seen
            self.isRewritten = isRewritten
            self.holdsDropped = holdsDropped
            self.hasOwn = hasOwn
        }
    }

    public let local: ObjectID
    public let origin: Origin
    /// Nil before the first reconcile of this branch.
    public let memory: Memory?

    public init(local: ObjectID, origin: Origin, memory: Memory?) {
        self.local = local
        self.origin = origin
        self.memory = memory
    }
}

/// What a reconcile will do. Every case but the last two ends with origin's tip as `seen`.
public enum ReconcilePlan: Sendable, Equatable {
    /// Nothing moves.
    case nothing(Outcome)
    /// The branch follows origin; its old tip is an ancestor and needs no anchor.
    case fastForward(to: ObjectID, Outcome)
    /// The branch goes to origin's tip; its old tip is anchored, and none of it is ours.
    case abandon(for: ObjectID)
    /// Origin is sent the branch as it is. `onto` is what it has now; nil: the branch is made there.
    case push(onto: ObjectID?, Outcome)
    /// What `upstream` has not is replayed onto origin's tip, and sent.
    case replay(after: ObjectID, onto: ObjectID, Outcome)
    /// Both tips get a common child, which is sent.
    case merge(with: ObjectID)
    /// The branch's tip goes to a conflict branch, and the branch to origin's tip.
    case escape(to: ObjectID)
    /// A person must decide.
    case stop(Outcome, Refusal)
    /// It cannot be reconciled at all.
    case fail(Refusal)
}

/// Why a plan moves nothing.
public enum Refusal: Sendable, Equatable {
    case unrelated
    case originLacksBranch
    case originDeleted
    case diverged
    case rewritten
}

extension ReconcilePlan {
    /// The first row of the reconcile table that fits (docs/reconcile.md).
    public init(
        _ situation: Situation, onDivergence: DivergencePolicy, onRewrite: RewritePolicy
    ) {
        let memory = situation.memory
        switch situation.origin {
        case .isEmpty where memory == nil: self = .push(onto: nil, .pushedAhead)
        case .lacksBranch where memory == nil: self = .fail(.originLacksBranch)
        case .isEmpty, .lacksBranch: self = .stop(.originDeleted, .originDeleted)
        case .tip(let tip, let relation):
            if let memory, memory.isRewritten {
                self = .afterRewrite(tip, relation, memory, onRewrite)
            } else {
                self = .usual(tip, relation, onDivergence)
            }
        }
    }

    private static func usual(
        _ tip: ObjectID, _ relation: Situation.Relation, _ policy: DivergencePolicy
    ) -> ReconcilePlan {
        switch relation {
        case .equal: return .nothing(.inSync)
        case .behind: return .fastForward(to: tip, .fastForwarded)
        case .ahead: return .push(onto: tip, .pushedAhead)
        case .unrelated: return .fail(.unrelated)
        case .diverged:
            switch policy {
            case .rebase: return .replay(after: tip, onto: tip, .rebased)
            case .merge: return .merge(with: tip)
            case .escape: return .escape(to: tip)
            case .stop: return .stop(.stopped, .diverged)
            }
        }
    }

    /// Origin was rewritten: ours is what `seen` has not, and nothing that was dropped goes back.
    private static func afterRewrite(
        _ tip: ObjectID, _ relation: Situation.Relation, _ memory: Situation.Memory,
        _ policy: RewritePolicy
    ) -> ReconcilePlan {
        switch relation {
        case .equal: return .nothing(.rewritten)
        case .behind: return .fastForward(to: tip, .rewritten)
        // An earlier run has replayed ours and was cut off before it could say so.
        case .ahead where !memory.holdsDropped: return .push(onto: tip, .rewritten)
        case .ahead, .diverged, .unrelated:
            if !memory.hasOwn { return .abandon(for: tip) }
            guard policy == .replay else { return .stop(.rewritten, .rewritten) }
            return .replay(after: memory.seen, onto: tip, .rewritten)
        }
    }
}

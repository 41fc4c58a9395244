// What the push machine knows of one ref, and what follows from it for this ref alone.

import Model

/// One ref on its way to origin.
struct RefPush: Sendable, Equatable {
    /// What origin has, as far as it is known.
    enum Origin: Sendable, Equatable {
        case unknown, absent
        case at(ObjectID)
    }

    let name: RefName
    /// Whether this is a conflict branch: nobody but its incident moves it.
    let isConflict: Bool
    /// The branch whose tip a conflict branch keeps, if that is known.
    var keeps: RefName?
    /// The conflict branch whose place it took, because origin did not take that one.
    var replaces: RefName?

    var local: ObjectID?
    var origin = Origin.unknown
    /// Origin's last tip that was acted on; only branches and decision logs have one.
    var seen: ObjectID?
    /// The last tip that origin has confirmed.
    var durable: ObjectID?
    /// Tips that were sent in attempts without an answer, oldest first: if origin has one of these, it
    /// has it from here.
    private(set) var unconfirmed: [ObjectID] = []

    /// A refusal that stands: `nonFastForward`, or `rejected`.
    var obstacle: PushFailureReason?
    /// Since when it was refused as `unknown`, without another word of origin's.
    var refusedSince: Duration?
    /// The tip that was refused as `nonFastForward`.
    var refusedTip: ObjectID?
    /// Whether that refusal may come of an attempt without an answer.
    var isDoubtful = false
    /// Whether origin is to be looked at because what is known may be wrong.
    var mustLook = false
    var backoff = Backoff()

    var isReconciling = false
    /// Whether a reconcile would change nothing until a person, or origin, does something.
    var needsPerson = false
    var reconcileBackoff = Backoff()
    var incident: Incident?

    /// When origin last said what it has of it.
    var lastHeard: Duration?
    var lastSuccess: Duration?
    var lastFailure: PushTrouble?

    init(_ name: RefName) {
        self.name = name
        isConflict = IncidentName.isConflictBranch(name)
    }

    /// Whether `refs/pod/seen` speaks of this ref.
    var followsSeen: Bool { name.seen != nil && !isConflict }

    /// Whether it is a branch of the application's: those are reconciled, and saved where they are stuck.
    var isBranch: Bool { name.branch != nil && !isConflict }

    var originTip: ObjectID? {
        if case .at(let tip) = origin { return tip }
        return nil
    }

    var isLacking: Bool { local != nil && local != durable }

    /// What origin has of a conflict branch, unless somebody has deleted or moved it there since.
    var saved: ObjectID? { originTip == durable ? durable : nil }

    var needsLook: Bool { local != nil && !isReconciling && (origin == .unknown || mustLook) }

    /// Whether origin is where a push may go onto. What it has deleted is not made again, and a branch
    /// goes only onto what was acted on: anything else could send back what origin has dropped.
    private var hasBase: Bool {
        switch origin {
        case .unknown: false
        case .absent: (followsSeen ? seen ?? durable : durable) == nil
        case .at(let tip): !followsSeen || tip == seen
        }
    }

    /// Whether origin is known to be somewhere else.
    var isElsewhere: Bool { origin != .unknown && !hasBase }

    /// Whether nothing but a reconcile, or somebody at origin, lets it be pushed.
    var isStuck: Bool {
        isLacking && !isReconciling && !isDoubtful && (obstacle != nil || isElsewhere)
    }

    /// Whether no push will be tried, however long one waits.
    var isTerminal: Bool {
        obstacle == .nonFastForward || isElsewhere || backoff.isStopped
    }

    /// Whether it goes with the next attempt, if only `backoff` does not hold it.
    var wantsSend: Bool {
        isLacking && hasBase && obstacle != .nonFastForward && !isReconciling
    }

    /// Whether nothing is to be done for it until something happens.
    var isAtRest: Bool {
        !isLacking && !needsLook && incident == nil && !isElsewhere && !isReconciling
    }

    /// Whether the tip of `local` has to be saved.
    var wantsSave: Bool {
        guard isStuck, let incident, local != incident.answered else { return false }
        return incident.saving == nil
    }

    /// Takes the ref's tip. One that origin has undoes what was wrong with others.
    mutating func move(to tip: ObjectID?) {
        local = tip
        guard let tip, tip == originTip, hasBase else { return }
        durable = tip
        (obstacle, refusedSince, refusedTip, isDoubtful) = (nil, nil, nil, false)
        backoff.reset()
    }

    mutating func wasSent(_ tip: ObjectID) {
        guard unconfirmed.last != tip else { return }
        // The first may have arrived before a long outage, and the last just now.
        if unconfirmed.count == PushLimits.unconfirmed {
            unconfirmed.remove(at: PushLimits.unconfirmed / 2)
        }
        unconfirmed.append(tip)
    }

    /// Origin has `tip`, and has it from here or as it is here.
    mutating func confirm(_ tip: ObjectID) {
        origin = .at(tip)
        if followsSeen { seen = tip }
        durable = tip
        clear()
    }

    /// Takes every refusal back, and every doubt.
    mutating func clear() {
        unconfirmed = []
        obstacle = nil
        refusedSince = nil
        refusedTip = nil
        isDoubtful = false
        mustLook = false
        needsPerson = false
        backoff.reset()
    }
}

/// One time that a ref was stuck, from the first refusal to a reconcile or to the branch's being durable.
struct Incident: Sendable, Equatable {
    /// What was said loud: the reason, and the tip that was refused.
    var loud: PushFailureReason?
    var loudTip: ObjectID?
    /// The one conflict branch that follows the tip.
    var conflict: RefName?
    /// The tip that is being saved.
    var saving: ObjectID?
    /// The last tip of which it is settled where it is saved, or that it need not be.
    var answered: ObjectID?
    var backoff = Backoff()
}

// What the engine tells the push machine, what the machine wants done, and what it makes known.

import Model

/// What origin has of a ref, and what of it was acted on last.
public struct Sighting: Sendable, Equatable {
    /// Nil: it has no such ref.
    public let origin: ObjectID?
    /// `refs/pod/seen/B`; nil if it is not set, and for refs that have none.
    public let seen: ObjectID?

    public init(origin: ObjectID?, seen: ObjectID?) {
        self.origin = origin
        self.seen = seen
    }
}

/// How a reconcile left its branch.
public struct ReconcileEnd: Sendable, Equatable {
    /// Nil: it failed before there was one.
    public let outcome: Outcome?
    /// Whether ours went to a conflict branch: always with `conflict-escaped`, and it can be so with
    /// `rewritten`. That branch comes as a ``PushMachine/Event/local(_:_:)`` of its own.
    public let escaped: Bool
    /// The branch's tip now.
    public let local: ObjectID?
    /// Nil: origin was not reached.
    public let sighting: Sighting?

    public init(outcome: Outcome?, escaped: Bool, local: ObjectID?, sighting: Sighting?) {
        self.outcome = outcome
        self.escaped = escaped
        self.local = local
        self.sighting = sighting
    }

    /// Whether both sides were brought together: origin's tip was acted on.
    var isSettled: Bool {
        guard let sighting, let outcome, sighting.origin == sighting.seen else { return false }
        return !needsPerson && outcome != .fetchFailed
    }

    /// Whether another reconcile would end the same until a person, or origin, does something.
    var needsPerson: Bool {
        switch outcome {
        case .stopped, .originDeleted: true
        case .rewritten: sighting.map { $0.origin != $0.seen } ?? false
        default: false
        }
    }
}

extension PushMachine {
    /// Something that has happened.
    public enum Event: Sendable, Equatable {
        /// A watched ref is at this tip; nil: it is gone. A conflict branch is told of only while it
        /// has its mark below ``IncidentName/pending``: what origin has confirmed is not sent again.
        case local(RefName, ObjectID?)
        /// Origin was found like this. Before the first of these, nothing is sent for the ref.
        case sighted(RefName, Sighting)
        /// The look that was asked for could not be had.
        case lookFailed(PushFailureReason, String)
        /// Somebody wants to know whether origin still has what it had: it is looked at once more.
        case doubted(RefName)
        /// Origin's report on the attempt in flight. Who sends answers for what origin cannot know: a
        /// tip that does not continue `old` is refused as `nonFastForward` before it is sent.
        case report([RefName: PushResult])
        /// The attempt in flight failed as a whole; what came of each ref is not known.
        case failed(PushFailureReason, String)
        /// The time of the last ``Action/wake(at:)`` has come. One too many does no harm.
        case alarm
        /// A command, a webhook or SIGHUP: nothing waits any longer.
        case triggered
        case reconcileBegan(RefName)
        /// Also the answer to an ``Action/reconcile(_:)`` that could not begin.
        case reconcileEnded(RefName, ReconcileEnd)
        /// The tip is on this conflict branch here, with its mark. Nil: nothing is to be saved, because
        /// origin has all of it, or must not get it.
        case saved(RefName, tip: ObjectID, on: RefName?)
        case notSaved(RefName, tip: ObjectID, String)
        /// The process is to end when origin has everything.
        case drain
    }

    /// Something to be done. Each but `wake` and `announce` is answered by an event.
    public enum Action: Sendable, Equatable {
        /// Send these in one command list. `attempt` counts from 1 since origin last answered.
        case send([RefUpdate], attempt: Int)
        /// Tell ``Event/alarm`` at this time, and at no time that was asked for earlier.
        case wake(at: Duration)
        /// Ask origin what it has of these.
        case look([RefName])
        /// Keep the tip of a ref that cannot be pushed: fast-forward `on`, or make a conflict branch if
        /// it is nil or cannot go there. Of a conflict branch itself: its name is somebody else's on
        /// origin, or locked there, so its tip goes under a new one, and its mark is taken away.
        case save(RefName, tip: ObjectID, on: RefName?)
        case reconcile(RefName)
        case announce(Notice)
    }

    /// Something for logs, events and hooks.
    public enum Notice: Sendable, Equatable {
        /// Origin has these now: `seen` may follow.
        case push([RefUpdate])
        /// It will be tried again. No name: all of origin is meant.
        case retry(RefName?, in: Duration, PushTrouble)
        /// Somebody should look; said once. No name: all of origin is meant.
        case error(RefName?, PushTrouble)
        /// Origin has this tip on the conflict branch `on`, whose mark may go. `branch` is whose tip it
        /// is, if that is known.
        case saved(branch: RefName?, tip: ObjectID, on: RefName)
        case stopped(Stop)
    }

    /// Why something is not done any more until it is asked for.
    public enum Stop: Sendable, Equatable {
        /// No name: all of origin is meant.
        case maxRetries(RefName?)
        case escapeStorm
    }
}

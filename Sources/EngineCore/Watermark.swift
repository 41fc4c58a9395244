// How far a ref is durable, for status, metrics, hooks and flush: values that the machine gives out.

import Model

/// A failure of a push, as it is shown.
public struct PushTrouble: Sendable, Equatable {
    public let reason: PushFailureReason
    /// One line for a person, no longer than ``PushLimits/text``.
    public let text: String
    /// Since the machine's start.
    public let time: Duration
    /// Which try in a row failed, counted from 1.
    public let attempt: Int

    public init(_ reason: PushFailureReason, _ text: String, time: Duration, attempt: Int) {
        self.reason = reason
        self.text = PushLimits.cut(text)
        self.time = time
        self.attempt = attempt
    }
}

/// Where one ref stands. Times are since the machine's start.
public struct Watermark: Sendable, Equatable {
    /// In the words of status and metrics.
    public enum State: String, Sendable, CaseIterable {
        case inSync = "in-sync"
        /// Origin has all of ours, and is not where we last acted on it.
        case originMoved = "origin-moved"
        /// It is on its way.
        case pushing
        /// It will be sent: when a wait ends, or the attempt in flight, or when origin was looked at.
        case waiting
        /// It cannot be pushed as it is.
        case stuck
    }

    /// A tip that origin has on a conflict branch.
    public struct Saved: Sendable, Equatable {
        public let tip: ObjectID
        public let on: RefName

        public init(tip: ObjectID, on: RefName) {
            self.tip = tip
            self.on = on
        }
    }

    public let name: RefName
    public let state: State
    public let local: ObjectID?
    /// What origin was last known to have; nil: no such ref, or nothing is known.
    public let origin: ObjectID?
    public let seen: ObjectID?
    /// The last tip that origin has confirmed.
    public let durable: ObjectID?
    public var saved: Saved?
    /// When origin last said what it has; nil: not yet.
    public let lastHeard: Duration?
    public let lastSuccess: Duration?
    public var lastFailure: PushTrouble?
    /// Nil if it is not waiting, or without end.
    public var nextAttempt: Duration?

    public init(
        name: RefName, state: State, local: ObjectID?, origin: ObjectID?, seen: ObjectID?,
        durable: ObjectID?, saved: Saved?, lastHeard: Duration? = nil, lastSuccess: Duration? = nil,
        lastFailure: PushTrouble? = nil, nextAttempt: Duration? = nil
    ) {
        self.name = name
        self.state = state
        self.local = local
        self.origin = origin
        self.seen = seen
        self.durable = durable
        self.saved = saved
        self.lastHeard = lastHeard
        self.lastSuccess = lastSuccess
        self.lastFailure = lastFailure
        self.nextAttempt = nextAttempt
    }

    /// The same with another tip for the last one that origin has.
    public func withDurable(_ tip: ObjectID?) -> Watermark {
        Watermark(
            name: name, state: state, local: local, origin: origin, seen: seen, durable: tip,
            saved: saved, lastHeard: lastHeard, lastSuccess: lastSuccess, lastFailure: lastFailure,
            nextAttempt: nextAttempt)
    }

    /// Whether origin has the tip neither under the ref's name nor on a conflict branch.
    public var isLacking: Bool {
        guard let local else { return false }
        return local != durable && local != saved?.tip
    }
}

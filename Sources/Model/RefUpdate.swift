// A ref on origin that is to be moved, and what came of it. The push machine decides on them, and
// module Git carries them out.

/// One ref to be moved on origin, by compare-and-swap.
public struct RefUpdate: Sendable, Hashable {
    public let name: RefName
    /// What origin must have there; nil: it must have no such ref.
    public let old: ObjectID?
    public let new: ObjectID

    public init(_ name: RefName, from old: ObjectID?, to new: ObjectID) {
        self.name = name
        self.old = old
        self.new = new
    }
}

/// Why origin does not have what it was sent. The raw values are those of status, metrics and JSON.
public enum PushFailureReason: String, Sendable, CaseIterable {
    /// The ref is not where the push takes it to be; only a reconcile can help.
    case nonFastForward = "non-fast-forward"
    /// A hook or a protection rule of origin's says no. A service takes an ``unknown`` refusal for this
    /// when it has stood so long that somebody over there has to look.
    case rejected
    /// Origin takes none of our keys, or not our token; also a key file that cannot be used.
    case authentication
    /// The key or token may read, and not write.
    case readOnlyKey = "read-only-key"
    /// Whoever answers has not proved to be origin: a host key or a certificate.
    case hostKey = "host-key"
    /// Nobody answers, or the connection broke.
    case unreachable
    /// Somebody answers, and then falls silent.
    case timeout
    /// No space left, here or over there: the text says where.
    case diskFull = "disk-full"
    /// Anything else; the text has origin's own words. A ref that is locked there is one of these.
    case unknown
}

/// What came of one ``RefUpdate``.
public enum PushResult: Sendable, Equatable {
    /// Origin has it: its own report says so, or it had it already.
    case done
    /// Origin does not have it. The text is one line, for a person.
    case refused(PushFailureReason, String)
}

extension PushFailureReason {
    /// The kind of failure, which decides the exit code.
    public var kind: FailureKind {
        switch self {
        case .unreachable, .timeout: .unreachable
        case .rejected, .authentication, .readOnlyKey, .hostKey: .refused
        case .nonFastForward, .diskFull, .unknown: .failed
        }
    }
}

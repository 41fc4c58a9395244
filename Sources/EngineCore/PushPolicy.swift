// What the push machine may be told, and its limits.

/// The settings of a push machine.
public struct PushPolicy: Sendable, Equatable {
    public var retry: RetryPolicy
    /// Whether the tip of a branch that cannot be pushed goes to origin on a conflict branch.
    public var saveStuck: Bool
    /// Whether a branch that origin has elsewhere is reconciled without being told to.
    public var autoReconcile: Bool
    /// More escapes than this within ``escapeWindow`` end the reconciles of the machine's own asking.
    public var maximumEscapes: Int
    public var escapeWindow: Duration
    /// For so long a ref that origin refuses alone may be what somebody there is at work on; after that
    /// the refusal stands, and is taken for ``PushFailureReason/rejected``.
    public var stuckAfter: Duration
    /// The longest wait while draining.
    public var drainWait: Duration

    public init(
        retry: RetryPolicy = RetryPolicy(), saveStuck: Bool = true, autoReconcile: Bool = false,
        maximumEscapes: Int = 3, escapeWindow: Duration = .seconds(600),
        stuckAfter: Duration = .seconds(600), drainWait: Duration = .seconds(1)
    ) {
        self.retry = retry
        self.saveStuck = saveStuck
        self.autoReconcile = autoReconcile
        self.maximumEscapes = maximumEscapes
        self.escapeWindow = escapeWindow
        self.stuckAfter = stuckAfter
        self.drainWait = drainWait
    }
}

/// What bounds a push machine's memory.
public enum PushLimits {
    /// Unicode scalars of origin's words that are kept.
    public static let text = 500
    /// Conflict branches that may wait for origin's word at a time.
    public static let conflictBranches = 1000
    /// Refs in one command list; more go with the next.
    public static let commands = 1000
    /// Tips of one ref that were sent without an answer, and that origin may have.
    public static let unconfirmed = 16

    static func cut(_ text: String) -> String {
        guard text.unicodeScalars.count > self.text else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(self.text)))
    }
}

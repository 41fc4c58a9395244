// Whether an engine is ready, and what it waits for: a value that probes and metrics show.

/// What a probe is told.
public struct Readiness: Sendable, Equatable {
    /// What stands between an engine and being ready.
    public enum Reason: String, Sendable, CaseIterable {
        /// There is no whole repository yet.
        case noRepository = "no-repository"
        /// The first reconcile has not ended.
        case firstReconcile = "first-reconcile"
        /// Strict: a conflict branch is not on origin.
        case pendingEscape = "pending-escape"
        /// Strict: origin has not answered for too long.
        case staleSync = "stale-sync"
        /// Strict: nothing says where origin is.
        case noOrigin = "no-origin"

        public var text: String {
            switch self {
            case .noRepository: "no whole repository is in place"
            case .firstReconcile: "the first reconcile has not ended"
            case .pendingEscape: "a conflict branch is not on origin yet"
            case .staleSync: "origin has not answered for too long"
            case .noOrigin: "nothing says where origin is"
            }
        }
    }

    public var hasRepository: Bool
    /// Whether the first reconcile of each branch has ended, whatever came of it.
    public var hasReconciled: Bool
    public var hasOrigin: Bool
    /// Conflict branches that origin has not confirmed.
    public var pendingEscapes: Int
    /// Since origin last answered; nil: it has not.
    public var sinceHeard: Duration?
    /// For so long that counts as fresh.
    public var freshFor: Duration

    public init(
        hasRepository: Bool, hasReconciled: Bool, hasOrigin: Bool, pendingEscapes: Int,
        sinceHeard: Duration?, freshFor: Duration
    ) {
        self.hasRepository = hasRepository
        self.hasReconciled = hasReconciled
        self.hasOrigin = hasOrigin
        self.pendingEscapes = pendingEscapes
        self.sinceHeard = sinceHeard
        self.freshFor = freshFor
    }

    /// Empty: it is ready.
    ///
    /// - Parameter strict: also asks that all of it is on origin, or on its way.
    public func reasons(strict: Bool) -> [Reason] {
        var reasons: [Reason] = []
        if !hasRepository { reasons.append(.noRepository) }
        if !hasReconciled { reasons.append(.firstReconcile) }
        guard strict else { return reasons }
        if pendingEscapes > 0 { reasons.append(.pendingEscape) }
        guard hasOrigin else { return reasons + [.noOrigin] }
        if sinceHeard.map({ $0 > freshFor }) ?? true { reasons.append(.staleSync) }
        return reasons
    }
}

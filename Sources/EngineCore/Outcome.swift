// How a reconcile ended, in the words that logs, JSON and metrics use.

import Model

/// What came of bringing a branch and its origin together.
public enum Outcome: String, Sendable, CaseIterable {
    /// Both had the same tip.
    case inSync = "in-sync"
    /// Origin was ahead; the branch followed.
    case fastForwarded = "fast-forwarded"
    /// The branch was ahead; origin was sent its commits.
    case pushedAhead = "pushed-ahead"
    /// Both had commits of their own; ours were replayed onto origin's.
    case rebased
    /// Both had commits of their own; a merge joined them (`onDivergence = merge`).
    case merged
    /// Ours could not be replayed, or policy wanted it so: they are kept on a conflict branch.
    case conflictEscaped = "conflict-escaped"
    /// Origin no longer holds the tip that it had; what it dropped is not sent back.
    case rewritten
    /// Origin had the branch and has it no more.
    case originDeleted = "origin-deleted"
    /// Policy wants a person to decide; nothing moved.
    case stopped
    /// Origin was not reached, or did not let us in; nothing moved.
    case fetchFailed = "fetch-failed"
}

/// What to do where both sides have commits of their own.
public enum DivergencePolicy: String, Sendable, CaseIterable {
    case rebase, merge, escape, stop
}

/// What to do where origin dropped commits that it had.
public enum RewritePolicy: String, Sendable, CaseIterable {
    case replay, stop
}

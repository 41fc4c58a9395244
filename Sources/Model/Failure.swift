// Why something could not be done, in the one form that every module throws.
//
// A lower layer says what it tried and what it was told; the executables turn a failure into one line
// and an exit code.

/// What sort of failure it was. Decides the exit code and nothing else.
public enum FailureKind: Sendable, Equatable {
    /// The operation failed.
    case failed
    /// A usage or configuration error: nothing was tried.
    case configuration
    /// The remote could not be reached, or fell silent.
    case unreachable
    /// Refused: not permitted.
    case refused
}

/// A refusal or a fault, with what to do next.
public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    public let kind: FailureKind
    /// What failed, for which pod or path; without a full stop at its end.
    public let message: String
    /// What the reader should do next; nil where nothing sensible can be said.
    public let hint: String?

    public init(_ kind: FailureKind, _ message: String, hint: String? = nil) {
        self.kind = kind
        self.message = message
        self.hint = hint
    }

    /// One line, with nothing in it that could move a terminal's cursor.
    public var description: String {
        let text = hint.map { "\(message); \($0)" } ?? message
        return text.harmless
    }
}

// The exit codes of both executables, in one place.

/// How a command of this project ends.
public enum ExitCode: Int32, Sendable {
    case done = 0
    case failed = 1
    case configuration = 2
    case escaped = 3
    case unreachable = 4
    case refused = 5
}

extension FailureKind {
    /// The exit code that says this kind of failure.
    public var exitCode: ExitCode {
        switch self {
        case .failed: .failed
        case .configuration: .configuration
        case .unreachable: .unreachable
        case .refused: .refused
        }
    }
}

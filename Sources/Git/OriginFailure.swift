// Why an operation on origin failed as a whole. Refusals of single refs are PushResults.

import Model

/// An operation on origin that came to nothing.
public struct OriginFailure: Error, Sendable, Equatable, CustomStringConvertible {
    public let reason: PushFailureReason
    /// One line that names what failed and what to do, and its exit kind.
    public let failure: Failure

    /// One harmless line.
    public var message: String { failure.description }
    public var description: String { message }

    public init(_ reason: PushFailureReason, _ failure: Failure) {
        self.reason = reason
        self.failure = failure
    }

    public init(_ reason: PushFailureReason, _ message: String, hint: String? = nil) {
        self.init(reason, Failure(reason.kind, message, hint: hint))
    }
}

extension OriginFailure {
    /// The operation was called off by whoever asked for it.
    static func cancelled(_ origin: String) -> OriginFailure {
        OriginFailure(.unknown, "the work with \(origin) was called off")
    }

    static func silent(_ origin: String, _ idle: Duration) -> OriginFailure {
        OriginFailure(
            .timeout, "\(origin) sent no byte for \(idle.spoken)",
            hint: "look at origin, or raise pod.idleTimeout")
    }

    static func late(_ origin: String, _ limit: Duration) -> OriginFailure {
        OriginFailure(
            .timeout, "the work with \(origin) did not end within \(limit.spoken)",
            hint: "it starts again at the next attempt")
    }
}

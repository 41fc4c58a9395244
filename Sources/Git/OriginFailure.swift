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
    /// Whether origin was not reached, or did not let us in: nothing is known of it then. What else
    /// goes wrong is the matter of one of the two repositories.
    public var isOutOfReach: Bool {
        switch reason {
        case .unreachable, .timeout, .authentication, .readOnlyKey, .hostKey: true
        case .nonFastForward, .rejected, .diskFull, .unknown: false
        }
    }

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

extension Failure {
    /// That origin has refused a ref, or was not reached, for `reason`. What `text` advises is not advised
    /// twice; `hint` is for where nothing is.
    public init(_ reason: PushFailureReason, _ text: String, otherwise hint: String) {
        let advice = [reason.hint, Self.lookWithFsck].compactMap { $0 }
            .first { text.hasSuffix("; \($0)") }
        let said = advice.map { text.dropLast("; \($0)".count) } ?? text[...]
        self.init(
            reason.kind, "\(said) (\(reason.rawValue))", hint: advice ?? reason.hint ?? hint)
    }
}

extension PushFailureReason {
    /// What a person should do about it; nil where only the words of the failure can tell.
    public var hint: String? {
        switch self {
        case .nonFastForward: "run git pod reconcile: origin has commits that are not here"
        case .rejected: "see what origin's hooks and branch protection want"
        case .authentication: "check pod.deployKey or pod.tokenFile, and what origin lets it do"
        case .readOnlyKey: "give the deploy key or token write access on origin"
        case .hostKey: "find out who answers there before you trust it"
        case .unreachable, .timeout: "check that origin runs and can be reached from here"
        case .diskFull: "free some space on the volume that has none"
        case .unknown: nil
        }
    }
}

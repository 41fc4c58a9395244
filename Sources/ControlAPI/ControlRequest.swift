// What the control API is asked and what it answers, as values. The engine's side and the verbs share
// them.

import Model

public enum ControlMethod: String, Sendable {
    /// Answers `HEAD` as well, then without the body.
    case get = "GET"
    case post = "POST"
    case delete = "DELETE"
}

/// A request that the server lets through. The table of these is its caller's.
public struct ControlRoute: Sendable {
    /// From where a route can be asked for.
    public enum Reach: Sendable {
        /// On the unix socket alone.
        case owner
        /// From this machine as well, but by no page of another site that a browser there shows.
        case machine
        /// From anywhere, if somebody wanted it to be listened for there.
        case anywhere
    }

    public let method: ControlMethod
    /// As it stands in the request: `/v1/status`.
    public let path: String
    public let reach: Reach
    /// How long a reply may take; nil: as ``ControlLimits/replyTime`` says, or any time if ``isLong``.
    public let patience: Duration?
    /// What is answered when that is over.
    public let late: ControlResponse
    /// Whether a reply may take any time: the client says how long it waits, and hangs up then.
    public let isLong: Bool
    /// Bytes of a request's body; nil: ``ControlLimits/body``.
    public let body: Int?

    public init(
        _ method: ControlMethod, _ path: String, reach: Reach = .machine, isLong: Bool = false,
        patience: Duration? = nil,
        late: ControlResponse = .error(504, "the engine has not answered in time"),
        body: Int? = nil
    ) {
        self.method = method
        self.path = path
        self.reach = reach
        self.isLong = isLong
        self.patience = patience
        self.late = late
        self.body = body
    }
}

/// One request, whole.
public struct ControlRequest: Sendable, Equatable {
    /// The headers that requests keep.
    public enum Header: String, Sendable, CaseIterable {
        case accept, authorization
        case contentType = "content-type"
        case lastEventID = "last-event-id"
        case signature = "x-hub-signature-256"
        case githubEvent = "x-github-event"
        case giteaEvent = "x-gitea-event"
    }

    public let method: ControlMethod
    public let path: String
    /// What stands behind the `?`, decoded; `""` for a name without a value.
    public let query: [String: String]
    /// The first of each name.
    public let headers: [Header: String]
    public let body: [UInt8]

    public init(
        _ method: ControlMethod, _ path: String, query: [String: String] = [:],
        headers: [Header: String] = [:], body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }
}

/// Gives a request its response: at once or later, from any thread. What comes after the first call is
/// ignored, as is a response that nobody waits for any more.
public typealias ControlReply = @Sendable (ControlResponse) -> Void

/// Takes a request, on the server's only thread: it must not wait.
public typealias ControlAnswer = @Sendable (ControlRequest, @escaping ControlReply) -> Void

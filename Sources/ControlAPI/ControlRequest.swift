// What the control API is asked and what it answers, as values. The engine's side and the verbs share
// them.

import Model

public enum ControlMethod: String, Sendable {
    /// Answers `HEAD` as well, then without the body.
    case get = "GET"
    case post = "POST"
}

/// A request that the server lets through. The table of these is its caller's.
public struct ControlRoute: Sendable, Hashable {
    public let method: ControlMethod
    /// As it stands in the request: `/v1/status`.
    public let path: String
    /// Whether a reply may take any time: the client says how long it waits, and hangs up then.
    public let isLong: Bool

    public init(_ method: ControlMethod, _ path: String, isLong: Bool = false) {
        self.method = method
        self.path = path
        self.isLong = isLong
    }
}

/// One request, whole.
public struct ControlRequest: Sendable, Equatable {
    public let method: ControlMethod
    public let path: String
    /// What stands behind the `?`, decoded; `""` for a name without a value.
    public let query: [String: String]
    /// At most ``ControlLimits/body`` bytes.
    public let body: [UInt8]

    public init(
        _ method: ControlMethod, _ path: String, query: [String: String] = [:], body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
    }
}

/// An HTTP status and a JSON body.
public struct ControlResponse: Sendable, Equatable {
    public let status: Int
    public let body: JSON
    /// What the path takes, for a 405.
    var allow: String?

    public init(_ status: Int, _ body: JSON) {
        self.status = status
        self.body = body
    }

    /// `{"error":"…"}`.
    public static func error(_ status: Int, _ text: String) -> ControlResponse {
        ControlResponse(status, .object([("error", .string(text))]))
    }
}

/// Gives a request its response: at once or later, from any thread. What comes after the first call is
/// ignored, as is a response that nobody waits for any more.
public typealias ControlReply = @Sendable (ControlResponse) -> Void

/// Takes a request, on the server's only thread: it must not wait.
public typealias ControlAnswer = @Sendable (ControlRequest, @escaping ControlReply) -> Void

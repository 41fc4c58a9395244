// What the control API answers: a status, and JSON, a text of another type, or events without an end.

import Model

/// A response to one request.
public struct ControlResponse: Sendable, Equatable {
    /// What comes behind the headers.
    public enum Content: Sendable {
        case json(JSON)
        case text(type: String, String)
        case events(EventStream)
    }

    public let status: Int
    public let content: Content
    /// Beside what every response has.
    public var headers: [String: String] = [:]

    public init(_ status: Int, _ body: JSON) { self.init(status, .json(body)) }

    public init(_ status: Int, _ content: Content) {
        self.status = status
        self.content = content
    }

    /// `{"error":"…"}`.
    public static func error(_ status: Int, _ text: String) -> ControlResponse {
        ControlResponse(status, .object([("error", .string(text))]))
    }

    /// `null` where it is no JSON.
    public var body: JSON { if case .json(let body) = content { body } else { .null } }

    var type: String {
        switch content {
        case .json: "application/json"
        case .text(let type, _): type
        case .events: "text/event-stream"
        }
    }

    /// Empty for events.
    var bytes: [UInt8] {
        switch content {
        case .json(let value): Array(value.text.utf8)
        case .text(_, let text): Array(text.utf8)
        case .events: []
        }
    }

    public static func == (left: ControlResponse, right: ControlResponse) -> Bool {
        guard left.status == right.status, left.type == right.type, left.headers == right.headers
        else { return false }
        if case .events(let one) = left.content, case .events(let other) = right.content {
            return one === other
        }
        return left.bytes == right.bytes
    }
}

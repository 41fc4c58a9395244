// A route of the control API: how it is asked for, what it says of itself in /openapi.json, and who
// answers. The files beside this one hold the routes, by subject.

import ControlAPI
import Engine
import Model
import POSIX

/// What answers have to work with: the engine's handle, never the engine.
struct ControlDesk: Sendable {
    let engine: ServiceControl
    let events: EventBoard
    let fetches: FetchTally
    /// Of this process's first clone.
    let clone: CloneFigures
    let log: @Sendable (LogEntry) -> Void
    /// The file that has the webhook's secret; nil: none is configured.
    let secretFile: String?
    /// The addresses that are listened on.
    let listening: Listening

    struct Listening: Sendable {
        var machine: String?
        var anywhere: String?

        /// A status that says where it is asked for, ahead of its branches.
        func adding(to status: JSON) -> JSON {
            guard case .object(let members) = status else { return status }
            let listening: [(name: String, value: JSON)] = [
                ("listen", machine.map { .string($0) } ?? .null),
                ("listenPublic", anywhere.map { .string($0) } ?? .null),
            ]
            let isLast: (String) -> Bool = { $0 == "branches" }
            return .object(
                members.filter { !isLast($0.name) } + listening
                    + members.filter { isLast($0.name) })
        }
    }
}

/// One route.
struct APIRoute: Sendable {
    typealias Answer =
        @Sendable (ControlRequest, ControlDesk, @escaping ControlReply) -> Void

    /// A parameter of the query.
    struct Parameter: Sendable {
        let name: String
        let about: String
        var isRequired = false
        /// As JSON Schema.
        let schema: JSON

        /// One of texts that a pattern has.
        init(_ name: String, _ about: String, pattern: String, isRequired: Bool = false) {
            self.init(
                name, about,
                schema: .object([("type", .string("string")), ("pattern", .string(pattern))]))
            self.isRequired = isRequired
        }

        init(_ name: String, _ about: String, schema: JSON) {
            self.name = name
            self.about = about
            self.schema = schema
        }
    }

    /// One of its answers: a status, what that means, and what comes with it.
    struct Outcome: Sendable {
        let status: Int
        let about: String
        /// Media types, each with the name of a schema, or nil for text.
        var content: [(type: String, schema: String?)] = []

        /// An answer in JSON.
        static func json(_ status: Int, _ about: String, _ schema: String) -> Outcome {
            Outcome(status: status, about: about, content: [("application/json", schema)])
        }

        static func error(_ status: Int, _ about: String) -> Outcome {
            json(status, about, "Error")
        }
    }

    let route: ControlRoute
    /// One line.
    let summary: String
    let parameters: [Parameter]
    /// The name of its body's schema; nil: it takes none.
    let body: String?
    /// Whether it wants the webhook's secret.
    let isSigned: Bool
    let outcomes: [Outcome]
    let answer: Answer

    init(
        _ route: ControlRoute, _ summary: String, parameters: [Parameter] = [],
        body: String? = nil, isSigned: Bool = false, _ outcomes: [Outcome],
        answer: @escaping Answer
    ) {
        self.route = route
        self.summary = summary
        self.parameters = parameters
        self.body = body
        self.isSigned = isSigned
        self.outcomes = outcomes
        self.answer = answer
    }
}

/// Everything that the engine serves.
let engineRoutes: [APIRoute] =
    [pageRoute] + probeRoutes + [metricsRoute, statusRoute, eventsRoute, cloneRoute] + workRoutes
    + lockRoutes
    + [webhookRoute, fetchRoute, settingsRoute, openAPIRoute]

/// Answers a request to the engine.
func answer(
    _ request: ControlRequest, _ desk: ControlDesk, _ reply: @escaping ControlReply
) {
    let route = engineRoutes.first {
        $0.route.method == request.method && $0.route.path == request.path
    }
    guard let route else { return reply(.error(404, "there is no \(request.path)")) }
    // What anybody may ask for is asked for by programs with words of their own.
    if route.route.reach != .anywhere {
        let known = route.parameters.map(\.name)
        if let name = request.query.keys.sorted().first(where: { !known.contains($0) }) {
            return reply(.error(400, "there is no parameter \"\(name.harmless)\" here"))
        }
    }
    guard request.query["branch"] != "" else {
        return reply(.error(400, "branch is empty"))
    }
    route.answer(request, desk, reply)
}

/// How the engine says that it begins nothing more.
let endingAnswer = ControlResponse.error(
    503, "the engine is ending: it sends what is committed, and begins no other work")

extension APIRoute.Parameter {
    static let branch = APIRoute.Parameter(
        "branch",
        "Without refs/heads/. May be left out where one branch is looked after, or HEAD stands on it.",
        pattern: "^[^\\u0000-\\u001f\\u007f]+$")
}

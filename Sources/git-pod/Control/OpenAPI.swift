// /openapi.json: the table of routes as OpenAPI 3.1. The schemas are in OpenAPISchemas.swift.

import ControlAPI
import Model

let openAPIRoute = APIRoute(
    ControlRoute(.get, "/openapi.json"), "This description",
    [.json(200, "OpenAPI 3.1", "Description")]
) { _, _, reply in reply(openAPI) }

/// The answer.
let openAPI = ControlResponse(200, openAPIDocument)

/// Made when it is asked for first: few ask.
private let openAPIDocument: JSON = .object([
    ("openapi", .string("3.1.0")),
    (
        "info",
        .object([
            ("title", .string("git-pod serve")), ("version", .string(version)),
            ("summary", .string("The control API of a running engine")),
            (
                "description",
                .string(
                    "On git-pod.sock in the gitdir, on a loopback address (listen), and in part on any (listenPublic). One request a connection. docs/control-api.md says more."
                )
            ),
        ])
    ),
    ("servers", .array([.object([("url", .string("http://127.0.0.1:7418"))])])),
    ("paths", .object(paths)),
    (
        "components",
        .object([
            ("schemas", openAPISchemas),
            (
                "securitySchemes",
                .object([
                    (
                        "secret",
                        .object([("type", .string("http")), ("scheme", .string("bearer"))])
                    ),
                    (
                        "signature",
                        .object([
                            ("type", .string("apiKey")), ("in", .string("header")),
                            ("name", .string("X-Hub-Signature-256")),
                        ])
                    ),
                ])
            ),
        ])
    ),
])

private var paths: [(name: String, value: JSON)] {
    var seen: [String] = []
    for route in engineRoutes where !seen.contains(route.route.path) {
        seen.append(route.route.path)
    }
    return seen.map { path in
        let routes = engineRoutes.filter { $0.route.path == path }
        return (
            path, .object(routes.map { ($0.route.method.rawValue.lowercased(), operation($0)) })
        )
    }
}

private func operation(_ route: APIRoute) -> JSON {
    let words = route.route.path.split { !$0.isLetter && !$0.isNumber }.map(\.capitalizedFirst)
    var members: [(name: String, value: JSON)] = [
        (
            "operationId",
            .string(
                route.route.method.rawValue.lowercased()
                    + (words.isEmpty ? "Page" : words.joined()))
        ),
        ("summary", .string(route.summary)),
        ("x-reach", .string(reach(route.route.reach))),
    ]
    if !route.parameters.isEmpty {
        members.append(("parameters", .array(route.parameters.map(parameter))))
    }
    if let body = route.body {
        members.append(
            ("requestBody", .object([("content", content([("application/json", body)]))])))
    }
    if route.isSigned {
        let either = ["secret", "signature"].map { JSON.object([($0, .array([]))]) }
        members.append(("security", .array(either)))
    }
    let outcomes = route.outcomes + refusals(route)
    members.append(
        ("responses", .object(outcomes.sorted { $0.status < $1.status }.map(response))))
    return .object(members)
}

/// What the server itself may answer.
private func refusals(_ route: APIRoute) -> [APIRoute.Outcome] {
    var refusals: [APIRoute.Outcome] = [
        .error(411, "A body of no length"), .error(413, "A body that is too large"),
    ]
    if route.route.reach != .anywhere {
        refusals.append(.error(403, "Not yours to use, or asked for by a page of another site"))
    }
    if !route.outcomes.contains(where: { $0.status == 400 }) {
        refusals.append(.error(400, "A request that cannot be read"))
    }
    if !route.outcomes.contains(where: { $0.status == 503 }) {
        refusals.append(.error(503, "The engine is ending"))
    }
    if !route.route.isLong, route.route.patience == nil {
        refusals.append(.error(504, "The engine has not answered in time"))
    }
    return refusals
}

private func response(_ outcome: APIRoute.Outcome) -> (name: String, value: JSON) {
    var members: [(name: String, value: JSON)] = [("description", .string(outcome.about))]
    if !outcome.content.isEmpty { members.append(("content", content(outcome.content))) }
    return ("\(outcome.status)", .object(members))
}

private func content(_ content: [(type: String, schema: String?)]) -> JSON {
    .object(
        content.map { type, schema in
            let value: JSON =
                schema.map { .object([("$ref", .string("#/components/schemas/\($0)"))]) }
                ?? .object([("type", .string("string"))])
            return (type, .object([("schema", value)]))
        })
}

private func parameter(_ parameter: APIRoute.Parameter) -> JSON {
    .object([
        ("name", .string(parameter.name)), ("in", .string("query")),
        ("required", .bool(parameter.isRequired)),
        ("description", .string(parameter.about)), ("schema", parameter.schema),
    ])
}

private func reach(_ reach: ControlRoute.Reach) -> String {
    switch reach {
    case .owner: "socket"
    case .machine: "machine"
    case .anywhere: "anywhere"
    }
}

extension Substring {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

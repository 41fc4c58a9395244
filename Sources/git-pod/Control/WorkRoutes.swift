// Work that is asked of a running engine: push, flush, reconcile; and how it stands.

import ControlAPI
import Engine
import Model

/// How long a flush waits if it is not told.
let flushTimeout = Duration.seconds(30)

let statusRoute = APIRoute(
    ControlRoute(.get, "/v1/status"), "How the engine and its branches stand",
    [.json(200, "How it stands", "Status")]
) { _, desk, reply in
    desk.engine.status { reply(ControlResponse(200, desk.listening.adding(to: $0.json))) }
}

let workRoutes = [
    APIRoute(
        ControlRoute(.post, "/v1/push", isLong: true),
        "Push a branch at once; with wait, answer when its tip is durable",
        parameters: [
            .branch,
            APIRoute.Parameter(
                "wait",
                "Wait until origin has the tip, or so long. Without it: what came of one try.",
                pattern: "^([0-9]{1,4}(ms|s)?|[0-9]{1,3}m|1?[0-9]h)$"),
        ],
        [
            .json(200, "It has ended: exitCode says how", "Ended"),
            .error(400, "A parameter that makes no sense"), .error(503, "The engine is ending"),
        ]
    ) { request, desk, reply in
        let branch = request.query["branch"]
        guard let wait = request.query["wait"] else {
            return desk.engine.push(branch) { report in
                reply(report.map { done($0.json, $0.line, $0.exitCode) } ?? endingAnswer)
            }
        }
        guard let limit = Duration(configuration: wait) else {
            return reply(
                .error(400, "wait is \"\(wait.harmless)\"; give \(Duration.configurationForm)"))
        }
        desk.engine.flush(branch, within: limit) { flush in
            reply(done(flush.json, flush.line, flush.exitCode))
        }
    },
    APIRoute(
        ControlRoute(.post, "/v1/reconcile", isLong: true),
        "Bring a branch and its origin together",
        parameters: [.branch],
        [
            .json(200, "It has ended: exitCode says how", "Ended"),
            .error(400, "A parameter that makes no sense"), .error(503, "The engine is ending"),
        ]
    ) { request, desk, reply in
        desk.engine.reconcile(request.query["branch"]) { report in
            reply(report.map { done($0.json, $0.line, $0.exitCode) } ?? endingAnswer)
        }
    },
]

/// What verbs ask before they hand their work over.
let settingsRoute = APIRoute(
    ControlRoute(.get, "/v1/settings", reach: .owner),
    "The engine's settings that have a value. On the unix socket only",
    [.json(200, "Each by its name", "Settings")]
) { _, desk, reply in
    desk.engine.settings { settings in
        let members = settings.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: JSON.string($0.value)) }
        reply(ControlResponse(200, .object(members)))
    }
}

private func done(_ result: JSON, _ line: String?, _ code: ExitCode) -> ControlResponse {
    ControlResponse(
        200,
        .object([
            ("result", result), ("text", line.map { .string($0) } ?? .null),
            ("exitCode", .integer(code.rawValue)),
        ]))
}

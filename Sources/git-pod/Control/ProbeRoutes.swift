// Probes: whether the process lives, and whether the pod may be used.

import ControlAPI
import Engine
import EngineCore
import Model

/// How long the engine's loop may take to answer a probe.
private let probePatience = Duration.seconds(5)

private let lateProbe = ControlResponse(
    503,
    .object([("status", .string("dead")), ("error", .string("the engine's loop does not answer"))]))

let probeRoutes = [
    APIRoute(
        probe("/livez"), "Whether the process works; never fails for origin or a key",
        [.json(200, "It lives", "Live"), .json(503, "Its loop does not answer", "Live")]
    ) { _, desk, reply in
        desk.engine.readiness { _ in
            reply(ControlResponse(200, .object([("status", .string("ok"))])))
        }
    },
    APIRoute(
        probe("/readyz"),
        "Whether a whole repository is in place and the first reconcile has ended, whatever came of it",
        parameters: [strict],
        [
            .json(200, "It is ready", "Ready"), .json(503, "It is not, and why", "Ready"),
            .error(400, "A value of strict that makes no sense"),
        ]
    ) { request, desk, reply in
        guard let isStrict = isOn(request.query["strict"]) else {
            return reply(.error(400, "strict must be true or false, or have no value"))
        }
        desk.engine.readiness { readiness in
            let reasons = readiness.reasons(strict: isStrict)
            reply(ControlResponse(reasons.isEmpty ? 200 : 503, ready(reasons)))
        }
    },
    APIRoute(
        probe("/healthz"), "Both probes, and the strict one, in one answer",
        [.json(200, "It lives and is ready", "Health"), .json(503, "It is not ready", "Health")]
    ) { _, desk, reply in
        desk.engine.readiness { readiness in
            let reasons = readiness.reasons(strict: false)
            let body: JSON = .object([
                ("status", .string(reasons.isEmpty ? "ok" : "unready")), ("live", .bool(true)),
                ("ready", ready(reasons)), ("strict", ready(readiness.reasons(strict: true))),
            ])
            reply(ControlResponse(reasons.isEmpty ? 200 : 503, body))
        }
    },
]

private func probe(_ path: String) -> ControlRoute {
    ControlRoute(.get, path, reach: .anywhere, patience: probePatience, late: lateProbe)
}

private let strict = APIRoute.Parameter(
    "strict", "Ask for no pending escape and a fresh sync as well.",
    schema: .object([
        ("type", .string("string")),
        ("enum", .array(["", "true", "1", "false", "0"].map { .string($0) })),
    ]))

/// `?strict`, `?strict=true` and `?strict=1`; nil for what makes no sense.
private func isOn(_ value: String?) -> Bool? {
    switch value {
    case "", "true", "1": true
    case nil, "false", "0": false
    default: nil
    }
}

/// The body of a probe.
func ready(_ reasons: [Readiness.Reason]) -> JSON {
    .object([
        ("status", .string(reasons.isEmpty ? "ok" : "unready")),
        (
            "reasons",
            .array(
                reasons.map {
                    .object([("reason", .string($0.rawValue)), ("text", .string($0.text))])
                })
        ),
    ])
}

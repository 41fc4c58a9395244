// What is answered while the first clone is under way: probes, status, metrics, events; and the clone
// can be tried at once.

import ControlAPI
import Engine
import EngineCore
import Model

/// What those answers have to work with.
struct BootDesk: Sendable {
    let boot: BootControl
    let events: EventBoard
    let listening: ControlDesk.Listening
}

let cloneRoute = APIRoute(
    ControlRoute(.post, "/v1/clone"), "Try the first clone now, if it waits after a failure",
    [
        .json(200, "The repository is in place: there is nothing to clone", "Clone"),
        .json(202, "It is under way", "Clone"), .error(503, "The engine is ending"),
    ]
) { _, desk, reply in
    desk.engine.readiness { _ in reply(ControlResponse(200, clone(isInPlace: true, nil))) }
}

private func clone(isInPlace: Bool, _ status: BootStatus?) -> JSON {
    .object([
        ("inPlace", .bool(isInPlace)),
        ("phase", status.map { .string($0.phase.rawValue) } ?? .null),
        ("attempt", status.map { .integer($0.attempt) } ?? .null),
    ])
}

/// Answers a request while there is no repository.
func answer(_ request: ControlRequest, _ desk: BootDesk, _ reply: @escaping ControlReply) {
    switch (request.method, request.path) {
    case (.get, "/"): page(desk, reply)
    case (.get, "/livez"):
        desk.boot.status { _ in
            reply(ControlResponse(200, .object([("status", .string("ok"))])))
        }
    case (.get, "/readyz"): reply(ControlResponse(503, unready))
    case (.get, "/healthz"):
        reply(
            ControlResponse(
                503,
                .object([
                    ("status", .string("unready")), ("live", .bool(true)), ("ready", unready),
                    ("strict", unready),
                ])))
    case (.get, "/v1/status"):
        desk.boot.status { status in
            reply(ControlResponse(200, desk.listening.adding(to: status.json)))
        }
    case (.post, "/v1/clone"):
        desk.boot.tryNow { reply(ControlResponse(202, clone(isInPlace: false, $0))) }
    case (.get, "/metrics"): desk.boot.figures { metrics(of: $0, request, reply) }
    case (.get, "/v1/events"): listen(request, desk.events, reply)
    case (.get, "/openapi.json"): reply(openAPI)
    default: reply(.error(503, "there is no repository yet: see /v1/status"))
    }
}

/// The first clone has not come about, so neither has a reconcile.
private let unready = ready([.noRepository, .firstReconcile])

private func metrics(
    of figures: CloneFigures, _ request: ControlRequest, _ reply: ControlReply
) {
    let families =
        [buildInfo, gauge("ready", "Whether /readyz answers 200.", false)] + cloneMetrics(figures)
    let format = MetricFormat(accept: request.headers[.accept])
    reply(ControlResponse(200, .text(type: format.type, format.write(families))))
}

/// Of the first clone that this process has made, or tries to make.
func cloneMetrics(_ figures: CloneFigures) -> [MetricFamily] {
    [
        gauge(
            "clone_failing", "Whether the last try of the first clone has failed.",
            figures.isFailing),
        gauge(
            "clone_attempts", "Tries of the first clone; 0: there was a repository at the start.",
            Double(figures.tries)),
        gauge(
            "clone_received_bytes", "Bytes of the first clone so far.", Double(figures.bytes)),
        gauge(
            "clone_received_objects", "Objects of the first clone so far.",
            Double(figures.objects)),
        gauge(
            "clone_objects", "Objects of the first clone in all; 0: not known.",
            Double(figures.allObjects)),
        gauge(
            "clone_duration_seconds", "How long the first clone took; 0: there was none.",
            figures.duration.map { Double($0.milliseconds) / 1000 } ?? 0),
    ]
}

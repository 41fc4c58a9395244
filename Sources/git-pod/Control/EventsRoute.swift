// What the log says, as it says it, for whoever listens.

import ControlAPI
import Model

let eventsRoute = APIRoute(
    ControlRoute(.get, "/v1/events"),
    "Server-sent events: what the log says from now on, and with Last-Event-ID what it said since",
    [
        APIRoute.Outcome(
            status: 200, about: "Events until somebody ends it; data is an Event as JSON",
            content: [("text/event-stream", nil)]),
        .error(503, "Too many listen already"),
    ]
) { request, desk, reply in listen(request, desk.events, reply) }

/// Has a client listen.
func listen(_ request: ControlRequest, _ events: EventBoard, _ reply: ControlReply) {
    guard let stream = events.listen(after: request.headers[.lastEventID]) else {
        var refusal = ControlResponse.error(503, "too many listen already")
        refusal.headers["Retry-After"] = "5"
        return reply(refusal)
    }
    reply(ControlResponse(200, .events(stream)))
}

// The lock for an application that rebuilds from the branch: taken with a deadline, let go by its token.

import ControlAPI
import Engine
import Model

/// How long a lock is held if its caller does not say, and at most.
private let usualLock = Duration.seconds(60)
private let longestLock = Duration.seconds(600)

let lockRoutes = [
    APIRoute(
        ControlRoute(.post, "/v1/lock"),
        "Keep reconciles away for a time; with release, let go of it",
        parameters: [
            APIRoute.Parameter(
                "for", "How long at most: 60s if not given, 10m at most. Then it lapses.",
                pattern:
                    "^(([1-9]|[1-9][0-9]|[1-5][0-9][0-9]|600)s?|[1-9][0-9]{0,4}ms|([1-9]|10)m)$"),
            tokenParameter("release", "The token of a lock: let go of it, as DELETE does."),
        ],
        [
            .json(200, "Held, or let go of", "Lock"),
            .error(400, "A parameter that makes no sense"),
            .error(404, "There is no lock with this token"),
            .error(409, "Somebody else has it"), .error(503, "It was not to be had"),
        ]
    ) { request, desk, reply in
        if let token = request.query["release"] { return release(token, desk, reply) }
        let time = request.query["for"].map { Duration(configuration: $0) } ?? usualLock
        guard let time, time > .zero, time <= longestLock else {
            return reply(.error(400, "for must be a time such as 30s, of 10m at most"))
        }
        desk.engine.lock(for: time) { reply(response(to: $0)) }
    },
    APIRoute(
        ControlRoute(.delete, "/v1/lock"), "Let go of the lock",
        parameters: [tokenParameter("token", "What taking it answered.", isRequired: true)],
        [
            .json(200, "Let go of", "Lock"), .error(400, "There is no token"),
            .error(404, "There is no lock with this token"),
        ]
    ) { request, desk, reply in
        guard let token = request.query["token"] else {
            return reply(.error(400, "say which lock with token"))
        }
        release(token, desk, reply)
    },
]

private func tokenParameter(_ name: String, _ about: String, isRequired: Bool = false)
    -> APIRoute.Parameter
{
    APIRoute.Parameter(name, about, pattern: "^[0-9a-f]{32}$", isRequired: isRequired)
}

private func release(_ token: String, _ desk: ControlDesk, _ reply: @escaping ControlReply) {
    desk.engine.unlock(token) { wasHeld in
        reply(
            wasHeld
                ? ControlResponse(200, lock(held: false, token: nil, for: nil))
                : .error(404, "there is no lock with this token; it may have lapsed"))
    }
}

private func response(to result: LockResult) -> ControlResponse {
    switch result {
    case .held(let token, let time):
        return ControlResponse(200, lock(held: true, token: token, for: time))
    case .taken(let time):
        var refusal = ControlResponse.error(
            409, "somebody else has the lock, for at most \(time.spoken)")
        refusal.headers["Retry-After"] = "\(max(1, (time.milliseconds + 999) / 1000))"
        return refusal
    case .failed(let failure): return .error(503, failure.description)
    case .ending: return endingAnswer
    }
}

private func lock(held: Bool, token: String?, for time: Duration?) -> JSON {
    .object([
        ("held", .bool(held)), ("token", token.map { .string($0) } ?? .null),
        ("lapsesInMs", time.map { .integer($0.milliseconds) } ?? .null),
    ])
}

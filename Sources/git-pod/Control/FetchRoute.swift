// What the bridge tells of a request that it has served: counted for metrics, and said in the log. The
// bridge's own audit log has it as well.

import ControlAPI
import Engine
import Model
import POSIX

/// Requests that bridges have told of since the engine's start.
final class FetchTally: Sendable {
    struct Counts: Sendable {
        /// By the audit's `result`.
        var requests: [String: Int] = [:]
        var bytesSent = 0.0
        var seconds = 0.0
        var count = 0
    }

    /// The results that are counted by their own names: see Bridge's AuditRecord.
    static let results = ["served", "refused", "failed", "gave-up", "timed-out", "stopped"]

    private let state: Locked<Counts>

    init() {
        state = Locked(Counts(requests: .init(uniqueKeysWithValues: Self.results.map { ($0, 0) })))
    }

    var counts: Counts { state.with { $0 } }

    func add(result: String, bytesSent: Double, seconds: Double) {
        state.with { counts in
            counts.requests[result, default: 0] += 1
            counts.bytesSent += bytesSent
            counts.seconds += seconds
            counts.count += 1
        }
    }
}

let fetchRoute = APIRoute(
    ControlRoute(.post, "/v1/fetches", reach: .owner),
    "What a bridge has served: its audit record. On the unix socket only", body: "Fetch",
    [.json(200, "Counted", "Noted"), .error(400, "A body that is no audit record")]
) { request, desk, reply in
    guard let record = JSON(parsing: request.body), case .object(let members) = record,
        let who = record["who"]?.string, let result = record["result"]?.string,
        FetchTally.results.contains(result), let bytes = number(record["bytesSent"]),
        let seconds = number(record["seconds"])
    else { return reply(.error(400, "the body must be an audit record of the bridge")) }
    desk.fetches.add(result: result, bytesSent: bytes, seconds: seconds)
    let reserved: Set<String> = ["time", "level", "event", "message"]
    let service = record["service"]?.string ?? "a request"
    desk.log(
        LogEntry(
            result == "served" ? .info : .warning, "fetch",
            "\(who): \(service) \(result), \(Int64(bytes)) bytes",
            members.filter { !reserved.contains($0.name) }))
    reply(ControlResponse(200, .object([("noted", .bool(true))])))
}

/// A number that is finite and not negative.
private func number(_ value: JSON?) -> Double? {
    guard case .number(let digits) = value, let number = Double(digits), number.isFinite,
        (0..<9e15).contains(number)
    else { return nil }
    return number
}

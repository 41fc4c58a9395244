// What a running engine answers on its socket, and how the verbs ask it. `git pod serve` gives these
// answers; status, flush, push and reconcile ask for them.

import ControlAPI
import Engine
import Model
import POSIX

/// What the engine's socket serves.
let engineRoutes = [
    ControlRoute(.get, "/v1/status"), ControlRoute(.post, "/v1/push", isLong: true),
    ControlRoute(.post, "/v1/reconcile", isLong: true),
]

/// How long a flush waits if it is not told.
let flushTimeout = Duration.seconds(30)

/// Answers a request to the engine.
func answer(
    _ request: ControlRequest, _ engine: ServiceControl, _ reply: @escaping ControlReply
) {
    let branch = request.query["branch"]
    switch (request.method, request.path) {
    case (.get, "/v1/status"):
        engine.status { reply(ControlResponse(200, $0.json)) }
    case (.post, "/v1/push"):
        guard let wait = request.query["wait"] else {
            return engine.push(branch) { report in
                reply(report.map { done($0.json, $0.line, $0.exitCode) } ?? ending)
            }
        }
        guard let limit = Duration(configuration: wait) else {
            return reply(.error(400, "wait is \"\(wait)\"; give a time such as 30s"))
        }
        engine.flush(branch, within: limit) { flush in
            reply(done(flush.json, flush.line, flush.exitCode))
        }
    case (.post, "/v1/reconcile"):
        engine.reconcile(branch) { report in
            reply(report.map { done($0.json, $0.line, $0.exitCode) } ?? ending)
        }
    default: reply(.error(404, "there is no \(request.path)"))
    }
}

private let ending = ControlResponse.error(
    503, "the engine is ending: it sends what is committed, and begins no other work")

private func done(_ result: JSON, _ line: String?, _ code: ExitCode) -> ControlResponse {
    ControlResponse(
        200,
        .object([
            ("result", result), ("text", line.map { .string($0) } ?? .null),
            ("exitCode", .integer(code.rawValue)),
        ]))
}

/// What a running engine has done for a verb.
struct EngineAnswer {
    private let body: JSON

    /// Asks the engine of `gitdir`; nil if none runs.
    ///
    /// - Throws: ``Failure``, also for what the engine does not understand.
    init?(_ gitdir: String, _ path: String, _ query: [String: String], within limit: Duration)
        throws(Failure)
    {
        let request = ControlRequest(.post, path, query: query)
        guard
            let response = try ControlClient(gitdir: gitdir).send(request, until: .after(limit))
        else { return nil }
        guard response.status == 200 else {
            throw Failure(
                response.status == 403 ? .refused : .failed,
                "the engine of \(gitdir) says: \(response.body["error"]?.string ?? "nothing")")
        }
        body = response.body
    }

    /// Prints it as the verb itself would, and gives its exit code.
    func show(asJSON wantsJSON: Bool) throws(Failure) -> ExitCode {
        let result = body["result"] ?? .null
        if let error = result["error"]?.string { complain(error.harmless) }
        if wantsJSON {
            try printLine(result.text)
        } else if let line = body["text"]?.string {
            try printLine(line.harmless)
        }
        guard case .number(let digits) = body["exitCode"], let number = Int32(digits),
            let code = ExitCode(rawValue: number)
        else { throw Failure(.failed, "the engine did not say how it ended", hint: "see its log") }
        return code
    }
}

extension EngineLine {
    /// How long a reconcile by another process may take.
    private static let longestWork = Duration.seconds(3600)

    /// Has the engine that runs for the gitdir do the work; nil if none runs. What it does it does by
    /// its own settings.
    func askEngine(_ path: String, _ query: [String: String] = [:]) throws(Failure) -> EngineAnswer?
    {
        var query = query
        query["branch"] = flags["branch"]
        return try EngineAnswer(
            Engine.gitdir(at: gitdir()), path, query, within: Self.longestWork)
    }
}

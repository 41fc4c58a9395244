// How a verb asks a running engine: flush, push, reconcile and lock hand their work over.

import ControlAPI
import Engine
import Model
import POSIX

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

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
    /// - Parameter flags: what the verb was given: an engine with other settings is not asked.
    /// - Throws: ``Failure``, also for what the engine does not understand.
    init?(
        _ gitdir: String, _ flags: [String: String], _ path: String, _ query: [String: String],
        within limit: Duration
    ) throws(Failure) {
        let settings = try Settings(flags: flags, environment: .current(), gitdir: gitdir)
        let client = ControlClient(gitdir: gitdir, trusting: settings.trustedOwner)
        // One that does not answer this at once would keep us waiting for its work, too.
        let question = ControlRequest(.get, "/v1/settings")
        guard let own = try client.send(question, until: .after(engineGrace)) else { return nil }
        try Self.check(own.body, against: settings, in: gitdir)
        var query = query
        // Its own branch may be another one than what is asked about here.
        if query["branch"] == nil { query["branch"] = settings.onlyBranch }
        let request = ControlRequest(.post, path, query: query)
        guard let response = try client.send(request, until: .after(limit)) else { return nil }
        guard response.status == 200 else {
            throw Failure(
                response.status == 403 ? .refused : .failed,
                "the engine of \(gitdir) says: \(response.body["error"]?.string ?? "nothing")")
        }
        body = response.body
    }

    /// - Throws: ``Failure`` of kind `configuration` if the verb was told something by a flag or the
    ///   environment that its engine would do otherwise.
    private static func check(_ own: JSON, against settings: Settings, in gitdir: String)
        throws(Failure)
    {
        for name in Settings.decisive {
            guard let given = settings.value(name), given.source.isOfThisRun,
                let shown = settings.shown(name)?.text, shown != own[name]?.string
            else { continue }
            if name == "origin", let url = own[name]?.string, Settings.isSameOrigin(shown, url) {
                continue
            }
            let theirs = own[name]?.string.map { "\(name) = \($0)" } ?? "no \(name)"
            throw Failure(
                .configuration,
                "the engine that runs for \(gitdir) has \(theirs.harmless), and does the work",
                hint: "leave \(name) out, set it for the engine, or stop the engine first")
        }
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
    /// The branch that is asked for, as far as it is named; empty if it is not.
    var branch: String {
        let settings = try? Settings(
            flags: flags, environment: .current(), gitdir: Engine.gitdir(at: gitdir()))
        return flags["branch"] ?? settings?.onlyBranch ?? ""
    }

    /// How long a reconcile by another process may take.
    private static let longestWork = Duration.seconds(3600)

    /// Has the engine that runs for the gitdir do the work; nil if none runs. What it does it does by
    /// its own settings.
    func askEngine(_ path: String, _ query: [String: String] = [:]) throws(Failure) -> EngineAnswer?
    {
        var query = query
        query["branch"] = flags["branch"]
        return try EngineAnswer(
            Engine.gitdir(at: gitdir()), flags, path, query, within: Self.longestWork)
    }
}

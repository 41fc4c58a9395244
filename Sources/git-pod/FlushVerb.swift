// `git pod flush`: returns when origin has what the branch has now.

import Engine
import Model
import POSIX

let flushVerb = Verb(
    name: "flush", summary: "wait until origin has what a gitdir's branch has now",
    help: flushHelp
) { arguments throws(Failure) in
    let line = try EngineLine(
        arguments, verb: "flush", settings: flushSettings, switches: [], values: ["--timeout"])
    let limit = try line.duration("--timeout") ?? flushTimeout
    let gitdir = try Engine.gitdir(at: line.gitdir())
    var query = ["wait": "\(limit.milliseconds)ms"]
    query["branch"] = line.flags["branch"]
    let patience = limit + engineGrace
    let asked = try countingSeconds("flush") { () throws(Failure) in
        try EngineAnswer(gitdir, line.flags, "/v1/push", query, within: patience)
    }
    if let answer = asked {
        return try answer.show(asJSON: line.wantsJSON)
    }
    let flush = try countingSeconds("flush") { () throws(Failure) in
        Flush.withoutEngine(
            path: gitdir, flags: line.flags, environment: .current(), within: limit,
            note: { complain($0) })
    }
    if case .failed(_, let failure) = flush { complain(failure.description) }
    if line.wantsJSON {
        try printLine(flush.json.text)
    } else if let text = flush.line {
        try printLine(text)
    }
    return flush.exitCode
}

/// How much longer than its work an engine may take to answer.
let engineGrace = Duration.seconds(10)

private let flushSettings = originSettingNames + ["trustOwner"]

private let flushHelp = """
    usage: git pod flush --repo DIR [OPTIONS]

    Returns when origin has confirmed the commit that the branch is at now, also
    under the id that a reconcile gives it. Asks the engine that runs for the
    gitdir; without one, pushes until it is there, unless only a reconcile or a
    person can help.

      --repo DIR      the bare gitdir; GIT_POD_REPO says it too
      --timeout TIME  the most to wait (30s)
      --json          print one JSON value
    \(settingsHelp(flushSettings))

    Ends with 0 when origin has it, 3 if origin has it on a conflict branch, 4 if
    it has not got it in time.
    """

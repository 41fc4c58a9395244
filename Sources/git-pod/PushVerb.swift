// `git pod push`: sends a gitdir's branch to origin, once.

import Engine
import Model

let pushVerb = Verb(
    name: "push", summary: "send a gitdir's branch to its origin, once", help: pushHelp
) { arguments throws(Failure) in
    let line = try EngineLine(
        arguments, verb: "push", settings: pushSettings, switches: [])
    let asked = try countingSeconds("push") { () throws(Failure) in
        try line.askEngine("/v1/push")
    }
    if let answer = asked {
        return try answer.show(asJSON: line.wantsJSON)
    }
    let report: PushReport
    do throws(Failure) {
        report = try countingSeconds("push") { () throws(Failure) in try line.engine().push() }
    } catch {
        report = PushReport(branch: line.branch, failure: error)
    }
    if let failure = report.failure { complain(failure.description) }
    if line.wantsJSON {
        try printLine(report.json.text)
    } else if let text = report.line {
        try printLine(text.harmless)
    }
    return report.exitCode
}

private let pushSettings = originSettingNames + ["lockTimeout", "trustOwner"]

private let pushHelp = """
    usage: git pod push --repo DIR [OPTIONS]

    Sends what origin lacks of the branch, and every conflict branch that origin
    has not confirmed yet. Never forces: if origin has commits that are not here,
    it says so, and git pod reconcile is next. If an engine runs for the gitdir,
    it does that at once, by its own settings, and goes on trying.

      --repo DIR   the bare gitdir; GIT_POD_REPO says it too
      --json       print one JSON value
    \(settingsHelp(pushSettings))
    """

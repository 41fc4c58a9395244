// `git pod reconcile`: brings one branch and its origin together, once.

import Engine
import Model
import POSIX

let reconcileVerb = Verb(
    name: "reconcile", summary: "bring a gitdir's branch and its origin together, once",
    help: reconcileHelp
) { arguments throws(Failure) in
    let line = try EngineLine(
        arguments, verb: "reconcile", settings: reconcileSettings, switches: ["--dry-run"])
    let isDryRun = line.switches.contains("--dry-run")
    let asked = try countingSeconds("reconcile") { () throws(Failure) in
        isDryRun ? nil : try line.askEngine("/v1/reconcile")
    }
    if let answer = asked {
        return try answer.show(asJSON: line.wantsJSON)
    }
    let report: ReconcileReport
    do throws(Failure) {
        report = try countingSeconds("reconcile") { () throws(Failure) in
            try line.engine().reconcile(dryRun: isDryRun)
        }
    } catch {
        report = ReconcileReport(branch: line.branch, failure: error)
    }
    if let failure = report.failure { complain(failure.description) }
    if line.wantsJSON {
        try printLine(report.json.text)
    } else if let text = report.line {
        try printLine((isDryRun ? "nothing was moved; it would be " : "") + text.harmless)
    }
    return report.exitCode
}

private let reconcileSettings =
    originSettingNames + ["onDivergence", "onRewrite", "keepBefore", "lockTimeout", "trustOwner"]

private let reconcileHelp = """
    usage: git pod reconcile --repo DIR [OPTIONS]

    Fetches origin's branch and brings both sides together without losing a
    commit: follows, pushes, replays our commits onto origin's, or keeps them on
    a conflict branch. docs/reconcile.md says when which.

      --repo DIR   the bare gitdir; GIT_POD_REPO says it too
      --dry-run    say what would be done; no ref moves, nothing is sent
      --json       print one JSON value
    \(settingsHelp(reconcileSettings))

    Each of these can be set as GIT_POD_ON_DIVERGENCE in the environment, or as
    pod.onDivergence in git config. Ends with 0 when done, 3 if commits went to a
    conflict branch, 4 if origin was not reached, 5 if it did not let us in.
    """

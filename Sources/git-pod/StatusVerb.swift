// `git pod status`: how far a gitdir's branch is durable, by its engine's word, or by its refs alone.

import ControlAPI
import Engine
import Model
import POSIX

let statusVerb = Verb(
    name: "status", summary: "say what of a gitdir's branches origin is known to have",
    help: statusHelp
) { arguments throws(Failure) in
    let line = try EngineLine(
        arguments, verb: "status", settings: statusSettings, switches: [])
    let gitdir = try Engine.gitdir(at: line.gitdir())
    let settings = try Settings(flags: line.flags, environment: .current(), gitdir: gitdir)
    let engine = try ControlClient(gitdir: gitdir, trusting: settings.trustedOwner).send(
        ControlRequest(.get, "/v1/status"), until: .after(engineGrace))
    let report = try StatusReport(
        path: gitdir, flags: line.flags, environment: .current(), engine: engine?.body)
    try printLine(line.wantsJSON ? report.json.text : report.text)
    return .done
}

private let statusSettings = ["branch", "remote", "trustOwner"]

private let statusHelp = """
    usage: git pod status --repo DIR [OPTIONS]

    Prints of each branch: its tip, the last tip that origin is known to have, how
    many commits and bytes lie between them and how old the oldest is, where origin
    has moved to, the last failure and the next attempt, and a lock that stands in
    the way; then the conflict branches. By the word of the engine that runs for
    the gitdir; without one, by its refs. Does not ask origin, takes no lock,
    changes nothing.

      --repo DIR   the bare gitdir; GIT_POD_REPO says it too
      --json       print one JSON value
    \(settingsHelp(statusSettings))
    """

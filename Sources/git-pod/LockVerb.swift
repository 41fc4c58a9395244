// `git pod lock`: keeps reconciles and pushes away while a command runs.

import Engine
import Model
import POSIX

let lockVerb = Verb(
    name: "lock", summary: "run a command while no reconcile can move the branch", help: lockHelp
) { arguments throws(Failure) in
    let line = try EngineLine(
        arguments, verb: "lock", settings: ["lockTimeout"], switches: [])
    guard !line.command.isEmpty else {
        throw Failure(
            .configuration, "there is no command behind --", hint: "see git pod lock -h")
    }
    let path = try Engine.gitdir(at: line.gitdir())
    let settings = try Settings(flags: line.flags, environment: .current(), gitdir: path)
    let patience = try settings.lockTimeout()
    let lock = try countingSeconds("lock") { () throws(Failure) in
        try GitdirLock(path, patience: patience)
    }
    try lock.run(line.command)
}

private let lockHelp = """
    usage: git pod lock --repo DIR [--lock-timeout TIME] -- COMMAND...

    Waits for the gitdir's lock and becomes COMMAND, which holds it until it has
    ended; no reconcile, push or clone of git-pod runs meanwhile. Writers are not
    kept away: git's own locks do that. The exit code is COMMAND's.

      --repo DIR   the bare gitdir; GIT_POD_REPO says it too
    \(settingsHelp(["lockTimeout"]))
    """

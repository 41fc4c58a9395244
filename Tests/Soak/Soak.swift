// A soak from its beginning to its verdict: the writers, who asks, what goes wrong, and then calm.

import Model
import POSIX
import TestSupport

/// Runs one, and prints its verdict. True if nothing was lost and nothing said was false.
func soak(_ options: Options) throws -> Bool {
    var numbers = SeededNumbers(seed: options.seed)
    let lags = [Duration.zero, .milliseconds(2), .milliseconds(10)]
    let lag = lags[Int.random(in: 0..<lags.count, using: &numbers)]
    let stage = try Stage(lag: lag)
    try makeBranches(stage)
    let reports = Reports(stage)
    var mishaps = try Mishaps(stage, reports, numbers: SeededNumbers(seed: numbers.next()))
    let made = Locked<Set<String>>([])
    var threads: [JoinedThread] = []
    for kind in Writing.Kind.allCases {
        let seed = numbers.next()
        threads.append(
            try JoinedThread {
                do throws(Failure) {
                    var writing = try Writing(kind, stage, numbers: SeededNumbers(seed: seed))
                    let commits = writing.go()
                    made.with { $0.formUnion(commits) }
                } catch { stage.tally.with { $0.fault("writer", "\(error)") } }
            })
    }
    let seed = numbers.next()
    threads.append(
        try JoinedThread {
            var asking = Asking(
                stage: stage, reports: reports, numbers: SeededNumbers(seed: seed))
            asking.go()
        })
    let end = Deadline.after(.seconds(options.seconds))
    while !end.hasPassed { try mishaps.next() }
    stage.end()
    // Waits for them.
    threads.removeAll()
    try mishaps.calm()
    let verdict = Verdict(
        stage: stage, reports: reports, made: made.with { $0 }, engine: mishaps.engine)
    let isGood = try verdict.pass()
    say(verdict.text(options, lag: lag))
    if !isGood || options.keeps {
        let copy = "/tmp/pod-soak-\(options.seed)-\(processNumber())"
        try run(["cp", "-a", stage.origin.pod.folder.path, copy]).check()
        say("kept: \(copy)")
    }
    return isGood
}

/// The branches, at one commit to begin with.
private func makeBranches(_ stage: Stage) throws(Failure) {
    for branch in Set(Branch.all) where branch != "main" {
        try stage.home.git("update-ref", "refs/heads/\(branch)", "main", at: stage.gitdir)
    }
    // Nobody else's upkeep is measured here, and ours is one of the mishaps.
    try stage.home.git("config", "receive.autogc", "false", at: stage.gitdir)
    try stage.home.git("config", "receive.autogc", "false", at: stage.origin.path)
}

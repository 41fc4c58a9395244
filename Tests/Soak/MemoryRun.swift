// What many pushes cost the engine: its resident memory and its open descriptors after the first
// hundred and after the last.

import Model
import POSIX
import TestSupport

/// What an engine has at one moment.
struct Footprint {
    let kilobytes: Int
    let descriptors: Int

    init(_ process: Int32) {
        kilobytes = residentKilobytes(of: process)
        descriptors = openDescriptors(of: process)
    }
}

/// Pushes one commit after the other, each when origin has the last. True if memory has grown by no more
/// than a tenth since the first hundred, and descriptors are as many.
func measureMemory(_ options: Options) throws -> Bool {
    let stage = try Stage(lag: .zero)
    let durable = Locked("")
    let engine = try stage.serve(["--idle-timeout", "60s", "--connect-timeout", "60s"]) { line in
        guard let entry = JSON(parsing: Array(line.utf8)),
            let commit = (entry["report"] ?? entry)["newCommit"]?.string
        else { return }
        durable.with { $0 = commit }
    }
    guard eventually({ !durable.with { $0.isEmpty } }) else {
        throw Failure(.failed, "it does not serve: \(contents(stage.log))")
    }
    let writer = try LibraryWriter(gitdir: stage.gitdir)
    try packObjects(stage)
    let base = min(100, options.pushes)
    var first: Footprint?
    var last: Footprint?
    say("pushes   memory kB   descriptors")
    for number in 1...options.pushes {
        guard
            let tip = try writer.commit("refs/heads/main", "file-\(number % 50)", "\(number)")?
                .last,
            eventually({ durable.with { $0 } == tip || !engine.isRunning }), engine.isRunning
        else { throw Failure(.failed, "push \(number) did not come to its end: see \(stage.log)") }
        guard number == base || number == options.pushes || number % 1000 == 0 else { continue }
        let now = settled(engine.process)
        say("\(number)   \(now.kilobytes)   \(now.descriptors)")
        if number == base { first = now }
        last = now
        try packObjects(stage)
    }
    guard engine.stop() == .exited(0), let first, let last else { return false }
    let growth = Double(last.kilobytes) / Double(first.kilobytes) - 1
    let isGood = growth <= 0.1 && last.descriptors == first.descriptors
    let rounded = (growth * 1000).rounded() / 10
    say(
        "memory after \(options.pushes) pushes is \(rounded) % above that after \(base), "
            + "descriptors \(first.descriptors) and \(last.descriptors)")
    return isGood
}

/// What it has when the next services on its connection are ready: the same number of descriptors twice.
private func settled(_ process: Int32) -> Footprint {
    var last = Footprint(process)
    _ = eventually(within: .seconds(5)) {
        pause(.milliseconds(200))
        let next = Footprint(process)
        defer { last = next }
        return next.descriptors == last.descriptors
    }
    return last
}

/// As the upkeep of both sides does: a folder of many thousand loose objects is slow, and is no part
/// of what is measured.
private func packObjects(_ stage: Stage) throws(Failure) {
    for place in [stage.gitdir, stage.origin.path] {
        try stage.home.git("repack", "-q", "-a", "-d", at: place)
    }
}

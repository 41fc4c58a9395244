// What goes wrong in a soak: kills of the engine, of origin's sshd and of its receive-pack, stalls of
// the network, somebody else's commits on origin, refs that are packed. The seed chooses which, when
// and for how long.

import Model
import POSIX
import TestSupport

enum Mishap: String, CaseIterable {
    case engine, server, connection
    case receivePack = "receive-pack"
    case stall, other, conflict, pack

    /// How often each comes, beside the others.
    private var weight: Int {
        switch self {
        case .engine, .receivePack: 6
        case .stall: 5
        case .connection: 4
        case .server: 3
        case .other, .conflict, .pack: 2
        }
    }

    static func random(using numbers: inout SeededNumbers) -> Mishap {
        let all = allCases.flatMap { Array(repeating: $0, count: $0.weight) }
        return all[Int.random(in: 0..<all.count, using: &numbers)]
    }
}

struct Mishaps {
    let stage: Stage
    let reports: Reports
    var numbers: SeededNumbers
    private(set) var engine: EngineLife
    private var number = 0

    private static let engineFlags = [
        "--branch", "main", "--branch", "data/*", "--auto-reconcile", "true",
    ]

    init(_ stage: Stage, _ reports: Reports, numbers: SeededNumbers) throws(Failure) {
        self.stage = stage
        self.reports = reports
        self.numbers = numbers
        engine = try Self.serve(stage, reports)
    }

    private static func serve(_ stage: Stage, _ reports: Reports) throws(Failure) -> EngineLife {
        try stage.serve(engineFlags) { reports.take(line: $0) }
    }

    /// One mishap, and the pause before it.
    mutating func next() throws(Failure) {
        let mishap = Mishap.random(using: &numbers)
        let rest = Int.random(in: 100...1500, using: &numbers)
        let isInPush = Bool.random(using: &numbers)
        let moment = Int.random(in: 0...20_000, using: &numbers)
        let outage = Int.random(in: 0...700, using: &numbers)
        let victim = Int.random(in: 0..<1000, using: &numbers)
        pause(.milliseconds(rest))
        if isInPush {
            let before = stage.sends.with { $0 }
            _ = eventually(within: .milliseconds(500)) { stage.sends.with { $0 } != before }
            // In steps of microseconds: what is killed lives for milliseconds.
            let now = Deadline.after(.microseconds(moment))
            while !now.hasPassed {}
        }
        number += 1
        try befall(mishap, outage: outage, victim: victim)
        try engineMustRun()
    }

    private mutating func befall(_ mishap: Mishap, outage: Int, victim: Int) throws(Failure) {
        var happened = true
        switch mishap {
        case .engine: try killEngine(outage)
        case .server: try killServer(outage, withConnections: victim % 2 == 0)
        case .connection: happened = kill(connections, victim)
        case .receivePack: happened = kill(receivePacks, victim)
        case .stall:
            // Some are longer than the engine's patience, most are not.
            stage.proxy.stall(for: .milliseconds(victim % 4 == 0 ? 2000 + outage * 2 : outage))
        case .other: happened = try commitToOrigin("other-\(number)", while: outage)
        case .conflict: happened = try commitToOrigin("library-\(victim % 12)", while: outage)
        case .pack:
            let folder = victim % 3 == 0 ? stage.origin.path : stage.gitdir
            happened = try stage.home.attempt(["pack-refs", "--all"], at: folder).succeeded
        }
        if happened { stage.tally.with { $0.count("mishap \(mishap.rawValue)") } }
        try sweepLocks()
    }

    /// Ends all that is wrong.
    mutating func calm() throws(Failure) {
        stage.proxy.stall(for: .zero)
        try engineMustRun()
    }

    // MARK: kills

    private mutating func killEngine(_ outage: Int) throws(Failure) {
        try engineMustRun()
        engine.kill()
        pause(.milliseconds(outage))
        engine = try Self.serve(stage, reports)
    }

    /// One that ended by itself is a fault.
    private mutating func engineMustRun() throws(Failure) {
        guard !engine.isRunning else { return }
        engine.kill()
        stage.tally.with { $0.fault("engine ended by itself", "see \(stage.log)") }
        engine = try Self.serve(stage, reports)
    }

    private func killServer(_ outage: Int, withConnections: Bool) throws(Failure) {
        let taken = withConnections ? connections : []
        Processes.end(stage.server.process)
        for process in taken { Processes.end(process) }
        pause(.milliseconds(outage))
        try stage.server.restart()
    }

    /// The processes of sshd that hold a connection each.
    private var connections: [Int32] {
        Processes.below(stage.server.process).filter {
            Processes.arguments(of: $0).first?.hasPrefix("sshd:") == true
        }
    }

    /// origin's receive-packs and what they have started.
    private var receivePacks: [Int32] {
        let heads = Processes.withArgument(containing: stage.origin.path).filter { process in
            let words = Processes.arguments(of: process).prefix(2)
            return words.first?.hasSuffix("git-receive-pack") == true
                || (words.first?.hasSuffix("git") == true && words.last == "receive-pack")
        }
        return heads.flatMap { [$0] + Processes.below($0) }
    }

    private func kill(_ processes: [Int32], _ victim: Int) -> Bool {
        guard !processes.isEmpty else { return false }
        Processes.end(processes.sorted()[victim % processes.count])
        return true
    }

    /// A lock that a killed git leaves on origin is for somebody over there to take away. Nobody alive
    /// holds one for so long.
    private func sweepLocks() throws(Failure) {
        _ = try run([
            "find", stage.origin.path, "-name", "*.lock", "-not", "-newermt", "-5 seconds",
            "-delete",
        ])
    }

    // MARK: others

    /// Somebody else's commit on origin's main, while ours cannot get there.
    private func commitToOrigin(_ file: String, while stall: Int) throws(Failure) -> Bool {
        let (home, path) = (stage.home, stage.origin.path)
        stage.proxy.stall(for: .milliseconds(2 * stall))
        pause(.milliseconds(stall))
        for _ in 0..<5 {
            let tip = try home.git("rev-parse", "refs/heads/main", at: path)
            let next = try Plumbing(home: home, repository: path).commit(
                onto: tip, file, "somebody else's, \(number)\n", "another")
            let moved = try home.attempt(["update-ref", "refs/heads/main", next, tip], at: path)
            if moved.succeeded { return true }
        }
        return false
    }
}

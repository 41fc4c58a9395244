// replay-fuzz: random histories, rebased by git in a worktree and replayed by us; whatever differs is
// printed with the seed that makes it again. bin/fuzz reconcile and the tests of Git run it.

import Git
import Model
import POSIX
import TestSupport

/// How many histories one repository holds.
let batchSize: UInt64 = 25

struct Options {
    var histories: Int?
    var seconds: Int?
    var seed: UInt64 = 1
    /// Leaves a copy of the repositories under /tmp.
    var keeps = false

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let word = rest.popFirst() {
            switch word {
            case "--histories": histories = rest.popFirst().flatMap { Int($0) }
            case "--seconds": seconds = rest.popFirst().flatMap { Int($0) }
            case "--seed": seed = rest.popFirst().flatMap { UInt64($0) } ?? 1
            case "--keep": keeps = true
            default:
                writeAll(
                    "usage: replay-fuzz [--histories N] [--seconds N] [--seed S] [--keep]\n", to: 2)
                exit(with: .configuration)
            }
        }
        if histories == nil, seconds == nil { histories = 100 }
    }
}

/// Compares the histories of `seeds`; how many differ.
func compare(_ seeds: Range<UInt64>, keeps: Bool, _ effort: inout Comparison.Effort) throws(Failure)
    -> Int
{
    var random = RandomSource(seed: seeds.lowerBound / batchSize ^ 0xabcd)
    let rules = ["", "", "", "*.txt merge=union\n", "b -merge\n* text=auto\n"]
    let reference = try Reference(attributes: random.one(of: rules))
    let histories = seeds.map { History(seed: $0) }
    var stream: [UInt8] = []
    var firsts: [Int] = []
    var total = 1
    for history in histories {
        firsts.append(total)
        stream += history.stream(firstMark: total)
        total += history.commits.count
    }
    let ids = try reference.importCommits(stream)
    let repository = try Repository(path: reference.ours)
    var different = 0
    for (history, first) in zip(histories, firsts) {
        let own = Array(ids[(first - 1)...].prefix(history.commits.count))
        let comparison = Comparison(history: history, ids: own, reference: reference)
        var difference: String?
        do throws(Failure) { difference = try comparison.difference(repository, &effort) } catch {
            difference = error.description
        }
        guard let difference else { continue }
        different += 1
        say(
            """
            seed \(history.seed): \(difference)
            upstream \(own[history.upstream]) onto \(own[history.onto]) tip \(own[history.tip])
            """)
    }
    let complaints = try reference.complaints()
    if !complaints.isEmpty {
        different += 1
        say("seeds \(seeds): git fsck complains: \(complaints)")
    }
    if keeps {
        let copy = "/tmp/replay-fuzz-\(seeds.lowerBound)"
        try run(["cp", "-a", reference.directory.path, copy]).check()
        say("kept: \(copy)")
    }
    return different
}

func main() throws(Failure) -> Bool {
    if CommandLine.arguments.dropFirst().first == "replay" {
        try timeReplay(Array(CommandLine.arguments.dropFirst(2)))
        return true
    }
    let options = Options(Array(CommandLine.arguments.dropFirst()))
    let end = options.seconds.map { Deadline.after(.seconds($0)) } ?? .never
    var done = 0
    var different = 0
    var effort = Comparison.Effort()
    while done < options.histories ?? .max, !end.hasPassed {
        let first = options.seed + UInt64(done)
        // What one repository holds does not depend on where the run began.
        let count = min(Int(batchSize - first % batchSize), (options.histories ?? .max) - done)
        different += try compare(first..<first + UInt64(count), keeps: options.keeps, &effort)
        done += count
    }
    say(
        "\(done) histories from seed \(options.seed), \(effort.commits) commits, "
            + "\(effort.conflicts) conflicts, \(effort.merges) merges, "
            + "\(effort.refusals) refused for markers in a clean merge, git asked \(effort.questions) times: "
            + "\(different) different")
    return different == 0
}

do throws(Failure) {
    exit(with: try main() ? .done : .failed)
} catch {
    writeAll("replay-fuzz: \(error)\n", to: 2)
    exit(with: .configuration)
}

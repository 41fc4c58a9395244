// The three kinds of writers: git's plumbing in the gitdir, pushes from a clone, libgit2. Each notes the
// commits that its ref moved to, and none that another writer or the engine was quicker than.

import Model
import POSIX
import TestSupport

struct Writing {
    enum Kind: String, CaseIterable { case plumbing, push, libgit2 }

    let kind: Kind
    let stage: Stage
    var numbers: SeededNumbers
    private let library: LibraryWriter
    private var made: [String] = []

    private var home: GitHome { stage.home }
    /// Where its commits come into being.
    private var place: String { kind == .push ? clone : stage.gitdir }
    private var clone: String { stage.origin.pod.folder.file("writer.git") }

    init(_ kind: Kind, _ stage: Stage, numbers: SeededNumbers) throws(Failure) {
        self.kind = kind
        self.stage = stage
        self.numbers = numbers
        library = try LibraryWriter(gitdir: stage.gitdir)
        if kind == .push {
            try home.git("init", "-q", "--bare", clone)
            try home.git("remote", "add", "pod", stage.gitdir, at: clone)
        }
    }

    /// Writes until all is over. Returns the commits that it made.
    mutating func go() -> [String] {
        while !stage.isOver {
            let isAlone = Int.random(in: 0..<3, using: &numbers) == 0
            let branch = isAlone ? Branch.own(kind) : Branch.random(using: &numbers)
            let file = "\(kind.rawValue)-\(Int.random(in: 0..<12, using: &numbers))"
            let size = Int.random(in: 0..<25, using: &numbers) == 0 ? 40_000 : 8
            let text = (0..<size).map { _ in
                String(UInt32.random(in: 0...UInt32.max, using: &numbers), radix: 16)
            }.joined()
            let few = Int.random(in: 1...2, using: &numbers)
            let many = Int.random(in: 20...150, using: &numbers)
            let count = Int.random(in: 0..<40, using: &numbers) == 0 ? many : few
            let isBusy = Int.random(in: 0..<4, using: &numbers) > 0
            let rest = Int.random(in: isBusy ? 0...60 : 200...900, using: &numbers)
            do {
                if let new = try write("refs/heads/\(branch)", file, text, count) {
                    made += new
                    stage.tally.with { $0.count("commits \(kind.rawValue)", new.count) }
                } else {
                    stage.tally.with { $0.count("late \(kind.rawValue)") }
                }
            } catch {
                stage.tally.with { $0.fault("writer", "\(kind.rawValue): \(error)") }
            }
            pause(.milliseconds(rest))
        }
        return made
    }

    /// Nil if somebody else has moved the ref meanwhile.
    private func write(_ ref: String, _ file: String, _ text: String, _ count: Int) throws(Failure)
        -> [String]?
    {
        if kind == .libgit2 { return try library.commit(ref, file, text, count: count) }
        if kind == .push {
            // After an hour of two busy writers that is a large one, from loose objects.
            try home.attempt(
                ["fetch", "-q", "pod", "+refs/heads/*:refs/pod/*"], at: clone,
                timeout: .seconds(1800)
            ).check()
        }
        let local = kind == .push ? ref.replacing("refs/heads/", with: "refs/pod/") : ref
        let start = try home.git("rev-parse", local, at: place)
        var made: [String] = []
        for number in 1...min(count, 3) {
            made.append(
                try Plumbing(home: home, repository: place).commit(
                    onto: made.last ?? start, file, "\(text) \(number)\n", kind.rawValue))
        }
        let tip = made.last ?? start
        let moved =
            kind == .push
            ? try home.attempt(["push", "-q", "pod", "\(tip):\(ref)"], at: clone)
            : try home.attempt(["update-ref", ref, tip, start], at: place)
        return moved.succeeded ? made : nil
    }
}

/// A commit by hash-object, mktree and commit-tree, on no branch.
struct Plumbing {
    let home: GitHome
    let repository: String

    func commit(onto parent: String, _ file: String, _ text: String, _ who: String) throws(Failure)
        -> String
    {
        let blob = try git(["hash-object", "-w", "--stdin"], text)
        let others = try git(["ls-tree", parent]).split(separator: "\n")
            .filter { !$0.hasSuffix("\t\(file)") }
        let entries = others.joined(separator: "\n") + "\n100644 blob \(blob)\t\(file)\n"
        let tree = try git(["mktree"], entries)
        return try git(["commit-tree", "-p", parent, "-m", "Write \(file) by \(who)", tree])
    }

    private func git(_ words: [String], _ input: String = "") throws(Failure) -> String {
        try home.attempt(words, at: repository, input: Array(input.utf8)).check().output
    }
}

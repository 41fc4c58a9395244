// One random history: a base, an upstream side and a local side, as a stream for git fast-import.

/// A history that its seed makes again.
struct History {
    struct Commit {
        let number: Int
        let parents: [Int]
        let files: Files
        let words: CommitWords
    }

    let seed: UInt64
    private(set) var commits: [Commit] = []
    /// Numbers of commits.
    private(set) var upstream = 0
    private(set) var onto = 0
    private(set) var tip = 0

    private var random: RandomSource
    private var maker: EditMaker
    private var made: [[Edit]] = []

    init(seed: UInt64) {
        self.seed = seed
        random = RandomSource(seed: seed)
        maker = EditMaker(random: RandomSource(seed: seed ^ 0x5555))
        var base = start()
        for _ in 0..<random.below(3) { base = commit(on: [base], edits(of: base)) }
        var sideTips = [base]
        upstream = side(from: base, length: 1 + random.below(5), tips: &sideTips, isLocal: false)
        onto = upstream
        if random.oneIn(5) {
            // Origin was rewritten: what it has now goes on from somewhere else.
            var tips = [base]
            onto = side(from: base, length: 1 + random.below(4), tips: &tips, isLocal: false)
        }
        tip = side(from: base, length: 1 + random.below(7), tips: &sideTips, isLocal: true)
    }

    private mutating func start() -> Int {
        var files: Files = [:]
        for _ in 0..<3 + random.below(8) { files.put(maker.path(), maker.file()) }
        if random.oneIn(3) { maker.attributes().apply(to: &files) }
        return append([], files)
    }

    private mutating func edits(of number: Int) -> [Edit] {
        if random.oneIn(15) { return [] }
        if random.oneIn(6), !made.isEmpty { return random.one(of: made) }
        var files = commits[number].files
        var edits: [Edit] = []
        for _ in 0...(random.oneIn(3) ? random.below(4) : 0) {
            let edit = maker.edit(of: files)
            edit.apply(to: &files)
            edits.append(edit)
        }
        made.append(edits)
        return edits
    }

    private mutating func commit(on parents: [Int], _ edits: [Edit]) -> Int {
        var files = commits[parents[0]].files
        for edit in edits { edit.apply(to: &files) }
        return append(parents, files)
    }

    private mutating func append(_ parents: [Int], _ files: Files) -> Int {
        let number = commits.count
        commits.append(
            Commit(number: number, parents: parents, files: files, words: random.words(number)))
        return number
    }

    /// A line of commits with branches and merges now and then.
    private mutating func side(
        from base: Int, length: Int, tips: inout [Int], isLocal: Bool
    ) -> Int {
        var tip = base
        for _ in 0..<length {
            if random.oneIn(9) {
                tip = merge(tip, random.one(of: tips))
            } else if random.oneIn(12) {
                // Back to how it was some commits ago.
                let old = random.one(of: tips)
                tip = append([tip], commits[old].files)
            } else if isLocal, random.oneIn(40) {
                let root = start()
                tip = merge(tip, root)
            } else {
                tip = commit(on: [tip], edits(of: tip))
            }
            tips.append(tip)
            if random.oneIn(8) {
                let branch = commit(on: [random.one(of: tips)], edits(of: tip))
                tip = merge(tip, branch)
                tips.append(tip)
            }
        }
        return tip
    }

    /// A merge as somebody might have made it: not always as git would.
    private mutating func merge(_ one: Int, _ two: Int) -> Int {
        var files = commits[one].files
        for path in commits[two].files.sortedPaths where files[path] == nil || random.oneIn(3) {
            if let file = commits[two].files[path] { files.put(path, file) }
        }
        let parents = one == two ? [one] : [one, two]
        return append(parents, files)
    }

    /// Whether upstream, or what the replay goes onto, has commit `number`.
    func isUpstream(_ number: Int) -> Bool {
        var waiting = [upstream, onto]
        var seen: Set<Int> = []
        while let next = waiting.popLast() {
            if next == number { return true }
            if seen.insert(next).inserted { waiting += commits[next].parents }
        }
        return false
    }

    /// The commits for `git fast-import`, marked from `firstMark` on.
    func stream(firstMark: Int) -> [UInt8] {
        var stream: [UInt8] = []
        for commit in commits {
            stream += Array("commit refs/history/\(seed)/\(commit.number)\n".utf8)
            stream += Array("mark :\(firstMark + commit.number)\nauthor ".utf8)
            stream += commit.words.author
            stream += Array("\ncommitter C <c@example.com> 1700000000 +0000\n".utf8)
            if let encoding = commit.words.encoding {
                stream += Array("encoding \(encoding)\n".utf8)
            }
            stream += Array("data \(commit.words.message.count)\n".utf8) + commit.words.message
            stream.append(10)
            for (index, parent) in commit.parents.enumerated() {
                let word = index == 0 ? "from" : "merge"
                stream += Array("\(word) :\(firstMark + parent)\n".utf8)
            }
            stream += Array("deleteall\n".utf8)
            for path in commit.files.sortedPaths {
                guard let file = commit.files[path] else { continue }
                if file.mode == "160000" {
                    let id = String(decoding: file.content, as: UTF8.self)
                    stream += Array("M 160000 \(id) \(path)\n".utf8)
                } else {
                    stream += Array("M \(file.mode) inline \(path)\n".utf8)
                    stream += Array("data \(file.content.count)\n".utf8) + file.content + [10]
                }
            }
        }
        return stream
    }
}

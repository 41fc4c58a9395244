// Small histories that only look random, with all that a thin pack can stumble over.

import Model
import TestSupport

/// Commits with their files, to be loaded by `git fast-import`.
struct RandomHistory {
    /// What stands at one path.
    struct File: Equatable {
        var mode: String
        var content: [UInt8]
    }

    typealias State = [String: File]

    private var numbers: SeededNumbers
    private(set) var states: [State] = []
    private(set) var stream: [UInt8] = []

    /// `count` commits, called `refs/heads/c0` and so on.
    init(seed: UInt64, count: Int) {
        numbers = SeededNumbers(seed: seed)
        for index in 0..<count { add(index) }
    }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &numbers) }

    private mutating func add(_ index: Int) {
        var parents: [Int] = []
        if index > 0, below(12) > 0 { parents.append(below(3) > 0 ? index - 1 : below(index)) }
        if index > 1, !parents.isEmpty, below(5) == 0 {
            let other = below(index)
            if other != parents[0] { parents.append(other) }
        }
        var state = parents.first.map { states[$0] } ?? [:]
        if parents.count == 2 {
            for (path, file) in states[parents[1]] where below(2) == 0 {
                put(path, file, into: &state)
            }
        }
        for _ in 0..<below(5) { edit(&state) }
        states.append(state)
        write(index, parents, state)
    }

    private mutating func edit(_ state: inout State) {
        let paths = state.keys.sorted()
        let path = paths.isEmpty ? nil : paths[below(paths.count)]
        switch (below(14), path) {
        case (0, let path?): state[path] = nil
        case (1, let path?): flip(path, &state)
        case (2, let path?): if state[path]?.mode != "160000" { state[path]?.content = [] }
        case (3...6, let path?): change(path, &state)
        case (7, _) where !states.isEmpty: state = states[below(states.count)]
        case (8, let path?):
            let older = states.compactMap { $0[path] }
            if !older.isEmpty { state[path] = older[below(older.count)] }
        case (9, let path?):
            let folder = path.split(separator: "/").first.map { "\($0)/" } ?? ""
            state = state.filter { !$0.key.hasPrefix(folder) }
        case (10, _): state = below(3) == 0 ? [:] : state
        case (11, let path?):
            guard let file = state[path] else { return }
            state[path] = nil
            put(newPath(), file, into: &state)
        default: put(newPath(), newFile(), into: &state)
        }
    }

    private mutating func newPath() -> String {
        let names = ["a", "b", "b.c", "d", "a-0", "a0"]
        return (0...below(4)).map { _ in names[below(names.count)] }.joined(separator: "/")
    }

    private mutating func newFile() -> File {
        switch below(10) {
        case 0: File(mode: "120000", content: Array("target/\(below(5))".utf8))
        case 1: File(mode: "160000", content: Array("\(below(9))".utf8))
        case 2: File(mode: "100644", content: numbers.bytes(below(3000)))
        default:
            File(
                mode: below(4) == 0 ? "100755" : "100644",
                content: Array((0..<below(60)).map { "line \($0) \(below(3))\n" }.joined().utf8))
        }
    }

    /// Puts a file where a folder may be, or into a folder that may be a file.
    private func put(_ path: String, _ file: File, into state: inout State) {
        state = state.filter { !$0.key.hasPrefix(path + "/") && !path.hasPrefix($0.key + "/") }
        state[path] = file
    }

    private func flip(_ path: String, _ state: inout State) {
        switch state[path]?.mode {
        case "100644": state[path]?.mode = "100755"
        case "100755": state[path]?.mode = "120000"
        case "120000": state[path]?.mode = "100644"
        default: break
        }
    }

    private mutating func change(_ path: String, _ state: inout State) {
        guard var content = state[path]?.content, state[path]?.mode != "160000" else { return }
        let place = below(content.count + 1)
        switch below(4) {
        case 0: content.insert(contentsOf: Array("new \(below(100))\n".utf8), at: place)
        case 1: content = Array(content[..<place])
        case 2: content = Array(content[place...])
        default: content += Array("end \(below(100))\n".utf8)
        }
        state[path]?.content = content
    }

    private mutating func write(_ index: Int, _ parents: [Int], _ state: State) {
        // Clocks go wrong: a child may be older than its parent.
        stream += Array(
            """
            commit refs/heads/c\(index)
            mark :\(index + 1)
            committer Pod <pod@example.com> \(1_000_000 + below(1000)) +0000
            data 1
            c

            """.utf8)
        for (number, parent) in parents.enumerated() {
            stream += Array("\(number == 0 ? "from" : "merge") :\(parent + 1)\n".utf8)
        }
        stream += Array("deleteall\n".utf8)
        for (path, file) in state.sorted(by: { $0.key < $1.key }) {
            if file.mode == "160000" {
                let digit = String(decoding: file.content, as: UTF8.self)
                let id = String(repeating: digit == "0" ? "a" : digit, count: 40)
                stream += Array("M 160000 \(id) \(path)\n".utf8)
            } else {
                stream += Array("M \(file.mode) inline \(path)\ndata \(file.content.count)\n".utf8)
                stream += file.content + [10]
            }
        }
        stream += [10]
    }
}

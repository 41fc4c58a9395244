// Which commit took another one's place: what a flush follows after a reconcile, and what says that
// an anchor is no longer needed.

import Git
import Model
import POSIX

/// What became of a commit that the branch was moved off.
public enum Replacement: Sendable, Equatable {
    /// This one stands for it: its replay, or, if it brought nothing new, the tip it would have been
    /// replayed onto.
    case commit(ObjectID)
    /// It is kept on this conflict branch.
    case escaped(RefName)
}

/// The list of replacements of one gitdir: a line each, appended.
struct Replacements {
    static let name = "git-pod-replaced"
    /// A list of this size is put aside as `.1` before the next lines: 40,000 commits and more.
    private static let maximumSize: Int64 = 4 << 20

    private let path: String

    init(gitdir: String) { path = "\(gitdir)/\(Self.name)" }

    /// Adds what is about to become true; on disk when this returns. A line whose move never came
    /// does no harm: its commit is on no branch.
    func append(_ replaced: [(old: ObjectID, by: Replacement)]) throws(Failure) {
        guard !replaced.isEmpty else { return }
        if let size = fileStatus(path)?.size, size > Self.maximumSize {
            try rename(path, to: path + ".1")
        }
        let lines = replaced.map { "\($0.old) \(Self.text($0.by))\n" }.joined()
        try appendToFile(path, lines, mode: 0o640, sync: true)
    }

    /// The last word on each commit.
    func all() -> [ObjectID: Replacement] {
        var found: [ObjectID: Replacement] = [:]
        for file in [path + ".1", path] {
            let limit = Int(Self.maximumSize) * 2
            guard let content = try? readFile(file, limit: limit) else { continue }
            for line in content.split(separator: UInt8(ascii: "\n")) {
                let words = String(decoding: line, as: UTF8.self).split(separator: " ")
                guard words.count == 2, let old = ObjectID(words[0]) else { continue }
                if let new = ObjectID(words[1]) {
                    found[old] = .commit(new)
                } else if let branch = RefName(String(words[1])) {
                    found[old] = .escaped(branch)
                }
            }
        }
        return found
    }

    /// What became of `commit` in the end; nil if nothing took its place.
    func follow(_ commit: ObjectID) -> Replacement? {
        all().successors(of: commit).last
    }

    private static func text(_ replacement: Replacement) -> String {
        switch replacement {
        case .commit(let id): id.description
        case .escaped(let branch): branch.description
        }
    }
}

extension [ObjectID: Replacement] {
    /// What took the place of `commit`, one after the other.
    func successors(of commit: ObjectID) -> [Replacement] {
        var found: [Replacement] = []
        var next = commit
        // A replay that changed nothing leads back to itself; a list of so many names no more.
        for _ in 0...count {
            guard let successor = self[next], successor != .commit(next) else { break }
            found.append(successor)
            guard case .commit(let new) = successor else { break }
            next = new
        }
        return found
    }
}

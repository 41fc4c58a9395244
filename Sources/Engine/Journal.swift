// What we are about to do to a ref, on disk before it is done: so that a start after a kill knows its
// own left-over lock files from other people's.

import Model
import POSIX

/// The journal of one gitdir, written and read under its ``GitdirLock``.
struct Journal {
    static let name = "git-pod-journal"
    private static let limit = 1 << 20

    /// One thing under way.
    enum Entry: Equatable {
        /// A ref goes to a new value; zero: it is deleted.
        case update(RefName, to: ObjectID)
        /// A ref's lock is held while it is decided where it goes.
        case hold(RefName)
        /// The branch goes from one value to another that holds origin's tip; whoever finds it there
        /// remembers that tip.
        case follow(RefName, from: ObjectID, to: ObjectID, origin: ObjectID)
        /// The branch is being moved off a tip that this conflict branch keeps.
        case escape(of: RefName, to: RefName)
    }

    private let path: String
    /// What is under way, in the order in which it was begun.
    private(set) var entries: [Entry]

    /// When it was written last, in nanoseconds since 1970; nil if nothing is under way.
    var written: Int64? { fileStatus(path)?.modifiedNanoseconds }

    /// Reads what a killed process left; nothing if it ended in order.
    init(gitdir: String) {
        path = "\(gitdir)/\(Self.name)"
        try? removeFile(path + temporarySuffix)
        let content = (try? readFile(path, limit: Self.limit)) ?? []
        entries = String(decoding: content, as: UTF8.self).split(separator: "\n")
            .compactMap(Self.entry)
    }

    /// Writes `more` down, all at once, beside what is under way already.
    mutating func begin(_ more: [Entry]) throws(Failure) {
        let new = more.filter { !entries.contains($0) }
        guard !new.isEmpty else { return }
        entries += new
        try write()
    }

    /// Forgets `entry`: it was done, or it was given up and nothing is left of it.
    mutating func end(_ entry: Entry) {
        entries.removeAll { $0 == entry }
        if entries.isEmpty {
            try? removeFile(path)
        } else if !entry.mayStay {
            try? write()
        }
    }

    private func write() throws(Failure) {
        let text = entries.map { Self.line($0) + "\n" }.joined()
        try replaceFile(path, with: Array(text.utf8), mode: 0o600)
    }

    private static func line(_ entry: Entry) -> String {
        switch entry {
        case .update(let name, let value): "update \(name) \(value)"
        case .hold(let name): "hold \(name) -"
        case .follow(let name, let old, let new, let tip): "follow \(name) \(old) \(new) \(tip)"
        case .escape(let branch, let conflict): "escape \(branch) \(conflict)"
        }
    }

    private static func entry(_ line: Substring) -> Entry? {
        let words = line.split(separator: " ").map(String.init)
        guard words.count >= 3, let name = RefName(words[1]) else { return nil }
        switch (words[0], words.count) {
        case ("update", 3): return ObjectID(words[2]).map { .update(name, to: $0) }
        case ("hold", 3): return .hold(name)
        case ("follow", 5):
            let ids = words[2...].compactMap { ObjectID($0) }
            return ids.count == 3 ? .follow(name, from: ids[0], to: ids[1], origin: ids[2]) : nil
        case ("escape", 3): return RefName(words[2]).map { .escape(of: name, to: $0) }
        default: return nil
        }
    }
}

extension Journal.Entry {
    /// Whether it does no harm in the file until that is written next: done once more, it changes
    /// nothing, and its lock is known by its content.
    fileprivate var mayStay: Bool {
        switch self {
        case .update(_, let value): value != .zero
        case .follow: true
        case .hold, .escape: false
        }
    }
}

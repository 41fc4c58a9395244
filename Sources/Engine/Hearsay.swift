// Where origin's branches were when the engine last heard of them, as far as it has not acted on that:
// what it has acted on, `refs/pod/seen/B` has. Others write `refs/remotes/origin/B` as well, and from
// elsewhere; nobody but the engine writes this.

import Git
import Model
import POSIX

/// The file of a gitdir that says so, as of its reading.
struct Hearsay: Sendable {
    static let name = "git-pod-heard"
    /// More than any number of branches needs.
    private static let limit = 256 << 20

    private let path: String
    /// Nil for a branch that origin did not have.
    private var tips: [RefName: ObjectID?] = [:]

    /// A line for each branch: an object id, zero where origin did not have it, and the full name.
    init(gitdir: String) {
        path = "\(gitdir)/\(Self.name)"
        guard exists(path), let content = try? readFile(path, limit: Self.limit) else { return }
        for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2, let id = ObjectID(words[0]),
                let name = RefName(String(words[1]))
            else { continue }
            tips[name] = .some(id == .zero ? nil : id)
        }
    }

    /// Where origin's branch was; nil if it had none.
    ///
    /// - Parameter seen: where it was when that was acted on last.
    func tip(of name: RefName, seen: ObjectID?) -> ObjectID? { tips[name] ?? seen }

    /// Whether what was heard of the branch is nothing but `tip`, or what comes before it.
    func isOld(_ name: RefName, by tip: ObjectID, in repository: Repository) -> Bool {
        guard let noted = tips[name] else { return false }
        return noted.map { (try? repository.isAncestor($0, of: tip)) == true } ?? false
    }

    /// Origin has the branch at `tip`, or not at all. On disk when this returns.
    mutating func note(_ tip: ObjectID?, of name: RefName) throws(Failure) {
        guard tips[name] != .some(tip) else { return }
        tips[name] = .some(tip)
        try write()
    }

    /// What was heard of the branch was acted on.
    mutating func forget(_ name: RefName) throws(Failure) {
        guard tips.removeValue(forKey: name) != nil else { return }
        try write()
    }

    /// Origin is another one.
    mutating func forgetAll() throws(Failure) {
        guard !tips.isEmpty else { return }
        tips = [:]
        try write()
    }

    private func write() throws(Failure) {
        guard !tips.isEmpty else {
            try removeFile(path)
            return try syncFolder(path.parentFolder)
        }
        let lines = tips.sorted { $0.key < $1.key }.map { "\($1 ?? .zero) \($0)\n" }
        try replaceFile(path, with: Array(lines.joined().utf8), mode: 0o644)
    }
}

extension Engine {
    var hearsay: Hearsay { Hearsay(gitdir: repository.path) }

    /// Where origin's branch was when we last heard of it.
    func heard() throws(Failure) -> ObjectID? {
        hearsay.tip(of: branch, seen: try target(seen))
    }

    /// Origin has said where its branch is; nil: it has none. ``remember(_:)`` says that this was acted on.
    func track(_ tip: ObjectID?) throws(Failure) {
        // What was heard and is on the branch by now would be forgotten.
        if let known = try lastSeen(), try known != target(seen), try !isKept(known, by: tip) {
            try set(seen, to: known, "the branch has it")
        }
        var hearsay = hearsay
        if try tip == target(seen) {
            try hearsay.forget(branch)
        } else {
            // It is this one's, and no other's that is configured later.
            if knownOrigins.recorded == nil { try knownOrigins.record(originURL()) }
            try hearsay.note(tip, of: branch)
        }
        try setTracking(tip)
    }

    private func isKept(_ commit: ObjectID, by tip: ObjectID?) throws(Failure) -> Bool {
        guard let tip, repository.hasCommit(tip) else { return false }
        return try attempt { () throws(GitError) in
            try self.repository.isAncestor(commit, of: tip)
        }
    }
}

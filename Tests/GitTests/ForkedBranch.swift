// A bare repository whose branch and origin have one commit in common and went different ways.

import Git
import Model
import POSIX
import TestSupport

/// Origin's side adds a file called `theirs` to `base`; the test adds commits to the other.
final class ForkedBranch {
    let home: GitHome
    let repository: Repository
    let base: ObjectID
    private(set) var origin: ObjectID
    var tip: ObjectID

    let engine = Signature(name: "Engine", email: "engine@example.com", seconds: 1_800_000_000)

    var path: String { home.directory.file("ours.git") }

    init(
        base files: [String: String] = ["base": "base\n"],
        theirs: [String: String?] = ["theirs": "theirs\n"]
    ) throws {
        home = try GitHome()
        try home.git("init", "-q", "--bare", home.directory.file("ours.git"))
        let path = home.directory.file("ours.git")
        base = try Self.commit(home, path, "base", Self.changes(files), on: nil, author: nil)
        origin = try Self.commit(home, path, "theirs", Self.changes(theirs), on: base, author: nil)
        tip = base
        repository = try Repository(path: path)
    }

    /// Adds a commit that writes files, or deletes those that are nil.
    func commit(_ message: String, _ files: [String: String?], author: String? = nil) throws {
        try commit(message, changes: Self.changes(files), author: author)
    }

    /// Adds a commit that does what `changes` say, in the words of git fast-import.
    func commit(_ message: String, changes: String, author: String? = nil) throws {
        tip = try Self.commit(home, path, message, changes, on: tip, author: author)
    }

    /// Adds a commit to origin's side.
    func commitTheirs(_ message: String, _ files: [String: String?]) throws {
        origin = try Self.commit(
            home, path, message, Self.changes(files), on: origin, author: nil)
    }

    func replayer() throws -> Replayer {
        Replayer(repository, upstream: origin, onto: origin, committer: engine)
    }

    @discardableResult
    func git(_ arguments: String...) throws(Failure) -> String {
        try home.attempt(arguments, at: path).check().output
    }

    func parent(of commit: ObjectID) throws -> ObjectID? {
        ObjectID(try git("rev-parse", "\(commit)^"))
    }

    func packs() throws -> [String] {
        (directoryEntries("\(path)/objects/pack") ?? []).filter { $0.hasSuffix(".pack") }
    }

    private static func changes(_ files: [String: String?]) -> String {
        files.sorted(by: { $0.key < $1.key }).map { name, content in
            guard let content else { return "D \(name)\n" }
            return "M 644 inline \(name)\ndata \(content.utf8.count)\n\(content)\n"
        }.joined()
    }

    private static func commit(
        _ home: GitHome, _ path: String, _ message: String, _ changes: String,
        on parent: ObjectID?, author: String?
    ) throws -> ObjectID {
        let author = author ?? "Ada Operator <ada@example.com> 1767323045 +0000"
        var stream = "commit refs/made\nmark :1\nauthor \(author)\n"
        stream += "committer Ada Operator <ada@example.com> 1767323045 +0000\n"
        stream += "data \(message.utf8.count)\n\(message)\n"
        if let parent { stream += "from \(parent)\n" }
        stream += changes
        let marks = home.directory.file("marks")
        let ran = try home.attempt(
            ["fast-import", "--quiet", "--force", "--export-marks=\(marks)"], at: path,
            input: Array(stream.utf8))
        try ran.check()
        guard let id = ObjectID(contents(marks).dropFirst(3).prefix(40)) else {
            throw Failure(.failed, "no commit was made: \(ran.errors)")
        }
        return id
    }
}

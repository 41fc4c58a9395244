// The situation that this project is for: an origin, a pod that has commits origin lacks, and an
// operator's clone of origin.

import Model
import POSIX

/// origin, the pod's gitdir and an operator's clone, each with its own bare bones.
///
/// origin/main has two commits. The pod's main has two more, and a tag `v1` on the first of those;
/// a conflict branch holds a third commit that is on no other branch.
public final class PodFixture: Sendable {
    /// The name of the conflict branch.
    public static let conflictBranch = "conflicts/2026-01-02T03-04-05Z"

    public let folder: TemporaryDirectory
    /// The operator: whose configuration names the pod.
    public let home: GitHome

    /// The bare repository that is the durable copy.
    public var origin: String { folder.file("origin.git") }
    /// The pod's bare gitdir.
    public var gitdir: String { folder.file("pod/repo.git") }
    /// What a bridge is allowed to serve: the gitdir's parent folder.
    public var root: String { folder.file("pod") }
    /// The operator's clone of origin.
    public var clone: String { folder.file("operator") }

    public init() throws(Failure) {
        folder = try TemporaryDirectory()
        home = try GitHome()
        try folder.folder("pod")
        try home.git("init", "-q", "--bare", origin)
        try commit(to: origin, "main", ["Lay the first stone", "Lay the second stone"])
        try home.git("init", "-q", "--bare", gitdir)
        try home.git(
            "fetch", "-q", origin, "main:refs/heads/main", "main:refs/remotes/origin/main",
            at: gitdir)
        try commit(to: gitdir, Self.conflictBranch, ["Keep what did not fit"], from: "main")
        try commit(to: gitdir, "main", ["Note what the pod saw", "Note what came of it"])
        try home.git("tag", "-a", "-m", "The first version", "v1", "main~1", at: gitdir)
        try home.git("clone", "-q", origin, clone)
    }

    /// Adds a commit for each of `messages` to a branch of a bare repository; a branch that is not
    /// there yet starts at `from`. Each changes one file, named after the branch.
    public func commit(
        to repository: String, _ branch: String, _ messages: [String], from start: String? = nil
    ) throws(Failure) {
        let parent = try tip(of: "refs/heads/\(branch)", in: repository)
        var stream = ""
        for (number, message) in messages.enumerated() {
            stream += "commit refs/heads/\(branch)\n"
            stream += "committer Pod <pod@example.com> 1767323045 +0000\n"
            stream += "data \(message.utf8.count)\n\(message)\n"
            if number == 0, let from = parent ?? start {
                stream += "from \(parent == nil ? "refs/heads/\(from)" : from)^0\n"
            }
            let file = branch.replacing("/", with: "-")
            stream += "M 100644 inline \(file).txt\n"
            stream += "data \(message.utf8.count + 1)\n\(message)\n\n"
        }
        try load(stream, into: repository)
    }

    /// Feeds `git fast-import` (git-fast-import(1)).
    public func load(_ stream: String, into repository: String) throws(Failure) {
        try home.attempt(
            ["fast-import", "--quiet", "--force"], at: repository, input: Array(stream.utf8)
        ).check()
    }

    /// Adds a commit with files that cannot be compressed to the branch `bulk` of a repository, and
    /// has it not look for deltas between them, which would take longer than all the rest.
    public func addBulk(megabytes: Int, to repository: String) throws(Failure) {
        try home.git("config", "pack.window", "0", at: repository)
        var numbers = SeededNumbers(seed: 1)
        var stream = Array("commit refs/heads/bulk\ncommitter Pod <pod@example.com> 1 +0000\n".utf8)
        stream += "data 4\nBulk\n".utf8
        for number in 0..<megabytes {
            stream += "M 100644 inline file\(number)\ndata \(1 << 20)\n".utf8
            stream += numbers.bytes(1 << 20)
            stream += "\n".utf8
        }
        try home.attempt(
            ["-c", "core.compression=0", "fast-import", "--quiet"], at: repository, input: stream,
            timeout: .seconds(300)
        ).check()
    }

    /// The object id that a ref has, or nil if there is no such ref.
    public func tip(of ref: String, in repository: String) throws(Failure) -> String? {
        let found = try home.attempt(["rev-parse", "-q", "--verify", ref], at: repository)
        return found.succeeded ? found.output : nil
    }

    /// Every ref below `prefix` with its object id, the prefix taken off.
    public func refs(in repository: String, below prefix: String) throws(Failure) -> [String:
        String]
    {
        let listing = try home.git(
            "for-each-ref", "--format=%(refname) %(objectname)", prefix, at: repository)
        var refs: [String: String] = [:]
        for line in listing.split(separator: "\n") {
            let words = line.split(separator: " ")
            refs[String(words[0].dropFirst(prefix.count))] = String(words[1])
        }
        return refs
    }
}

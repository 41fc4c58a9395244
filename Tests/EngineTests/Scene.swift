// A pod's gitdir and its origin on one stage, and the engine's verbs run on them as a user would.

import Model
import POSIX
import TestSupport

/// What a verb said.
struct Answer {
    let code: ExitCode?
    let json: JSON
    let errors: String

    var outcome: String? { json["outcome"]?.string }
    var conflictBranch: String? { json["conflictBranch"]?.string }
    var newCommit: String? { json["newCommit"]?.string }
    var isPushed: Bool { json["pushed"]?.bool == true }
    var error: String { json["error"]?.string ?? "" }
}

/// origin/main has two commits; the pod's main has two more, in a file of its own.
final class Scene {
    let origin: TestOrigin
    var home: GitHome { origin.pod.home }
    var gitdir: String { origin.pod.gitdir }
    /// The flags that say how origin is reached.
    let accessWithoutOrigin: [String]
    /// The flags that every call has.
    var access: [String] { ["--origin", origin.url] + accessWithoutOrigin }

    init(_ kind: TestOrigin.Kind = .path, key: String? = nil) throws {
        origin = try TestOrigin(kind)
        // The last flag of a name counts.
        accessWithoutOrigin = origin.flags + (key.map { ["--deploy-key", $0] } ?? [])
        try home.git("update-ref", "-d", "refs/remotes/origin/main", at: gitdir)
    }

    /// A pod whose main is origin's main, reconciled once: `seen` is known.
    static func inSync(_ kind: TestOrigin.Kind = .path) throws -> Scene {
        let scene = try Scene(kind)
        let answer = try scene.reconcile()
        guard answer.outcome == "pushed-ahead", answer.code == .done else {
            throw Failure(.failed, "no scene: \(answer.json.text) \(answer.errors)")
        }
        return scene
    }

    func reconcile(_ flags: String...) throws -> Answer { try verb("reconcile", flags) }
    func push(_ flags: String...) throws -> Answer { try verb("push", flags) }

    func status() throws -> Answer { try answer(["status", "--repo", gitdir, "--json"]) }

    /// What status says of one branch, whether an engine runs or not.
    func branchStatus(_ branch: String = "main") throws -> JSON {
        try status().json["branches"]?.elements.first { $0["branch"]?.string == branch } ?? .null
    }

    /// Runs `git pod VERB --repo GITDIR --json` with the way to origin.
    func verb(_ verb: String, _ flags: [String], environment: [String: String] = [:]) throws
        -> Answer
    {
        try answer(
            [verb, "--repo", gitdir, "--json"] + access + flags, environment: environment)
    }

    func answer(_ arguments: [String], environment: [String: String] = [:]) throws -> Answer {
        let ended = try TestSupport.run(
            [Products.path("git-pod")] + arguments,
            environment: home.environment(environment), timeout: .seconds(120))
        guard case .exited(let code) = ended.status else {
            throw Failure(.failed, "git-pod ended with \(ended.status): \(ended.errors)")
        }
        return Answer(
            code: ExitCode(rawValue: code), json: JSON(parsing: ended.bytes) ?? .null,
            errors: ended.errors)
    }

    // MARK: history

    /// Commits one file to a branch and returns the commit.
    @discardableResult
    func commit(
        _ file: String, _ content: String, to repository: String? = nil, branch: String = "main",
        orphan: Bool = false, message: String? = nil
    ) throws -> String {
        let repository = repository ?? gitdir
        let words = message ?? "Write \(file)"
        let parent = try origin.pod.tip(of: "refs/heads/\(branch)", in: repository)
        var stream = orphan ? "reset refs/heads/\(branch)\n\n" : ""
        stream += "commit refs/heads/\(branch)\ncommitter Pod <pod@example.com> 1767323045 +0000\n"
        stream += "data \(words.utf8.count)\n\(words)\n"
        if !orphan, let parent { stream += "from \(parent)\n" }
        stream += "M 100644 inline \(file)\ndata \(content.utf8.count)\n\(content)\n\n"
        try origin.pod.load(stream, into: repository)
        return try tip("refs/heads/\(branch)", in: repository) ?? ""
    }

    /// Commits one file to origin's main.
    @discardableResult
    func commitToOrigin(_ file: String, _ content: String) throws -> String {
        try commit(file, content, to: origin.path)
    }

    func tip(_ ref: String = "refs/heads/main", in repository: String? = nil) throws -> String? {
        try origin.pod.tip(of: ref, in: repository ?? gitdir)
    }

    /// Moves origin's main, as a force-push does.
    func rewindOrigin(to commit: String) throws {
        try home.git("update-ref", "refs/heads/main", commit, at: origin.path)
    }

    func content(of file: String, at ref: String = "main", in repository: String? = nil) throws
        -> String
    {
        try home.git("show", "\(ref):\(file)", at: repository ?? gitdir)
    }

    /// The subjects from a commit down to the beginning.
    func subjects(_ ref: String = "main", in repository: String? = nil) throws -> [String] {
        try home.git("log", "--format=%s", ref, at: repository ?? gitdir).split(separator: "\n")
            .map(String.init)
    }

    /// The commits below a folder of refs, by name.
    func refs(_ prefix: String, in repository: String? = nil) throws -> [String: String] {
        try origin.pod.refs(in: repository ?? gitdir, below: prefix)
    }

    /// Whether `commit` can be reached from any ref of the gitdir.
    func isKept(_ commit: String) throws -> Bool {
        !(try home.git("for-each-ref", "--contains", commit, at: gitdir)).isEmpty
    }

    /// `git fsck`, which must find nothing.
    func check() throws {
        try home.git("fsck", "--full", "--strict", "--no-dangling", at: gitdir)
    }
}

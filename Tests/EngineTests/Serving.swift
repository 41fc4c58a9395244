// `git pod serve` on a scene, run as a user runs it: its log read as JSON, its status asked for, and
// ended with the test.

import Model
import POSIX
import TestSupport

/// An engine that runs.
final class Serving {
    let scene: Scene
    private let child: ChildProcess
    private let log: String

    var process: Int32 { child.process }

    /// Waits that suit a test: short between tries, and long where a machine may stand still.
    static let quick = [
        "--retry-first", "50ms", "--retry-cap", "200ms", "--drain-quiet", "200ms",
        "--drain-timeout", "60s",
    ]

    /// Starts an engine; `flags` overrule ``quick``, `access` the scene's way to origin.
    convenience init(_ scene: Scene, _ flags: String..., access: [String]? = nil) throws {
        try self.init(scene, flags: flags, access: access)
    }

    /// - Parameters:
    ///   - hasListen: whether the environment says that no address is to be listened on.
    ///   - environment: more variables.
    init(
        _ scene: Scene, flags: [String], access: [String]? = nil, hasListen: Bool = true,
        environment: [String: String] = [:]
    ) throws {
        self.scene = scene
        log = scene.origin.pod.folder.file("serve.log.\(SeededNumbers.unique)")
        try writeFile(log, "")
        let way = access ?? (["--origin", scene.origin.url] + scene.accessWithoutOrigin)
        child = try ChildProcess(
            ["sh", "-c", "log=$1; shift; exec \"$@\" 2>>\"$log\"", "sh", log]
                + [
                    Products.path("git-pod"), "serve", "--repo", scene.gitdir, "--log-format",
                    "json",
                ]
                + way + Self.quick + flags,
            environment: scene.home.environment(environment).filter {
                hasListen || $0.name != "GIT_POD_LISTEN"
            }, error: .null)
    }

    deinit {
        child.signal(Signals.kill)
        _ = child.waitForExit(until: .longEnough)
    }

    func signal(_ number: Int32) { child.signal(number) }

    /// How it ended; nil if it has not.
    func end(within timeout: Duration = longEnough) -> ExitStatus? {
        child.waitForExit(until: .after(timeout))
    }

    var isRunning: Bool { child.pollStatus() == nil }

    /// Ends it as an init system does, and says how that went.
    func stop() -> ExitStatus? {
        signal(Signals.terminate)
        return end()
    }

    // MARK: what it says

    /// All it has written so far.
    var words: String { contents(log) }

    /// The lines of its log that are whole.
    var entries: [JSON] {
        words.split(separator: "\n").compactMap { JSON(parsing: Array($0.utf8)) }
    }

    /// What it has said under this name.
    func said(_ event: String, reason: String? = nil) -> [JSON] {
        entries.filter {
            $0["event"]?.string == event && (reason == nil || $0["reason"]?.string == reason)
        }
    }

    /// Waits until it says something of this kind.
    func says(_ event: String, reason: String? = nil) -> Bool {
        eventually { !said(event, reason: reason).isEmpty || !isRunning }
            && !said(event, reason: reason).isEmpty
    }

    /// Waits until the first reconcile has ended.
    func begin() throws {
        guard says("reconcile") else { throw Failure(.failed, "it does not serve: \(words)") }
    }

    /// What `git pod status --json` says of one branch that the engine looks after.
    func mark(_ branch: String = "main") throws -> JSON { try scene.branchStatus(branch) }

    func flush(_ flags: String..., timeout: String = "100s") throws -> Answer {
        try scene.answer(
            ["flush", "--repo", scene.gitdir, "--json", "--timeout", timeout] + flags)
    }

    // MARK: what origin has

    /// Takes origin away, and what is open to it. Returns the tip that origin does not have.
    func loseOrigin() throws -> String {
        try scene.origin.vanish()
        var tip = ""
        // A connection that was open takes one more.
        repeat {
            tip = try scene.commit("away", tip)
            _ = try eventually {
                try !said("retry").isEmpty
                    || scene.tip(in: scene.origin.path + ".gone") == tip
            }
        } while said("retry").isEmpty
        return tip
    }

    /// Waits until origin has `commit` at the tip of `branch`.
    func isDurable(_ commit: String?, _ branch: String = "main") throws -> Bool {
        try eventually { try scene.origin.tip("refs/heads/\(branch)") == commit || !isRunning }
            && scene.origin.tip("refs/heads/\(branch)") == commit
    }
}

extension SeededNumbers {
    private static let count = Locked(0)

    /// A number that this process uses once.
    static var unique: Int {
        count.with {
            $0 += 1
            return $0
        }
    }
}

extension Scene {
    /// Moves a branch here as an application does that has the objects: by update-ref alone.
    func update(_ branch: String = "main", to commit: String) throws {
        try home.git("update-ref", "refs/heads/\(branch)", commit, at: gitdir)
    }

    /// Commits so many new files to main that git itself makes the pack of a push.
    func commitMany(files: Int) throws {
        var stream = "commit refs/heads/main\ncommitter Pod <pod@example.com> 1767323045 +0000\n"
        stream += "data 0\nfrom \(try tip() ?? "")\n"
        for number in 1...files {
            stream += "M 100644 inline many/\(number)\ndata 5\n\(10_000 + number)\n"
        }
        try origin.pod.load(stream + "\n", into: gitdir)
    }

    /// A commit of origin's main's tree onto `parent`, on no branch.
    func loose(_ message: String, onto parent: String? = nil, in repository: String? = nil) throws
        -> String
    {
        let place = repository ?? gitdir
        let parents = parent.map { ["-p", $0] } ?? []
        return try home.attempt(
            ["commit-tree", "-m", message] + parents + ["main^{tree}"], at: place
        ).check().output
    }
}

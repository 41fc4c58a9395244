// Hooks of the engine's own, the way git has them: executables in the gitdir's `hooks/`, told by JSON on
// standard input (githooks(5) has the rest). docs/push.md lists them.

import Model
import POSIX

/// The hooks of one gitdir.
struct Hooks: Sendable {
    enum Name: String, Sendable {
        case pushed = "pod-pushed"
        case reconciled = "pod-reconciled"
        case conflict = "pod-conflict"
    }

    let gitdir: String
    /// Whether what lies in the gitdir could be run when the settings were read.
    let isTrusted: Bool
    private let trustedOwner: UInt32?
    let limit: Duration
    let environment: Environment

    /// How long a hook may go on once it was asked to end.
    private static let grace = Duration.seconds(1)
    /// What a hook gets of our environment.
    private static let inherited = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL"]

    init(gitdir: String, _ settings: Settings, _ environment: Environment) {
        self.gitdir = gitdir
        isTrusted = settings.gitdirIsTrusted
        trustedOwner = settings.trustedOwner
        limit = (try? settings.duration("hookTimeout")) ?? .seconds(30)
        self.environment = environment
    }

    private func path(_ name: Name) -> String { "\(gitdir)/hooks/\(name.rawValue)" }

    /// Whether there is a hook that may be run. Who owns the hooks is looked at each time: an
    /// application that may write in the folder could have put one there since the settings were read.
    func isThere(_ name: Name) -> Bool {
        guard isTrusted, isExecutable(path(name)) else { return false }
        return (try? Trust(gitdir: gitdir, alsoTrusting: trustedOwner))?.isTrusted == true
    }

    /// Runs a hook to its end, if there is one. Nil if all is well, else what went wrong: that is for
    /// the log, and changes nothing.
    func run(_ name: Name, _ told: JSON) -> String? {
        guard isThere(name) else { return nil }
        let path = path(name)
        do throws(Failure) {
            let child = try ChildProcess.leashedReader(
                [path],
                environment: Self.inherited.compactMap(environment.entry) + ["GIT_DIR=\(gitdir)"])
            defer { child.end(grace: Self.grace) }
            var words: String?
            let stream = ProcessStream(child, diagnostics: LineFilter { words = $0 })
            let deadline = Deadline.after(limit)
            guard try talk(to: stream, ByteBuffer(Array((told.text + "\n").utf8)), deadline) else {
                return "the hook \(name.rawValue) did not end within \(limit.spoken)"
            }
            let status = try stream.end(by: deadline)
            // It ended its output just then.
            if status == .unknown, deadline.hasPassed {
                return "the hook \(name.rawValue) did not end within \(limit.spoken)"
            }
            guard !status.isSuccess else { return nil }
            return "the hook \(name.rawValue) failed (\(status)): \(words ?? "it said nothing")"
        } catch { return "the hook \(name.rawValue) cannot be run: \(error.description)" }
    }

    /// Tells it, and reads what it says until it says no more. False if that takes too long. Its input
    /// stays open: that is what holds it.
    private func talk(to stream: ProcessStream, _ told: ByteBuffer, _ deadline: Deadline)
        throws(Failure) -> Bool
    {
        let heard = ByteBuffer(capacity: 4096)
        while true {
            if !told.isEmpty, try stream.write(from: told) == .closed { told.clear() }
            switch try stream.read(into: heard) {
            case .end: return true
            case .bytes: heard.clear()
            case .wouldBlock:
                guard !deadline.hasPassed else { return false }
                var requests = stream.interest(reading: true, writing: !told.isEmpty)
                try wait(for: &requests, until: deadline)
                try stream.service()
            }
        }
    }
}

extension Engine {
    /// Runs a hook, and notes what went wrong with it.
    func tell(_ name: Hooks.Name, _ told: JSON) {
        let hooks = Hooks(gitdir: repository.path, settings, environment)
        if let trouble = hooks.run(name, told) { note(trouble) }
    }
}

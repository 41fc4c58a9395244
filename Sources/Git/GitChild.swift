// A git child that talks to origin: run to its end within bounds, its progress told, its words kept.

import Model
import POSIX

/// How a git child ended.
struct GitOutcome {
    let status: ExitStatus
    /// Of its standard output.
    let lines: [Substring]
    /// What it wrote for a person, without progress.
    let words: OriginWords
}

/// One run of git with an origin at its other end.
final class GitChild {
    private let origin: Origin
    private let access: GitAccess
    private var settings: OriginSettings { origin.settings }
    private var spoken: [String] = []

    /// The most lines of standard error that are kept.
    private static let wordsLimit = 200
    /// How long a child gets to end by itself, and again after it was asked to.
    private static let grace = Duration.milliseconds(300)
    /// How often ``OriginSettings/isCancelled`` is asked.
    private static let attention = Duration.milliseconds(200)

    init(_ origin: Origin, _ access: GitAccess) {
        self.origin = origin
        self.access = access
    }

    /// Runs `git` with `arguments`.
    ///
    /// A child that shows nothing is silent: git was asked for progress, which it writes about all
    /// that takes long, here and over there.
    func run(_ arguments: [String], environment: [EnvironmentEntry]) throws(OriginFailure)
        -> GitOutcome
    {
        do throws(Failure) {
            settings.note?("running git \(arguments.joined(separator: " "))".harmless)
            let child = try ChildProcess.leashed(
                ["git"] + arguments, environment: environment)
            defer { child.end(grace: Self.grace) }
            let stream = ProcessStream(child, diagnostics: LineFilter { [self] in heard($0) })
            switch try read(stream) {
            case .success(let output):
                let status = try stream.end(by: .after(settings.idleTimeout))
                return GitOutcome(
                    status: status,
                    lines: masked(String(decoding: output, as: UTF8.self)).split(separator: "\n"),
                    words: OriginWords(spoken))
            case .failure(let failure): throw failure.failure
            }
        } catch {
            throw halted ?? OriginFailure(.unknown, error)
        }
    }

    private var halted: OriginFailure?
    private var silence = Deadline.never
    private var patience: Duration { settings.connectTimeout + settings.idleTimeout }

    /// It has shown something.
    private func wasHeard() { silence = .after(patience) }

    /// `text` with no user in its URLs: that may be a token.
    private func withoutUsers(_ text: String) -> String {
        let parts = text.split(separator: "://", omittingEmptySubsequences: false)
        let rest = parts.dropFirst().map { part in
            let server = part.prefix { !"/ '\"".contains($0) }
            guard let at = server.lastIndex(of: "@") else { return part }
            return part[part.index(after: at)...]
        }
        return (parts.prefix(1) + rest).joined(separator: "://")
    }

    /// `text` without our secrets: origin was told them, and may say them again.
    private func masked(_ text: String) -> String {
        access.secrets.reduce(withoutUsers(text)) { $0.replacing($1, with: "…") }
    }

    private func read(_ stream: ProcessStream) throws(Failure) -> Result<[UInt8], OriginFailure> {
        let late = Deadline.after(settings.operationTimeout)
        wasHeard()
        let buffer = ByteBuffer(capacity: 64 * 1024)
        var output: [UInt8] = []
        while true {
            switch try stream.read(into: buffer) {
            case .bytes:
                output += buffer.takeAll()
                wasHeard()
            case .end: return .success(output)
            case .wouldBlock:
                var until = min(silence, late)
                if settings.isCancelled != nil { until = min(until, .after(Self.attention)) }
                var requests = stream.interest(reading: true, writing: false)
                try wait(for: &requests, until: until)
                try stream.service()
            }
            if settings.isCancelled?() == true {
                halted = .cancelled(origin.name)
            } else if silence.hasPassed {
                halted = .silent(origin.name, patience)
            } else if late.hasPassed {
                halted = .late(origin.name, settings.operationTimeout)
            } else if output.count > outputLimit {
                halted = OriginFailure(.unknown, "git wrote more than \(outputLimit) bytes")
            }
            if let halted { return .failure(halted) }
        }
    }

    /// One line of its standard error.
    private func heard(_ line: String) {
        wasHeard()
        if let progress = Self.progress(line) {
            settings.progress?(progress)
            return
        }
        guard !Self.isChatter(line) else { return }
        let line = masked(line)
        settings.note?(line)
        let isRemote = line.hasPrefix("remote: ")
        spoken.append(isRemote ? String(line.dropFirst("remote: ".count)).trimmedEnd : line)
        if spoken.count > Self.wordsLimit { spoken.removeFirst() }
    }

    /// `Receiving objects:  42% (21/50), 1.20 MiB | 3 MiB/s`: nil if `line` is no such thing.
    static func progress(_ line: String) -> OriginProgress? {
        let stages: [(String, OriginProgress.Stage)] = [
            ("Receiving objects: ", .receiving), ("Resolving deltas: ", .resolving),
            ("Unpacking objects: ", .receiving), ("Writing objects: ", .sending),
        ]
        guard let (head, stage) = stages.first(where: { line.hasPrefix($0.0) }),
            let open = line.firstIndex(of: "("), let close = line[open...].firstIndex(of: ")")
        else { return nil }
        let numbers = line[line.index(after: open)..<close].split(separator: "/").map { Int($0) }
        guard numbers.count == 2, let done = numbers[0], let total = numbers[1], !head.isEmpty
        else { return nil }
        return OriginProgress(stage, done: done, total: total, bytes: 0)
    }

    /// Progress that is not passed on, and what git says at every failed push.
    private static func isChatter(_ line: String) -> Bool {
        let heads = [
            "Enumerating objects", "Counting objects", "Compressing objects", "Total ",
            "Delta compression", "Checking connectivity", "remote: Enumerating objects",
            "remote: Counting objects", "remote: Compressing objects", "remote: Total ",
            "remote: Resolving deltas", "remote: Checking connectivity", "hint: ",
            "error: failed to push some refs", "remote: error: hook declined to update",
            "Pushing to ", "From ", "To ",
        ]
        return heads.contains { line.hasPrefix($0) }
    }
}

extension String {
    /// git pads what a far side writes, to cover what stood there before.
    fileprivate var trimmedEnd: String {
        guard let last = lastIndex(where: { $0 != " " }) else { return "" }
        return String(self[...last])
    }
}

// A child of git that works on files here for as long as it takes, and ends when it is called off or when we do.
// Repack and tree export run it.

import Model
import POSIX

/// How such a child has ended.
public enum GitWork: Sendable, Equatable {
    case done
    /// What `isCalledOff` said.
    case calledOff(String)
}

/// Runs git, or a shell that runs it.
struct PatientGit {
    /// How often `isCalledOff` is asked.
    private static let attention = Duration.milliseconds(100)
    /// How long git may take to remove what it has not finished.
    private static let grace = Duration.seconds(2)
    private static let wordsLimit = 100

    let arguments: [String]
    let environment: [EnvironmentEntry]
    /// Asked several times a second; once it gives a reason, git is ended.
    let isCalledOff: () -> String?

    /// - Parameter output: takes what it writes; a reason ends it.
    /// - Throws: ``Failure``: the last line of its words, if it did not end well.
    func run(output take: ([UInt8]) -> String? = { _ in nil }) throws(Failure) -> GitWork {
        let child = try ChildProcess.leashed(arguments, environment: environment)
        defer { child.end(grace: Self.grace) }
        var said: [String] = []
        let stream = ProcessStream(
            child, diagnostics: LineFilter { if said.count < Self.wordsLimit { said.append($0) } })
        let buffer = ByteBuffer(capacity: 64 * 1024)
        var look = Deadline.after(Self.attention)
        while true {
            if look.hasPassed {
                if let reason = isCalledOff() { return .calledOff(reason) }
                look = .after(Self.attention)
            }
            switch try stream.read(into: buffer) {
            case .bytes: if let reason = take(buffer.takeAll()) { return .calledOff(reason) }
            case .end:
                let status = try stream.end(by: .after(Self.grace))
                guard status.isSuccess else {
                    throw Failure(.failed, said.last ?? "git ended with \(status)")
                }
                return .done
            case .wouldBlock:
                var requests = stream.interest(reading: true, writing: false)
                try wait(for: &requests, until: look)
                try stream.service()
            }
        }
    }
}

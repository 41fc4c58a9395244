// Running a program for its output: `git config`, `ssh -G`, `kubectl get`.

import Model

/// What a program wrote and how it ended.
public struct ProgramResult: Sendable {
    public let status: ExitStatus
    public let output: [UInt8]
    /// Lines of its standard error, made harmless.
    public let complaints: [String]

    /// What it complained of first, for an error's text.
    public var firstComplaint: String { complaints.first ?? "\(status)" }
}

/// The most that is read of a program's output.
public let outputLimit = 64 << 20

/// Runs a program to its end with nothing on its standard input.
///
/// - Throws: ``Failure``: `configuration` if there is no such program, `unreachable` if it has not
///   ended by `deadline`, `failed` for output beyond ``outputLimit``.
public func runToEnd(
    _ arguments: [String], environment: [EnvironmentEntry]? = nil, until deadline: Deadline
) throws(Failure) -> ProgramResult {
    let child = try ChildProcess(arguments, environment: environment, input: .null)
    var complaints: [String] = []
    let stream = ProcessStream(
        child, diagnostics: LineFilter { if complaints.count < 100 { complaints.append($0) } })
    defer { child.end(grace: .milliseconds(200)) }
    let buffer = ByteBuffer(capacity: 64 * 1024)
    var output: [UInt8] = []
    reading: while true {
        switch try stream.read(into: buffer) {
        case .bytes: output += buffer.takeAll()
        case .end: break reading
        case .wouldBlock:
            var requests = stream.interest(reading: true, writing: false)
            guard try wait(for: &requests, until: deadline), !deadline.hasPassed else {
                throw tooSlow(arguments)
            }
            try stream.service()
        }
        guard output.count <= outputLimit else {
            throw Failure(.failed, "\(child.name) wrote more than \(outputLimit) bytes")
        }
    }
    let status = try stream.end(by: deadline)
    if status == .unknown { throw tooSlow(arguments) }
    return ProgramResult(status: status, output: output, complaints: complaints)
}

private func tooSlow(_ arguments: [String]) -> Failure {
    Failure(
        .unreachable, "\(arguments.prefix(2).joined(separator: " ")) did not end in time",
        hint: "run it by hand to see what it waits for")
}

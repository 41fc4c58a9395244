// Running programs in tests: started, fed, read to their end, and never waited for without a bound.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How a command ended and what it wrote.
public struct Finished: Sendable {
    public let command: [String]
    public let status: ExitStatus
    public let bytes: [UInt8]
    public let errors: String
    /// It was killed because its time was over.
    public let timedOut: Bool

    public var succeeded: Bool { status.isSuccess && !timedOut }

    /// What it wrote to its standard output, without the last line's end.
    public var output: String {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    public var lines: [String] { output.split(separator: "\n").map(String.init) }

    /// This, if it succeeded.
    ///
    /// - Throws: ``Failure`` with the command, its status and its standard error.
    @discardableResult
    public func check() throws(Failure) -> Finished {
        if succeeded { return self }
        let how = timedOut ? "ran out of time" : "ended with \(status)"
        throw Failure(.failed, "\(command.joined(separator: " ")) \(how): \(errors)")
    }
}

/// A command that runs beside the test.
public final class RunningCommand {
    public let child: ChildProcess
    /// So much of its standard error is kept, or a little more: a trace may be as long as a pack.
    private static let errorLimit = 256 * 1024
    private let command: [String]
    private let input: [UInt8]
    private var fed = 0
    private var output: [UInt8] = []
    private var errors: [UInt8] = []
    private let buffer = ByteBuffer(capacity: 256 * 1024)

    /// Starts `command`, in `directory` if one is given. It reads `input` and then the end of it.
    public init(
        _ command: [String], environment: [EnvironmentEntry]? = nil, input: [UInt8] = [],
        directory: String? = nil
    ) throws(Failure) {
        // One that ends before it has read all of its input ends no test.
        ignoreBrokenPipes()
        self.command = command
        self.input = input
        let prefix = directory.map { ["env", "-C", $0] } ?? []
        child = try ChildProcess(
            prefix + command, environment: environment, input: input.isEmpty ? .null : .pipe)
        for descriptor in [child.inputDescriptor, child.outputDescriptor, child.errorDescriptor] {
            if let descriptor { setNonBlocking(descriptor) }
        }
        // What fits into the pipe is there at once: the command does not wait for ``finish``.
        if let descriptor = child.inputDescriptor { try feed(descriptor) }
    }

    /// What it has written to its standard error by now, as far as that was read.
    public var errorText: String { String(decoding: errors, as: UTF8.self) }

    /// A test that fails half-way leaves nothing behind.
    deinit { child.end(grace: .zero) }

    /// Feeds and reads it until it ends. After `timeout` it is killed.
    public func finish(timeout: Duration = longEnough) throws(Failure) -> Finished {
        try Self.finish([self], timeout: timeout)[0]
    }

    /// Feeds and reads all of `commands` at once, until the last one ends.
    public static func finish(
        _ commands: [RunningCommand], timeout: Duration = longEnough
    ) throws(Failure) -> [Finished] {
        let deadline = Deadline.after(timeout)
        while true {
            var requests = commands.flatMap(\.requests)
            guard !requests.isEmpty, try wait(for: &requests, until: deadline) else { break }
            for command in commands { try command.exchange(requests) }
        }
        return commands.map { $0.result(by: deadline) }
    }

    private func result(by deadline: Deadline) -> Finished {
        let inTime = child.waitForExit(until: deadline)
        if inTime == nil { child.signal(SIGKILL) }
        return Finished(
            command: command, status: inTime ?? child.waitForExit(until: .never) ?? .unknown,
            bytes: output, errors: errorText, timedOut: inTime == nil)
    }

    /// Reads its standard error until `text` has come, and then no further: a command that goes on
    /// writing there blocks before long. False if it ended first, or `timeout` passed.
    public func readErrors(until text: String, timeout: Duration = longEnough) throws(Failure)
        -> Bool
    {
        let deadline = Deadline.after(timeout)
        while let descriptor = child.errorDescriptor {
            if errors.firstRange(of: Array(text.utf8)) != nil { return true }
            guard try wait(for: descriptor, reading: true, until: deadline) else { return false }
            try drain(descriptor)
        }
        return false
    }

    private var requests: [PollRequest] {
        var requests: [PollRequest] = []
        if let descriptor = child.inputDescriptor {
            requests.append(PollRequest(descriptor, writing: true))
        }
        for case let descriptor? in [child.outputDescriptor, child.errorDescriptor] {
            requests.append(PollRequest(descriptor, reading: true))
        }
        return requests
    }

    /// Reads and writes where one of `requests`, ours or another's, says so.
    private func exchange(_ requests: [PollRequest]) throws(Failure) {
        for request in requests where request.writable || request.readable {
            switch request.descriptor {
            case child.inputDescriptor: try feed(request.descriptor)
            case child.outputDescriptor, child.errorDescriptor: try drain(request.descriptor)
            default: break
            }
        }
    }

    private func feed(_ descriptor: Int32) throws(Failure) {
        let rest = input[fed...].prefix(64 * 1024)
        let outgoing = ByteBuffer(Array(rest))
        switch try write(descriptor, from: outgoing) {
        case .bytes(let count): fed += count
        case .closed: fed = input.count
        }
        if fed == input.count { child.closeInput() }
    }

    private func drain(_ descriptor: Int32) throws(Failure) {
        let isOutput = descriptor == child.outputDescriptor
        switch try read(descriptor, into: buffer) {
        case .bytes where isOutput: output += buffer.takeAll()
        case .bytes where errors.count < Self.errorLimit: errors += buffer.takeAll()
        case .bytes: buffer.clear()
        case .wouldBlock: break
        case .end: isOutput ? child.closeOutput() : child.closeError()
        }
    }
}

/// Runs `command` to its end.
public func run(
    _ command: [String], environment: [EnvironmentEntry]? = nil, input: [UInt8] = [],
    directory: String? = nil, timeout: Duration = longEnough
) throws(Failure) -> Finished {
    let running = try RunningCommand(
        command, environment: environment, input: input, directory: directory)
    return try running.finish(timeout: timeout)
}

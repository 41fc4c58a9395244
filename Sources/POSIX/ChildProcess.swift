// The one way to run another program: by argument vector, never through a shell.
//
// Its standard input, output and error are pipes that only this process holds, so that it sees the
// end of its input when we end, however we end.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How a program ended.
public enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)
    /// The carrier closed without saying.
    case unknown

    public var isSuccess: Bool { self == .exited(0) }

    public var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let signal): "signal \(signal)"
        case .unknown: "no exit status"
        }
    }
}

/// What one of a child's standard descriptors is connected to.
public enum ChildStandard: Sendable {
    /// A pipe of ours.
    case pipe
    /// What this process has there.
    case inherit
    case null
}

/// A running child and our ends of its pipes.
public final class ChildProcess {
    public let process: pid_t
    /// The program's name, for messages.
    public let name: String
    private var input: FileDescriptor?
    private var output: FileDescriptor?
    private var error: FileDescriptor?
    /// What a tethered child's watcher waits for the end of.
    private let tether: FileDescriptor?
    private var status: ExitStatus?
    private let leadsGroup: Bool

    /// Our end of its standard input; nil once closed or if it is no pipe.
    public var inputDescriptor: Int32? { input?.raw }
    public var outputDescriptor: Int32? { output?.raw }
    public var errorDescriptor: Int32? { error?.raw }

    /// Starts `arguments[0]`, found along `PATH`, with `environment` or with ours. `leadsGroup`: it
    /// and what it starts are a process group of their own, which no terminal's interrupt reaches.
    /// `isTethered`: it has a pipe on descriptor 3, whose other end nobody but this process has.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if there is no such program, else `failed`.
    public init(
        _ arguments: [String], environment: [EnvironmentEntry]? = nil,
        input: ChildStandard = .pipe, output: ChildStandard = .pipe, error: ChildStandard = .pipe,
        leadsGroup: Bool = false, isTethered: Bool = false
    ) throws(Failure) {
        name = arguments[0].split(separator: "/").last.map(String.init) ?? arguments[0]
        self.leadsGroup = leadsGroup
        Self.reap()
        var started = try spawning.with { _ throws(Failure) in
            var inputPipe = try Self.pipe(input)
            var outputPipe = try Self.pipe(output)
            var errorPipe = try Self.pipe(error)
            var tether = try Self.pipe(isTethered ? .pipe : .null)
            let standard = [
                input == .inherit ? 0 : inputPipe.reader?.raw,
                output == .inherit ? 1 : outputPipe.writer?.raw,
                error == .inherit ? 2 : errorPipe.writer?.raw,
            ]
            let descriptors = standard + (isTethered ? [tether.reader?.raw] : [])
            return Started(
                process: try Self.spawn(
                    arguments, environment, descriptors, leadsGroup: leadsGroup),
                input: inputPipe.writer.take(), output: outputPipe.reader.take(),
                error: errorPipe.reader.take(), tether: tether.writer.take())
        }
        process = started.process
        self.input = started.input.take()
        self.output = started.output.take()
        self.error = started.error.take()
        tether = started.tether.take()
    }

    /// A child that was just started, and our ends of its pipes.
    private struct Started: ~Copyable {
        let process: pid_t
        var input: FileDescriptor?
        var output: FileDescriptor?
        var error: FileDescriptor?
        var tether: FileDescriptor?
    }

    /// One that nobody waits for any more may run on; it is not to be a zombie when it ends.
    deinit {
        if pollStatus() == nil { Self.leftAlone.with { [process] in $0.append(process) } }
    }

    private static let leftAlone = Locked<[pid_t]>([])

    /// Clears away those that nobody waited for and that have ended.
    private static func reap() {
        leftAlone.with { processes in
            processes.removeAll { process in
                var code: Int32 = 0
                return unsafe waitpid(process, &code, WNOHANG) != 0
            }
        }
    }

    /// Ends its standard input.
    public func closeInput() { input = nil }
    /// Stops reading from it: its next write fails.
    public func closeOutput() { output = nil }
    public func closeError() { error = nil }

    /// Asks it to end (`SIGTERM`), or makes it (`SIGKILL`), with its group if it leads one. Nothing
    /// happens once it was waited for: its number may be another's then.
    public func signal(_ number: Int32) {
        if status == nil { kill(leadsGroup ? -process : process, number) }
    }

    /// How it ended, if it has; never waits.
    public func pollStatus() -> ExitStatus? {
        if let status { return status }
        var code: Int32 = 0
        let result = unsafe waitpid(process, &code, WNOHANG)
        if result == process {
            status = Self.status(code)
        } else if result < 0, errno != EINTR {
            status = .unknown
        }
        return status
    }

    /// Waits until it has ended. Nil if `deadline` passed first.
    public func waitForExit(until deadline: Deadline) -> ExitStatus? {
        var pause: UInt32 = 50
        while true {
            if let status = pollStatus() { return status }
            if deadline.hasPassed { return nil }
            usleep(pause)
            pause = min(pause * 2, 10_000)
        }
    }

    /// Ends it for certain: closes its pipes, gives it `grace`, asks, gives it `grace` again, kills.
    @discardableResult
    public func end(grace: Duration) -> ExitStatus {
        closeInput()
        closeOutput()
        closeError()
        if let status = waitForExit(until: .after(grace)) { return status }
        signal(SIGTERM)
        if let status = waitForExit(until: .after(grace)) { return status }
        signal(SIGKILL)
        return waitForExit(until: .never) ?? .unknown
    }

    private static func status(_ code: Int32) -> ExitStatus {
        let signal = code & 0x7f
        return signal == 0 ? .exited((code >> 8) & 0xff) : .signalled(signal)
    }

    private static func pipe(_ standard: ChildStandard) throws(Failure) -> Pipe {
        standard == .pipe
            ? try FileDescriptor.pipeWhileNothingSpawns() : Pipe(reader: nil, writer: nil)
    }
}

/// One spawn at a time: between a pipe's making and its close-on-exec flag no child may start.
let spawning = Locked(())

/// The number of a signal by its name on the SSH wire (RFC 4254, section 6.10); 0 if unknown.
public func signalNumber(_ name: String) -> Int32 {
    [
        "ABRT": SIGABRT, "ALRM": SIGALRM, "FPE": SIGFPE, "HUP": SIGHUP, "ILL": SIGILL,
        "INT": SIGINT, "KILL": SIGKILL, "PIPE": SIGPIPE, "QUIT": SIGQUIT, "SEGV": SIGSEGV,
        "TERM": SIGTERM, "USR1": SIGUSR1, "USR2": SIGUSR2,
    ][name] ?? 0
}

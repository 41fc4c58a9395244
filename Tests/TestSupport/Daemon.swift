// A server that a test starts, and that ends with the test, however that ends.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A program in the background. A small shell stands between: it stops the program when its own
/// input ends, and only we hold that, so that not even a crash of the tests leaves a server behind.
final class Daemon: @unchecked Sendable {
    private let shell: ChildProcess
    /// The program itself.
    let process: pid_t

    private static let script = """
        "$@" </dev/null >/dev/null 2>&1 & echo $!; read -r _; kill $! 2>/dev/null; wait
        """

    init(_ command: [String], environment: [EnvironmentEntry]? = nil) throws(Failure) {
        shell = try ChildProcess(
            ["sh", "-c", Self.script, "sh"] + command, environment: environment, error: .null)
        let buffer = ByteBuffer(capacity: 64)
        var line = ""
        while !line.hasSuffix("\n"), let output = shell.outputDescriptor {
            guard try wait(for: output, reading: true, until: .longEnough),
                case .bytes = try read(output, into: buffer)
            else { throw Failure(.failed, "\(command[0]) did not start") }
            line += String(decoding: buffer.takeAll(), as: UTF8.self)
        }
        guard let number = pid_t(line.dropLast()) else {
            throw Failure(.failed, "\(command[0]) has no process id: \(line)")
        }
        process = number
    }

    var isRunning: Bool { Processes.isRunning(process) }

    /// Stops the program, and what it has started.
    func stop() {
        let below = Processes.below(process)
        shell.closeInput()
        if shell.waitForExit(until: .longEnough) == nil {
            Processes.end(process)
            shell.signal(SIGKILL)
            _ = shell.waitForExit(until: .longEnough)
        }
        for process in below { Processes.end(process) }
    }

    deinit { stop() }
}

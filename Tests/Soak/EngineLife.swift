// One `git pod serve`, from its start to its end or its kill; its log is read as it comes.

import Model
import POSIX
import TestSupport

final class EngineLife {
    let process: Int32
    private let shell: ChildProcess
    private var reader: JoinedThread?

    /// The shell ends the engine when its own input ends: not even our crash leaves one behind.
    private static let script = """
        "$@" </dev/null >/dev/null & echo $!; exec 2>/dev/null; read -r _; kill -KILL $!; wait $!
        """

    /// - Parameter line: is given each whole line of the log, on a thread of its own.
    init(
        _ command: [String], environment: [EnvironmentEntry],
        line: @escaping @Sendable (String) -> Void
    ) throws(Failure) {
        shell = try ChildProcess(
            ["sh", "-c", Self.script, "sh"] + command, environment: environment)
        guard let output = shell.outputDescriptor, let errors = shell.errorDescriptor,
            let process = Int32(try Self.firstLine(output))
        else { throw Failure(.failed, "git pod serve did not start") }
        self.process = process
        reader = try JoinedThread { Self.readLines(errors, line) }
    }

    deinit { kill() }

    private static func firstLine(_ descriptor: Int32) throws(Failure) -> String {
        let buffer = ByteBuffer(capacity: 64)
        var text = ""
        while !text.hasSuffix("\n") {
            guard try wait(for: descriptor, reading: true, until: .longEnough),
                case .bytes = try read(descriptor, into: buffer)
            else { throw Failure(.failed, "no process id came") }
            text += String(decoding: buffer.takeAll(), as: UTF8.self)
        }
        return String(text.dropLast())
    }

    private static func readLines(_ descriptor: Int32, _ line: (String) -> Void) {
        let buffer = ByteBuffer(capacity: 64 * 1024)
        var unread: [UInt8] = []
        while case .bytes = try? read(descriptor, into: buffer) {
            unread += buffer.takeAll()
            while let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                line(String(decoding: unread[..<end], as: UTF8.self))
                unread.removeSubrange(...end)
            }
        }
        if !unread.isEmpty { line(String(decoding: unread, as: UTF8.self)) }
    }

    var isRunning: Bool { Processes.isRunning(process) }

    /// Kills it, and returns when all that it had said is read.
    func kill() {
        shell.closeInput()
        _ = shell.waitForExit(until: .longEnough)
        reader = nil
    }

    /// Ends it as an init system does. Nil if it did not end.
    func stop() -> ExitStatus? {
        _ = try? run(["kill", "-TERM", "\(process)"])
        guard eventually({ !isRunning }) else { return nil }
        shell.closeInput()
        let status = shell.waitForExit(until: .longEnough)
        reader = nil
        return status
    }
}

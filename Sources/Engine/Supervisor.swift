// Whoever started us and wants to be told how we are: systemd, by sd_notify(3). The loops of Boot and
// Service tell it, on their own thread, so that a loop that stands still is silent.

import Model
import POSIX

/// A service manager that waits for our words.
public final class Supervisor {
    /// What says that there is one. Meant for us alone, so children shall not inherit it.
    public static let variables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]

    /// So much of a line that says how we stand is sent.
    static let statusLimit = 300
    /// The least time between two signs of life, whatever is asked for.
    static let shortestBeat = Duration.milliseconds(10)

    private let socket: NotifySocket
    /// How often it is given a sign of life; nil: it wants none.
    private let beat: Duration?
    private var status = ""
    private var isReady = false
    private var hasFailed = false
    private let log: @Sendable (LogEntry) -> Void
    /// When the next sign of life is due: the loop must have turned by then.
    private(set) var nextBeat: Deadline

    /// Nil where nobody waits.
    ///
    /// - Parameter process: our own number: a watchdog may be meant for another.
    public init?(
        environment: Environment, process: Int32, log: @escaping @Sendable (LogEntry) -> Void
    ) {
        guard let address = environment["NOTIFY_SOCKET"] else { return nil }
        do throws(Failure) { socket = try NotifySocket(address) } catch {
            log(LogEntry(.warning, "supervisor", error.description))
            return nil
        }
        self.log = log
        let isOurs = environment["WATCHDOG_PID"].map { $0 == "\(process)" } ?? true
        let limit = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        beat = isOurs && limit > 0 ? max(.microseconds(limit) / 2, Self.shortestBeat) : nil
        nextBeat = beat == nil ? .never : .after(.zero)
    }

    /// We listen: whoever needs us may be started.
    public func ready() {
        guard !isReady else { return }
        isReady = true
        send(["READY=1"])
    }

    /// Says how we stand, if that is not what was said last.
    func tell(_ line: String) {
        let line = String(line.harmless.prefix(Self.statusLimit))
        guard line != status else { return }
        status = line
        send(["STATUS=\(line)"])
    }

    /// The loop has turned: a sign of life, if one is due.
    func turned() {
        guard let beat, nextBeat.hasPassed else { return }
        nextBeat = .after(beat)
        send(["WATCHDOG=1"])
    }

    /// Does `reload`, which somebody has asked for by a signal.
    func reload(_ reload: () -> Void) {
        // It tells by this time which of several requests is meant.
        send(["RELOADING=1", "MONOTONIC_USEC=\(monotonicNanoseconds() / 1000)"])
        reload()
        send(["READY=1"])
    }

    /// We end, however long that takes.
    func ending() { send(["STOPPING=1"]) }

    private func send(_ lines: [String]) {
        do throws(Failure) {
            try socket.send(lines)
            hasFailed = false
        } catch {
            // It is none of our work that fails, and the next word finds out by itself.
            if !hasFailed { log(LogEntry(.warning, "supervisor", error.description)) }
            hasFailed = true
        }
    }
}

// From an empty volume to a gitdir: the clone that `git pod serve` begins with, tried until it comes
// about. The process stays up meanwhile, and says why it is not ready.

import EngineCore
import Git
import Model
import POSIX

/// A first clone under way.
public final class Boot {
    enum Message: Sendable {
        case ended(Result<CloneReport, Failure>)
        case asked(@Sendable (Boot) -> Void)
    }

    private let origin: String
    private let directory: String
    private let flags: [String: String]
    private let environment: Environment
    private let log: @Sendable (LogEntry) -> Void
    private let retry: RetryPolicy
    private var backoff = Backoff()
    private var generator = SeededGenerator(seed: .random(in: 0 ... .max))
    private let start = monotonicNanoseconds()
    private let mailbox: Mailbox<Message>
    private let lane: Lane
    private let meter = Locked(CloneMeter())
    private let isCancelled = Locked(false)
    private var isCloning = false
    private var tries = 0
    private var failure: Failure?
    /// How long the try took that came about.
    private var duration: Duration?
    private var nextLog = Deadline.after(.zero)
    private var supervisor: Supervisor?

    /// How often the log tells how far the clone is.
    private static let logInterval = Duration.seconds(5)
    /// How long a clone that is called off may take to end.
    private static let lastWords = Duration.seconds(5)

    /// Whether there is nothing at `path` that could be a gitdir.
    public static func isNeeded(at path: String) -> Bool { !exists("\(path)/HEAD") }

    /// Nil if there is a gitdir at `path` already.
    ///
    /// - Throws: ``Failure`` of kind `configuration` for settings that cannot be, and for a folder that
    ///   holds anything that is not ours.
    public init?(
        path: String, flags: [String: String], environment: Environment,
        log: @escaping @Sendable (LogEntry) -> Void
    ) throws(Failure) {
        guard Self.isNeeded(at: path) else { return nil }
        let settings = try Settings(flags: flags, environment: environment, gitdir: nil)
        guard let url = settings.originURL else {
            // It says what is wrong with what is there.
            if exists(path), directoryEntries(path)?.isEmpty != true {
                _ = try Repository(path: path)
            }
            throw Failure(
                .configuration, "there is no repository at \(path)",
                hint: "give --origin URL to have it cloned, or make one with git init --bare")
        }
        origin = url
        directory = path
        self.flags = flags
        self.environment = environment
        self.log = log
        retry = RetryPolicy(
            first: try settings.duration("cloneRetryFirst") ?? .zero,
            cap: try settings.duration("cloneRetryCap") ?? .zero,
            maximumRetries: try settings.number("cloneMaxRetries"))
        mailbox = try Mailbox()
        lane = try Lane()
        // What no further try would mend is said at once.
        _ = try clone()
    }

    /// The handle for other threads.
    public var control: BootControl { BootControl(mailbox: mailbox) }

    private var now: Duration { .nanoseconds(monotonicNanoseconds() - start) }

    /// Clones until the gitdir is in place.
    ///
    /// - Parameter supervisor: whom to tell how it stands.
    /// - Returns: false if a signal ended it before.
    public func run(signals: SignalWaker, supervisor: Supervisor? = nil) throws(Failure) -> Bool {
        self.supervisor = supervisor
        begin()
        while true {
            supervisor?.turned()
            var requests = [mailbox.descriptor, signals.descriptor].map {
                PollRequest($0, reading: true)
            }
            let next = isCloning ? nextLog : nextTry
            try wait(for: &requests, until: min(next, supervisor?.nextBeat ?? .never))
            for message in mailbox.take() {
                switch message {
                case .ended(.success(let report)): return told(report)
                case .ended(.failure(let failure)):
                    // Another engine's clone may have come into place.
                    if !Self.isNeeded(at: directory) { return true }
                    failed(failure)
                case .asked(let body): body(self)
                }
            }
            for signal in signals.arrived() {
                guard signal == Signals.hangUp else { return giveUp() }
                if let supervisor { supervisor.reload(tryNow) } else { tryNow() }
            }
            if isCloning {
                tellProgress()
            } else if nextTry.hasPassed {
                begin()
            }
        }
    }

    private func clone() throws(Failure) -> Clone {
        let (meter, isCancelled) = (meter, isCancelled)
        return try Clone(
            of: origin, into: directory, flags: flags, environment: environment,
            progress: { progress in meter.with { $0.take(progress) } },
            isCancelled: { isCancelled.with { $0 } })
    }

    private func begin() {
        backoff.release()
        meter.with { $0 = CloneMeter() }
        nextLog = .after(Self.logInterval)
        isCloning = true
        tries += 1
        supervisor?.tell("cloning: connecting")
        let mailbox = mailbox
        do throws(Failure) {
            let clone = try clone()
            log(LogEntry(.info, "clone", "cloning into \(directory)"))
            lane.add {
                do throws(Failure) {
                    let report = try clone.run()
                    mailbox.post(.ended(.success(report)))
                } catch { mailbox.post(.ended(.failure(error))) }
            }
        } catch { mailbox.post(.ended(.failure(error))) }
    }

    private var nextTry: Deadline {
        if backoff.isStopped { return .never }
        return backoff.due.map { .after(max($0 - now, .zero)) } ?? .after(.zero)
    }

    /// Tries at once what waits.
    func tryNow() {
        if !isCloning { begin() }
    }

    private func failed(_ failure: Failure) {
        isCloning = false
        self.failure = failure
        log(LogEntry(.error, "clone", failure.description))
        supervisor?.tell("\(status.phase.rawValue): \(failure.description)")
        if let wait = backoff.fail(at: now, retry, using: &generator) {
            log(LogEntry(.info, "retry", "the next try is in \(wait.spoken)"))
        } else {
            log(
                LogEntry(
                    .error, "stopped",
                    "no further try is made (cloneMaxRetries); POST /v1/clone or SIGHUP makes one"))
        }
    }

    private func told(_ report: CloneReport) -> Bool {
        duration = report.duration
        failure = nil
        let tip = report.commit.map { " at \($0.short)" } ?? ", which has no commit yet"
        log(
            LogEntry(
                .info, "clone",
                "\(report.directory) has \(report.branch)\(tip), after \(report.duration.spoken)"))
        return true
    }

    private func giveUp() -> Bool {
        supervisor?.ending()
        isCancelled.with { $0 = true }
        // A clone that ends in order takes away what it has made.
        if isCloning {
            _ = try? wait(for: mailbox.descriptor, reading: true, until: .after(Self.lastWords))
        }
        log(LogEntry(.info, "drain", "ended before there was a repository: nothing can be lost"))
        return false
    }

    private func tellProgress() {
        guard nextLog.hasPassed else { return }
        nextLog = .after(Self.logInterval)
        let line = meter.with { $0.line }
        log(LogEntry(.info, "clone", line))
        supervisor?.tell("cloning: \(line)")
    }

    /// Without what is secret in it.
    private var shownOrigin: String { (try? OriginURL(origin))?.description ?? "no origin" }

    /// What metrics show of it from now on.
    public var figures: CloneFigures {
        CloneFigures(
            tries: tries, isFailing: failure != nil, meter: meter.with { $0 }, duration: duration)
    }

    /// How it stands.
    var status: BootStatus {
        let now = now
        return BootStatus(
            phase: isCloning
                ? .cloning
                : failure?.message.hasPrefix("disk-full") == true ? .diskFull : .waiting,
            directory: directory, origin: shownOrigin,
            uptime: now, attempt: tries,
            progress: isCloning ? meter.with { $0 } : nil, failure: failure,
            nextAttempt: isCloning ? nil : backoff.due.map { max($0 - now, .zero) },
            isStopped: backoff.isStopped)
    }
}

/// A first clone, as others see it.
public struct BootControl: Sendable {
    let mailbox: Mailbox<Boot.Message>

    /// Tells what metrics show of it.
    public func figures(_ reply: @escaping @Sendable (CloneFigures) -> Void) {
        mailbox.post(.asked { reply($0.figures) })
    }

    /// Tells how it stands.
    public func status(_ reply: @escaping @Sendable (BootStatus) -> Void) {
        mailbox.post(.asked { reply($0.status) })
    }

    /// Has it tried at once, and tells how it stands then.
    public func tryNow(_ reply: @escaping @Sendable (BootStatus) -> Void) {
        mailbox.post(
            .asked { boot in
                boot.tryNow()
                reply(boot.status)
            })
    }
}

// How far a first clone is: a value for status, the log, metrics and whoever asks.

import Git
import Model
import POSIX

/// A snapshot of a first clone.
public struct BootStatus: Sendable {
    public enum Phase: String, Sendable {
        case cloning
        /// A try has failed, and the next is to come.
        case waiting = "clone-failed"
        case diskFull = "disk-full"
    }

    public let phase: Phase
    /// Where the gitdir is to be.
    public let directory: String
    /// As it may be shown.
    public let origin: String
    public let uptime: Duration
    /// Which try this is, or was.
    public let attempt: Int
    public let progress: CloneMeter?
    /// Why the last try failed.
    public let failure: Failure?
    /// Until the next try; nil if it is under way, or none is to come.
    public let nextAttempt: Duration?
    /// Whether no try is made until somebody asks for one.
    public let isStopped: Bool

    public var json: JSON {
        .object([
            ("phase", .string(phase.rawValue)),
            ("uptimeSeconds", .integer(uptime.components.seconds)),
            ("stopped", .bool(isStopped)),
            ("escapeStorm", .bool(false)),
            ("originFailure", .null),
            ("attempt", .integer(attempt)),
            ("clone", progress?.json ?? .null),
            ("error", failure.map { .string($0.description) } ?? .null),
            (
                "nextAttemptInSeconds",
                nextAttempt.map { .integer($0.components.seconds) } ?? .null
            ),
            ("branches", .array([])),
        ])
    }
}

/// A first clone in figures: under way, given up, or done. Metrics show it as long as the process lives.
public struct CloneFigures: Sendable {
    /// How often it was tried; 0 where there was a repository at the start.
    public private(set) var tries = 0
    /// Whether the last try has failed.
    public private(set) var isFailing = false
    /// Of the last try.
    public private(set) var bytes = 0
    public private(set) var objects = 0
    /// 0 while nobody knows.
    public private(set) var allObjects = 0
    /// How long the try took that came about; nil: none has.
    public private(set) var duration: Duration?

    /// Where no clone was needed.
    public init() {}

    init(tries: Int, isFailing: Bool, meter: CloneMeter, duration: Duration?) {
        (self.tries, self.isFailing, self.duration) = (tries, isFailing, duration)
        bytes = meter.progress?.bytes ?? 0
        (objects, allObjects) = (meter.received?.done ?? 0, meter.received?.total ?? 0)
    }
}

/// What a clone has received, how fast, and how long the rest will take.
public struct CloneMeter: Sendable {
    public private(set) var progress: OriginProgress?
    /// The last that was told of receiving: what comes after it counts deltas.
    private(set) var received: OriginProgress?
    private let start = monotonicNanoseconds()

    mutating func take(_ progress: OriginProgress) {
        self.progress = progress
        if progress.stage == .receiving { received = progress }
    }

    private var elapsed: Duration { .nanoseconds(monotonicNanoseconds() - start) }

    /// Bytes a second, since the start.
    public var rate: Int64 {
        guard let progress else { return 0 }
        return Int64(progress.bytes) * 1000 / max(elapsed.milliseconds, 1)
    }

    /// How long receiving will go on, by the objects that have come; nil while nobody can tell.
    public var estimate: Duration? {
        guard let progress, progress.stage == .receiving, progress.done > 0,
            progress.total >= progress.done
        else { return nil }
        let left = Int64(progress.total - progress.done)
        return .milliseconds(elapsed.milliseconds * left / Int64(progress.done))
    }

    public var json: JSON {
        .object([
            ("phase", .string(progress?.stage.rawValue ?? "connecting")),
            ("objects", .integer(progress?.done ?? 0)),
            ("totalObjects", .integer(progress?.total ?? 0)),
            ("bytes", .integer(progress?.bytes ?? 0)),
            ("bytesPerSecond", .integer(rate)),
            ("estimateSeconds", estimate.map { .integer($0.components.seconds) } ?? .null),
        ])
    }

    /// One line for a person.
    var line: String {
        guard let progress else { return "connecting" }
        let objects = "\(progress.stage.rawValue) \(progress.done) of \(progress.total)"
        let bytes = "\(progress.bytes >> 20) MiB at \(rate >> 10) KiB a second"
        let left = estimate.map { ", \($0.components.seconds) s to go" } ?? ""
        return "\(objects) objects, \(bytes)\(left)"
    }
}

// The one way to bound a wait.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A moment on the monotonic clock after which something is given up.
///
/// The clock stands still while the machine sleeps: a laptop that was shut has not timed out.
public struct Deadline: Sendable, Comparable {
    /// Nanoseconds on the monotonic clock; nil is never.
    private let nanoseconds: UInt64?

    /// A wait without end.
    public static let never = Deadline(nanoseconds: nil)

    init(nanoseconds: UInt64?) { self.nanoseconds = nanoseconds }

    /// The moment `duration` from now.
    public static func after(_ duration: Duration) -> Deadline {
        Deadline(nanoseconds: monotonicNanoseconds()).later(by: duration)
    }

    /// This moment and `duration`.
    public func later(by duration: Duration) -> Deadline {
        let (seconds, attoseconds) = duration.components
        let wait =
            UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds)) / 1_000_000_000
        return Deadline(nanoseconds: nanoseconds.map { $0 + wait })
    }

    /// The moment half-way from now to this one.
    public var halfway: Deadline {
        guard let nanoseconds else { return self }
        let now = monotonicNanoseconds()
        return Deadline(nanoseconds: nanoseconds > now ? now + (nanoseconds - now) / 2 : now)
    }

    public static func < (left: Deadline, right: Deadline) -> Bool {
        guard let left = left.nanoseconds else { return false }
        return right.nanoseconds.map { left < $0 } ?? true
    }

    public var hasPassed: Bool { nanoseconds.map { monotonicNanoseconds() >= $0 } ?? false }

    /// What is left until then; nil for never, zero if it has passed.
    public var remaining: Duration? {
        nanoseconds.map { end in
            let now = monotonicNanoseconds()
            return .nanoseconds(end > now ? end - now : 0)
        }
    }

    /// The timeout argument for `poll(2)`: whole milliseconds rounded up, -1 for never.
    var pollTimeout: Int32 {
        guard let nanoseconds else { return -1 }
        let now = monotonicNanoseconds()
        guard nanoseconds > now else { return 0 }
        return Int32(min((nanoseconds - now + 999_999) / 1_000_000, UInt64(Int32.max)))
    }
}

/// Nanoseconds on the monotonic clock, from an arbitrary start.
public func monotonicNanoseconds() -> UInt64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

/// Milliseconds since 1970 by the wall clock: for timestamps, never for waits.
public func wallClockMilliseconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
}

/// Seconds since 1970 by the wall clock: for timestamps, never for waits.
public func wallClockSeconds() -> Int64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec)
}

/// Does nothing for `time`; for looks that nothing announces.
public func pause(_ time: Duration) { usleep(UInt32(clamping: time.milliseconds * 1000)) }

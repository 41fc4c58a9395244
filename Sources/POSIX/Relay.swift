// The two-way relay between git (or sshd) on our standard descriptors and a far side.
//
// Full duplex, one thread, two fixed buffers. What it knows of the bytes' meaning it asks its
// observer; who called it decides what a silence or an early end means.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Somebody who reads along, and knows whose turn it is.
public protocol RelayObserver: AnyObject {
    /// These bytes are on their way to the far side.
    func sending(_ bytes: RawSpan)
    /// These bytes came from the far side.
    func received(_ bytes: RawSpan)
    /// Whether the far side owes an answer: only then can it be *silent*.
    var awaitsFar: Bool { get }
}

/// How a relay came to its end.
public enum RelayEnd: Sendable, Equatable {
    /// The far side closed its output, and all of it was passed on.
    case farEnded
    /// The near side went away; what the far side may still have is of no use to anyone.
    case nearVanished
    /// The far side was silent for too long.
    case farSilent
    /// The near side had ended, and the far side wrote nothing for too long after that.
    case farLingered
    /// The time for all of it was used up.
    case timedOut
    /// We were told to stop.
    case stopped
}

/// One conversation, relayed both ways until both are done.
public final class Relay {
    /// What the relay will wait for, and for how long.
    public struct Limits: Sendable {
        /// How long the far side may owe an answer without a byte; nil is for ever.
        public var idle: Duration?
        /// How long it may write nothing after the near side's end; nil is for ever.
        public var linger: Duration?
        /// When all of it must be over.
        public var total: Deadline = .never
        /// A descriptor that becomes readable when all of it is to stop.
        public var stop: Int32?

        public init(
            idle: Duration? = nil, linger: Duration? = nil, total: Deadline = .never,
            stop: Int32? = nil
        ) {
            self.idle = idle
            self.linger = linger
            self.total = total
            self.stop = stop
        }
    }

    /// Bytes toward the far side that are held at most; requests are small.
    public static let upCapacity = 64 * 1024
    /// Bytes toward the near side that are held at most.
    public static let downCapacity = 256 * 1024

    private let input: Int32
    private let output: Int32
    private let far: any ByteStream
    private let observer: any RelayObserver
    private let limits: Limits
    private let up = ByteBuffer(capacity: upCapacity)
    private let down: ByteBuffer

    /// Whether the near side said that it will send no more.
    public private(set) var inputHasEnded = false
    private var farTakesMore = true
    private var farEnded = false
    private var nearVanished = false
    private var silentSince: UInt64?
    /// When last something came from the far side or went to the near one, or the near side ended.
    private var lastStep = monotonicNanoseconds()

    /// A relay between `input`, `output` and `far`. `first` is what was already read from `far`
    /// and observed.
    public init(
        input: Int32, output: Int32, far: any ByteStream, first: ByteBuffer? = nil,
        observer: any RelayObserver, limits: Limits
    ) {
        self.input = input
        self.output = output
        self.far = far
        self.observer = observer
        self.limits = limits
        down = first ?? ByteBuffer(capacity: Self.downCapacity)
    }

    /// Relays until one of the ``RelayEnd``s.
    ///
    /// - Throws: what `far` throws, or ``Failure`` of kind `failed` for a broken descriptor of ours.
    public func run() throws(Failure) -> RelayEnd {
        for descriptor in [input, output] where isPipeOrSocket(descriptor) {
            setNonBlocking(descriptor)
        }
        widenPipe(output)
        while true {
            try moveDown()
            try moveUp()
            if farEnded && down.isEmpty { return .farEnded }
            if nearVanished { return .nearVanished }
            // In every round, now that all bytes are read: complaints may wake us without end.
            if let end = timeUp() { return end }
            var requests = waits()
            // Also asked when there is no waiting: from then on the far side counts as silent.
            let wake = nextWake()
            try wait(for: &requests, until: stillHeld ? .after(.zero) : wake)
            try far.service()
            try note(requests)
            if requests.contains(where: { $0.descriptor == limits.stop && $0.readable }) {
                return .stopped
            }
            // Bytes that never stop let no wait run out: the total is looked at in every round.
            if limits.total.hasPassed { return .timedOut }
        }
    }

    // MARK: bytes

    private func moveDown() throws(Failure) {
        for _ in 0..<16 {
            if down.isEmpty && !farEnded {
                switch try far.read(into: down) {
                case .bytes(let count):
                    down.withLast(count) { observer.received($0) }
                    lastStep = monotonicNanoseconds()
                    silentSince = nil
                case .wouldBlock: return
                case .end: farEnded = true
                }
            }
            guard !down.isEmpty else { return }
            switch try write(output, from: down, attempt: "write to standard output") {
            case .bytes(0): return
            case .bytes:
                silentSince = nil
                lastStep = monotonicNanoseconds()
            case .closed:
                nearVanished = true
                return
            }
        }
    }

    private func moveUp() throws(Failure) {
        // A stream may take less than is there (an SSH packet), and then have nothing to wake us with.
        sending: while !up.isEmpty {
            switch farTakesMore ? try far.write(from: up) : .closed {
            case .bytes(0): break sending
            case .bytes: silentSince = nil
            case .closed:
                // It ended or fell over; what it still has to say comes the other way.
                farTakesMore = false
                up.clear()
            }
        }
        if inputHasEnded && up.isEmpty && farTakesMore {
            farTakesMore = try !far.finishWriting()
        }
    }

    private func note(_ requests: [PollRequest]) throws(Failure) {
        for request in requests where request.descriptor == output && request.hungUp {
            nearVanished = true
        }
        for request in requests where request.descriptor == input && request.readable {
            guard up.isEmpty, !inputHasEnded else { continue }
            switch try read(input, into: up) {
            case .bytes(let count): up.withLast(count) { observer.sending($0) }
            case .wouldBlock: break
            case .end:
                inputHasEnded = true
                lastStep = monotonicNanoseconds()
            }
        }
    }

    // MARK: waiting

    private func waits() -> [PollRequest] {
        var requests = far.interest(
            reading: down.isEmpty && !farEnded,
            writing: farTakesMore && (!up.isEmpty || inputHasEnded))
        requests.append(PollRequest(output, writing: !down.isEmpty))
        if up.isEmpty && !inputHasEnded { requests.append(PollRequest(input, reading: true)) }
        if let stop = limits.stop { requests.append(PollRequest(stop, reading: true)) }
        return requests
    }

    /// Whether everything now hangs on the far side: it owes bytes, or takes none, and git has read
    /// all that came.
    private var waitsForFar: Bool {
        down.isEmpty && (observer.awaitsFar || inputHasEnded || !up.isEmpty)
            && unreadBytes(in: output) == 0
    }

    /// Whether the far side's stream has more for us that it took off its descriptor already: it does
    /// that also while it writes, or when a turn of ours ends before its bytes do.
    private var stillHeld: Bool { down.isEmpty && !farEnded && far.holdsBytes }

    private func nextWake() -> Deadline {
        var wake = min(limits.total, far.nextService)
        if let idle = limits.idle {
            if !waitsForFar {
                silentSince = nil
                // git may read the rest of its pipe without a word: look again.
                wake = min(wake, .after(idle))
            } else {
                let since = silentSince ?? monotonicNanoseconds()
                silentSince = since
                wake = min(wake, Deadline(nanoseconds: since).later(by: idle))
            }
        }
        if let linger = limits.linger, inputHasEnded, down.isEmpty {
            wake = min(wake, Deadline(nanoseconds: lastStep).later(by: linger))
        }
        return wake
    }

    private func timeUp() -> RelayEnd? {
        if let linger = limits.linger, inputHasEnded, down.isEmpty,
            Deadline(nanoseconds: lastStep).later(by: linger).hasPassed
        {
            return .farLingered
        }
        if let idle = limits.idle, let since = silentSince, waitsForFar,
            Deadline(nanoseconds: since).later(by: idle).hasPassed
        {
            return .farSilent
        }
        return nil
    }
}

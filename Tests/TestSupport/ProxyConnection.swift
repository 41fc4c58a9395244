// One connection through a LagProxy: two flows, and what goes wrong with them.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A client, a server, and the bytes that are under way between them.
final class ProxyConnection {
    private let client: FileDescriptor
    private let server: FileDescriptor?
    private let flows: [ProxyFlow]
    private let traffic: Locked<LagProxy.Traffic>
    private var clientSpokeAt: UInt64 = 0
    private var clientSpoke = true
    private var downBytes = 0

    /// Nil, and the client's connection closed, if there is no server where one must be.
    init?(
        client: Int32, server: Int32?, lag: Duration, faults: LagProxy.Faults, silent: Bool,
        traffic: Locked<LagProxy.Traffic>
    ) {
        self.client = FileDescriptor(owning: client)
        self.server = server.map { FileDescriptor(owning: $0) }
        self.traffic = traffic
        guard let server else {
            flows = []
            if silent { return }
            return nil
        }
        flows = [
            ProxyFlow(
                from: client, to: server, lag: lag, cut: faults.cutUp, freeze: faults.freezeUp),
            ProxyFlow(
                from: server, to: client, lag: lag, cut: faults.cutDown, freeze: faults.freezeDown),
        ]
    }

    var requests: [PollRequest] { flows.flatMap(\.requests) }

    var nextDue: Deadline { flows.map(\.nextDue).min() ?? .never }

    /// Moves what can be moved. False when the connection is over.
    func move() -> Bool {
        for (index, flow) in flows.enumerated() {
            let count = flow.pull()
            if count > 0 { note(count, up: index == 0) }
            flow.push()
        }
        let over = flows.allSatisfy(\.isDone) && !flows.isEmpty
        return !over && !flows.contains(where: \.isBroken)
    }

    private func note(_ count: Int, up: Bool) {
        traffic.with {
            if up {
                $0.up += count
                let now = monotonicNanoseconds()
                if now - clientSpokeAt > LagProxy.Traffic.silence {
                    $0.starts.append(now)
                }
                clientSpokeAt = now
            } else {
                if clientSpoke { $0.turns.append(downBytes) }
                $0.down += count
            }
        }
        if !up { downBytes += count }
        clientSpoke = up
    }
}

/// The bytes that are under way in one direction.
private final class ProxyFlow {
    /// So much may be under way: 100 MB/s for half a second and more.
    private static let capacity = 64 << 20
    private static let chunkSize = 256 * 1024

    private struct Chunk {
        let due: Deadline
        let bytes: ByteBuffer
        /// Its buffer is one that can be used again.
        let isFullSize: Bool
    }

    private let source: Int32
    private let target: Int32
    private let lag: Duration
    private let cut: Int?
    private let freeze: Int?
    private var chunks: [Chunk] = []
    private var held = 0
    private var taken = 0
    private var ended = false
    private var blocked = false
    private var spare: [ByteBuffer] = []
    /// The end was passed on: nothing more will move.
    private(set) var isDone = false
    /// The connection is to be closed, now.
    private(set) var isBroken = false

    init(from source: Int32, to target: Int32, lag: Duration, cut: Int?, freeze: Int?) {
        self.source = source
        self.target = target
        // poll(2) waits for whole milliseconds, rounded up; half of one is its mean error.
        self.lag = lag == .zero ? lag : lag - .microseconds(500)
        self.cut = cut
        self.freeze = freeze
    }

    private var left: Int { min(cut ?? .max, freeze ?? .max) - taken }
    private var isFrozen: Bool { freeze.map { taken >= $0 } ?? false }
    private var takesMore: Bool { !ended && left > 0 && held < Self.capacity }

    var requests: [PollRequest] {
        var requests: [PollRequest] = []
        if takesMore { requests.append(PollRequest(source, reading: true)) }
        if blocked { requests.append(PollRequest(target, writing: true)) }
        return requests
    }

    /// When ``push()`` has something to do though no descriptor says so.
    var nextDue: Deadline {
        if blocked || isDone || isFrozen && chunks.isEmpty { return .never }
        return chunks.first?.due ?? (ended || left == 0 ? .after(.zero) : .never)
    }

    /// Reads what has come. Returns how many bytes.
    func pull() -> Int {
        var total = 0
        while takesMore {
            let room = min(left, Self.chunkSize)
            let full = room == Self.chunkSize
            let bytes = full ? spare.popLast() ?? ByteBuffer(capacity: room) : .init(capacity: room)
            switch try? read(source, into: bytes) {
            case .bytes(let count):
                Loopback.acknowledgeQuickly(source)
                chunks.append(Chunk(due: .after(lag), bytes: bytes, isFullSize: full))
                (held, taken, total) = (held + count, taken + count, total + count)
                if total >= 4 * Self.chunkSize { return total }
            case .wouldBlock:
                if full { spare.append(bytes) }
                return total
            case .end, nil:
                chunks.append(
                    Chunk(due: .after(lag), bytes: ByteBuffer(capacity: 1), isFullSize: false))
                ended = true
            }
        }
        return total
    }

    /// Writes what is due, and then the end, or the cut.
    func push() {
        blocked = false
        var finished = 0
        defer { chunks.removeFirst(finished) }
        for chunk in chunks {
            guard chunk.due.hasPassed else { return }
            while !chunk.bytes.isEmpty {
                switch try? write(target, from: chunk.bytes) {
                case .bytes(0):
                    blocked = true
                    return
                case .bytes(let count): held -= count
                case .closed, nil:
                    isBroken = true
                    return
                }
            }
            finished += 1
            if chunk.isFullSize, spare.count < 64 { spare.append(chunk.bytes) }
        }
        if let cut, taken >= cut { isBroken = true }
        if ended, !isDone {
            shutdown(target, Int32(SHUT_WR))
            isDone = true
        }
    }
}

// A TCP proxy on loopback that is slow, or breaks, exactly as told: a far network, or a bad one.

import Model
import POSIX

/// Connections to its port go to another port of this machine, late and up to a point.
public final class LagProxy: Sendable {
    /// What goes wrong, at which byte of a connection; counted in each direction for itself.
    public struct Faults: Sendable {
        /// So many bytes arrive at the client, then the connection is gone both ways.
        public var cutDown: Int?
        /// So many bytes arrive at the server, then the connection is gone both ways.
        public var cutUp: Int?
        /// So many bytes arrive at the client, and then no more, though nothing is closed.
        public var freezeDown: Int?
        public var freezeUp: Int?
        /// Connections are taken, and nothing else happens.
        public var silent = false

        public init(
            cutDown: Int? = nil, cutUp: Int? = nil, freezeDown: Int? = nil, freezeUp: Int? = nil,
            silent: Bool = false
        ) {
            self.cutDown = cutDown
            self.cutUp = cutUp
            self.freezeDown = freezeDown
            self.freezeUp = freezeUp
            self.silent = silent
        }
    }

    /// What has passed.
    public struct Traffic: Sendable {
        public var connections = 0
        /// Bytes read from clients.
        public var up = 0
        /// Bytes read from servers.
        public var down = 0
        /// For each time that a server spoke after a client had: how many bytes it had sent by then.
        public var turns: [Int] = []
        /// When a client spoke after ``silence``, in nanoseconds of the monotonic clock.
        public var starts: [UInt64] = []

        /// In nanoseconds.
        static let silence: UInt64 = 100_000_000

        /// How often a server answered: what a client waits for, once each round trip.
        public var roundTrips: Int { turns.count }
    }

    /// The port to connect to.
    public let port: UInt16
    private let shared: Locked<Traffic>
    private let stopper: Locked<Int32?>
    private let stalledUntil = Locked(Deadline.after(.zero))
    private let thread: JoinedThread

    /// What has passed since the start.
    public var traffic: Traffic { shared.with { $0 } }

    /// A proxy from a free port, or from `port`, to `target`; each byte arrives `oneWay` later.
    public init(
        to target: UInt16, oneWay: Duration = .zero, faults: Faults = Faults(), port: UInt16 = 0
    ) throws(Failure) {
        ignoreBrokenPipes()
        let listener = try Loopback.listener(on: port)
        setNonBlocking(listener.raw)
        self.port = Loopback.port(of: listener.raw)
        let traffic = Locked(Traffic())
        shared = traffic
        var stop = try FileDescriptor.pipe()
        guard let reader = stop.reader.take(), let writer = stop.writer.take() else {
            throw Failure(.failed, "cannot make a pipe")
        }
        stopper = Locked(writer.release())
        let descriptors = (listener: listener.release(), stop: reader.release())
        let stalledUntil = stalledUntil
        thread = try JoinedThread {
            var loop = ProxyLoop(
                listener: FileDescriptor(owning: descriptors.listener),
                stop: FileDescriptor(owning: descriptors.stop),
                target: target, oneWay: oneWay, faults: faults, traffic: traffic,
                stalledUntil: stalledUntil)
            loop.run()
        }
    }

    /// Moves nothing for so long, and takes no connection; then it goes on where it was.
    public func stall(for time: Duration) { stalledUntil.with { $0 = .after(time) } }

    /// Ends all connections. The port is closed when this returns and the proxy is let go of.
    deinit {
        stopper.with { descriptor in
            if let open = descriptor { _ = FileDescriptor(owning: open) }
            descriptor = nil
        }
    }
}

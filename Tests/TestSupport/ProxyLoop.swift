// The thread of a LagProxy: one poll loop over all its connections.

import Model
import POSIX

struct ProxyLoop: ~Copyable {
    private let listener: FileDescriptor
    private let stop: FileDescriptor
    private let target: UInt16
    private let oneWay: Duration
    private let faults: LagProxy.Faults
    private let traffic: Locked<LagProxy.Traffic>
    private let stalledUntil: Locked<Deadline>
    private var connections: [ProxyConnection] = []

    init(
        listener: consuming FileDescriptor, stop: consuming FileDescriptor, target: UInt16,
        oneWay: Duration, faults: LagProxy.Faults, traffic: Locked<LagProxy.Traffic>,
        stalledUntil: Locked<Deadline>
    ) {
        self.listener = listener
        self.stop = stop
        self.target = target
        self.oneWay = oneWay
        self.faults = faults
        self.traffic = traffic
        self.stalledUntil = stalledUntil
    }

    /// Relays until the other end of `stop` is closed.
    mutating func run() {
        while true {
            var requests = [
                PollRequest(stop.raw, reading: true), PollRequest(listener.raw, reading: true),
            ]
            var wake = Deadline.never
            for connection in connections {
                requests += connection.requests
                wake = min(wake, connection.nextDue)
            }
            guard (try? wait(for: &requests, until: wake)) != nil, !requests[0].readable else {
                return
            }
            // What has come waits with the rest.
            guard standStill() else { return }
            if requests[1].readable { acceptOne() }
            connections.removeAll { !$0.move() }
        }
    }

    /// Waits for a stall's end. False when the proxy is to end.
    private func standStill() -> Bool {
        while case let end = stalledUntil.with({ $0 }), !end.hasPassed {
            var requests = [PollRequest(stop.raw, reading: true)]
            guard (try? wait(for: &requests, until: end)) != nil, !requests[0].readable else {
                return false
            }
        }
        return true
    }

    private mutating func acceptOne() {
        guard let client = Loopback.next(from: listener.raw) else { return }
        traffic.with { $0.connections += 1 }
        let server = faults.silent ? nil : try? Loopback.connection(to: target)
        guard
            let connection = ProxyConnection(
                client: client.release(), server: server?.release(), lag: oneWay, faults: faults,
                silent: faults.silent, traffic: traffic)
        else { return }
        connections.append(connection)
    }
}

// All open connections, and the thread that ends those which take too long or hang up while their
// request is being answered: libmicrohttpd does not look at a connection that sleeps.

import Model
import POSIX

/// The open connections of one server.
final class Desk: Sendable {
    private struct Content {
        var exchanges: [ObjectIdentifier: Exchange] = [:]
        var isEnding = false
        var isOver = false
    }

    private let content = Locked(Content())
    private let waker: Waker
    private let limits: ControlLimits
    private let thread = Locked<JoinedThread?>(nil)

    init(_ limits: ControlLimits) throws(Failure) {
        self.limits = limits
        waker = try Waker()
        let watching = try JoinedThread { [self] in watch() }
        thread.with { $0 = watching }
    }

    var count: Int { content.with { $0.exchanges.count } }

    // MARK: libmicrohttpd's thread

    func add(_ exchange: Exchange) {
        let isEnding = content.with { content in
            content.exchanges[ObjectIdentifier(exchange)] = exchange
            return content.isEnding
        }
        if isEnding { exchange.refuse(Self.ending) }
        waker.wake()
    }

    /// Forgets a connection; its socket is closed after this and not before.
    func remove(_ exchange: Exchange) {
        content.with { content in content.exchanges[ObjectIdentifier(exchange)] = nil }
    }

    /// A connection has another deadline, or fell asleep: from now on this thread watches it.
    func look() { waker.wake() }

    // MARK: the end

    private static let ending = ControlResponse.error(503, "the engine is ending")

    /// Answers everybody with 503 and waits until the responses are sent, or until it takes too long.
    func end() {
        let exchanges = content.with { content in
            content.isEnding = true
            return Array(content.exchanges.values)
        }
        for exchange in exchanges {
            if exchange.isReading { act(on: exchange) { $0.cut() } }
            exchange.refuse(Self.ending)
            exchange.endStream()
        }
        let deadline = Deadline.after(limits.endingTime)
        while !deadline.hasPassed, content.with({ !$0.exchanges.isEmpty }) {
            pause(.milliseconds(1))
        }
    }

    /// Ends the thread. No connection may be left.
    func close() {
        content.with { $0.isOver = true }
        waker.wake()
        thread.with { $0 = nil }
    }

    // MARK: the thread

    private func watch() {
        while true {
            waker.clear()
            let (exchanges, isOver) = content.with { ($0.exchanges, $0.isOver) }
            guard !isOver else { return }
            let isCrowded = exchanges.count >= limits.connections
            for exchange in exchanges.values
            where exchange.deadline(isCrowded: isCrowded).hasPassed {
                act(on: exchange) { $0.expire() }
            }
            let deadlines = exchanges.values.map { $0.deadline(isCrowded: isCrowded) }
            let waiting = exchanges.values.filter(\.isAsleep)
            var requests = [PollRequest(waker.descriptor, reading: true)]
            requests += waiting.map { PollRequest($0.socket) }
            _ = try? wait(for: &requests, until: deadlines.min() ?? .never)
            for (exchange, request) in zip(waiting, requests.dropFirst()) where request.hungUp {
                act(on: exchange) { $0.abandon() }
            }
        }
    }

    /// Does something to a connection that is still open: otherwise its socket may be another's.
    private func act(on exchange: Exchange, _ action: (Exchange) -> Void) {
        content.with { content in
            guard content.exchanges[ObjectIdentifier(exchange)] != nil else { return }
            action(exchange)
        }
    }
}

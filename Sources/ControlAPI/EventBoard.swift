// The engine's last events, and who listens for the next ones: server-sent events, as browsers and
// `curl -N` read them. `git pod serve` posts what its log says.

import Model
import POSIX

/// What bounds an event board.
public struct EventLimits: Sendable {
    /// Events that are kept for those who come back.
    public var kept = 1000
    /// Bytes that they may have together.
    public var keptBytes = 2 << 20
    /// How many may listen at a time.
    public var listeners = 32
    /// Bytes that may wait for one listener beyond what was replayed; one that is slower is dropped.
    public var waiting = 512 << 10

    public init() {}
}

/// Events in their order, each with an id of its own. Used from any thread.
public final class EventBoard: Sendable {
    private struct Event {
        let number: UInt64
        let bytes: [UInt8]
    }

    private struct State {
        var last: UInt64 = 0
        var events: [Event] = []
        var bytes = 0
        var listeners: [ObjectIdentifier: EventStream] = [:]
    }

    private let state = Locked(State())
    private let limits: EventLimits
    /// Tells ids of this run from those of another.
    private let run: String

    /// How long a browser waits before it comes back, in milliseconds.
    private static let comeBack = 2000

    public init(run: String, limits: EventLimits = EventLimits()) {
        self.run = run
        self.limits = limits
    }

    /// How many listen.
    public var listeners: Int { state.with { $0.listeners.count } }

    /// Tells everybody.
    ///
    /// - Parameter event: one word.
    public func post(_ event: String, _ content: JSON) {
        // Under the lock: each listener gets them in their order.
        let dropped = state.with { state in
            state.last += 1
            let bytes = text(state.last, event, content)
            state.events.append(Event(number: state.last, bytes: bytes))
            state.bytes += bytes.count
            while state.events.count > limits.kept || state.bytes > limits.keptBytes {
                state.bytes -= state.events.removeFirst().bytes.count
            }
            return state.listeners.filter { !$0.value.add(bytes) }.map(\.key)
        }
        guard !dropped.isEmpty else { return }
        state.with { state in for key in dropped { state.listeners[key] = nil } }
    }

    /// The content of the last events, at most so many, oldest first.
    public func last(_ count: Int) -> [JSON] {
        let mark = Array("\ndata: ".utf8)
        return state.with { $0.events.suffix(count) }.compactMap { event in
            event.bytes.firstRange(of: mark).flatMap {
                JSON(parsing: Array(event.bytes[$0.upperBound...]))
            }
        }
    }

    /// Begins to listen; nil if too many do.
    ///
    /// - Parameter last: the id of the last event that the listener has had: what came since is told
    ///   first. Nil: only what comes from now on.
    public func listen(after last: String?) -> EventStream? {
        state.with { state in
            guard state.listeners.count < limits.listeners else { return nil }
            let replayed = last.map { replay(after: $0, state) } ?? []
            let opening = Array("retry: \(Self.comeBack)\n\n".utf8)
            let size = replayed.reduce(opening.count) { $0 + $1.count }
            let stream = EventStream(limit: size + limits.waiting)
            for bytes in [opening] + replayed { stream.add(bytes) }
            let key = ObjectIdentifier(stream)
            state.listeners[key] = stream
            stream.whenClosed { [weak self] in self?.forget(key) }
            return stream
        }
    }

    private func forget(_ key: ObjectIdentifier) { state.with { $0.listeners[key] = nil } }

    /// What came after the event with this id; before it, an event that tells of those which are gone.
    private func replay(after id: String, _ state: State) -> [[UInt8]] {
        let first = state.last - UInt64(state.events.count) + 1
        guard let known = number(id), known <= state.last else {
            // Of another run, or of none: nobody knows what that listener has had.
            return [gap(before: first, missed: .null)] + state.events.map(\.bytes)
        }
        let events = state.events.filter { $0.number > known }.map(\.bytes)
        guard known + 1 < first else { return events }
        return [gap(before: first, missed: .integer(first - known - 1))] + events
    }

    private func gap(before first: UInt64, missed: JSON) -> [UInt8] {
        text(first - 1, "gap", .object([("event", .string("gap")), ("missed", missed)]))
    }

    private func number(_ id: String) -> UInt64? {
        let parts = id.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == run else { return nil }
        return UInt64(parts[1])
    }

    private func text(_ number: UInt64, _ event: String, _ content: JSON) -> [UInt8] {
        Array("id: \(run)-\(number)\nevent: \(event)\ndata: \(content.text)\n\n".utf8)
    }
}

// One connection and its one request, from accepting to closing. Every step is taken under its lock:
// libmicrohttpd's thread, the desk's and whoever replies meet here.

import CMicroHTTPD
import Model
import POSIX

/// A client's connection. libmicrohttpd keeps it from opening to closing.
@safe final class Exchange: @unchecked Sendable {
    enum Stage {
        /// The request is still coming.
        case reading
        /// The engine has the request; the connection sleeps if `isSuspended`.
        case waiting(isSuspended: Bool)
        /// There is a response, to be sent or on its way.
        case answered(ControlResponse)
        /// Events are sent as they come; the connection sleeps between them.
        case streaming(EventStream, isSuspended: Bool)
        /// The client hung up before there was one.
        case abandoned
    }

    private struct State {
        var stage = Stage.reading
        var deadline: Deadline
        var crowdedDeadline: Deadline
        var body: [UInt8] = []
        var late: ControlResponse?
    }

    let socket: Int32
    private let limits: ControlLimits
    private let connection: OpaquePointer
    private let state: Locked<State>

    init(_ connection: OpaquePointer, limits: ControlLimits) {
        unsafe self.connection = unsafe connection
        socket = unsafe pod_mhd_socket(connection)
        self.limits = limits
        state = Locked(
            State(
                deadline: .after(limits.readingTime),
                crowdedDeadline: .after(limits.crowdedReadingTime)))
    }

    // MARK: libmicrohttpd's thread

    /// Takes a piece of the body; false if it is more than was allowed.
    func append(_ piece: UnsafeRawBufferPointer, atMost limit: Int) -> Bool {
        state.with { state in
            guard state.body.count + piece.count <= limit else { return false }
            unsafe state.body.append(contentsOf: piece)
            return true
        }
    }

    var body: [UInt8] { state.with { $0.body } }

    /// The response; nil while there is none.
    var response: ControlResponse? {
        state.with { if case .answered(let response) = $0.stage { response } else { nil } }
    }

    var isAbandoned: Bool {
        state.with { if case .abandoned = $0.stage { true } else { false } }
    }

    /// The request is whole; from now on a reply counts.
    func startWaiting(for route: ControlRoute) {
        state.with { state in
            guard case .reading = state.stage else { return }
            state.stage = .waiting(isSuspended: false)
            state.deadline = route.isLong ? .never : .after(route.patience ?? limits.replyTime)
            state.late = route.late
        }
    }

    /// Lets the connection sleep until the reply comes; false if it has come.
    func suspend() -> Bool {
        state.with { state in
            guard case .waiting(isSuspended: false) = state.stage else { return false }
            unsafe MHD_suspend_connection(connection)
            state.stage = .waiting(isSuspended: true)
            return true
        }
    }

    /// The response is on its way.
    func startSending() { state.with { $0.deadline = .after(limits.sendingTime) } }

    /// Gives what there is of a stream; where there is nothing, the connection sleeps until there is.
    func take(
        _ stream: EventStream, into memory: UnsafeMutableRawBufferPointer
    ) -> EventStream.Piece {
        state.with { state in
            let piece = unsafe stream.take(into: memory)
            if piece == .nothing { unsafe MHD_suspend_connection(connection) }
            state.stage = .streaming(stream, isSuspended: piece == .nothing)
            state.deadline = .after(piece == .nothing ? limits.heartbeat : limits.sendingTime)
            return piece
        }
    }

    // MARK: any thread

    /// Gives the response, if it is still waited for.
    func reply(_ response: ControlResponse) {
        finish(.answered(response)) { if case .waiting = $0 { true } else { false } }
    }

    /// Gives the response to a request that may not have come whole, which then is not waited for.
    func refuse(_ response: ControlResponse) {
        finish(.answered(response)) {
            switch $0 {
            case .reading, .waiting: true
            case .answered, .streaming, .abandoned: false
            }
        }
    }

    /// The client has hung up: nobody waits for a response any more.
    func abandon() {
        finish(.abandoned) { if case .waiting = $0 { true } else { false } }
        endStream()
    }

    /// A stream that this connection sends has something to be taken, or has ended.
    func more() {
        state.with { state in
            guard case .streaming(let stream, isSuspended: true) = state.stage else { return }
            unsafe MHD_resume_connection(connection)
            state.stage = .streaming(stream, isSuspended: false)
            state.deadline = .after(limits.sendingTime)
        }
    }

    func endStream() { stream?.end() }

    private var stream: EventStream? {
        state.with { if case .streaming(let stream, _) = $0.stage { stream } else { nil } }
    }

    private func finish(_ end: Stage, where isDue: (Stage) -> Bool) {
        state.with { state in
            guard isDue(state.stage) else { return }
            if case .waiting(isSuspended: true) = state.stage {
                unsafe MHD_resume_connection(connection)
            }
            state.stage = end
            // libmicrohttpd's thread comes to it as soon as it can, and then the client's time begins.
            state.deadline = .never
        }
    }

    // MARK: the desk's thread

    var isReading: Bool {
        state.with { if case .reading = $0.stage { true } else { false } }
    }

    /// Whether the engine has the request and has not answered yet.
    var isWaiting: Bool {
        state.with { if case .waiting = $0.stage { true } else { false } }
    }

    /// Whether nobody but the desk looks at the connection.
    var isAsleep: Bool {
        state.with {
            switch $0.stage {
            case .waiting, .streaming(_, isSuspended: true): true
            default: false
            }
        }
    }

    /// When its stage has lasted too long.
    func deadline(isCrowded: Bool) -> Deadline {
        state.with { state in
            guard isCrowded, case .reading = state.stage else { return state.deadline }
            return min(state.deadline, state.crowdedDeadline)
        }
    }

    /// Ends the connection; libmicrohttpd sees that and closes it.
    func cut() {
        shutDown(socket)
        state.with { state in
            state.deadline = .after(limits.sendingTime)
            state.crowdedDeadline = state.deadline
        }
    }

    /// Ends a stage that has lasted too long.
    func expire() {
        let (stage, late) = state.with { ($0.stage, $0.late) }
        switch stage {
        case .waiting: reply(late ?? .error(504, "the engine has not answered in time"))
        case .streaming(let stream, isSuspended: true): stream.beat()
        default: cut()
        }
    }
}

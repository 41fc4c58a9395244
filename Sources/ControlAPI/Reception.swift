// What libmicrohttpd calls: a connection opens or closes, a request comes in pieces. Decides what the
// engine is asked at all.

import CMicroHTTPD
import Model
import POSIX

/// The part of a server that libmicrohttpd's thread works with.
@safe final class Reception: Sendable {
    private let routes: [ControlRoute]
    private let limits: ControlLimits
    private let owner: (user: UInt32, group: UInt32)
    private let desk: Desk
    private let answer: ControlAnswer

    init(
        routes: [ControlRoute], limits: ControlLimits, owner: (user: UInt32, group: UInt32),
        desk: Desk, answer: @escaping ControlAnswer
    ) {
        self.routes = routes
        self.limits = limits
        self.owner = owner
        self.desk = desk
        self.answer = answer
    }

    func open(_ connection: OpaquePointer) -> Exchange {
        let exchange = unsafe Exchange(connection, limits: limits)
        desk.add(exchange)
        return exchange
    }

    func close(_ exchange: Exchange) { desk.remove(exchange) }

    /// Looks at a request's line and headers; its body has not come yet.
    func begin(_ exchange: Exchange, _ request: IncomingRequest) -> MHD_Result {
        if let refusal = refusal(of: exchange.peer) ?? refusal(of: request) {
            exchange.refuse(refusal)
        }
        // A response now is sent without reading the body.
        guard let response = exchange.response else { return .YES }
        return send(response, of: exchange, to: request)
    }

    /// The request is whole, or its connection has been woken up.
    func proceed(_ exchange: Exchange, _ request: IncomingRequest) -> MHD_Result {
        if exchange.isReading, let route = route(of: request) {
            exchange.startWaiting(isLong: route.isLong)
            if let query = request.query {
                answer(
                    ControlRequest(route.method, route.path, query: query, body: exchange.body),
                    { exchange.reply($0) })
            } else {
                exchange.reply(.error(400, "the query cannot be read"))
            }
            if exchange.suspend() {
                desk.look()
                return .YES
            }
        }
        guard let response = exchange.response else { return .NO }
        return send(response, of: exchange, to: request)
    }

    /// From now on the client may take so long to receive it, and no longer: the desk must know.
    private func send(
        _ response: ControlResponse, of exchange: Exchange, to request: IncomingRequest
    ) -> MHD_Result {
        let result = request.send(response)
        exchange.startSending()
        desk.look()
        return result
    }

    // MARK: what is not let through

    private func refusal(of peer: Peer?) -> ControlResponse? {
        guard let peer else { return .error(403, "the system does not say who you are") }
        let isTrusted =
            [0, currentUser(), owner.user].contains(peer.user) || peer.groups.contains(owner.group)
        return isTrusted
            ? nil : .error(403, "only the gitdir's owner and group may use this, and root")
    }

    private func refusal(of request: IncomingRequest) -> ControlResponse? {
        let path = request.path
        let methods = routes.filter { $0.path == path }.map(\.method)
        guard !methods.isEmpty else { return .error(404, "there is no such path") }
        guard route(of: request) != nil else {
            let allowed = methods.flatMap { $0 == .get ? ["GET", "HEAD"] : [$0.rawValue] }
                .joined(separator: ", ")
            var refusal = ControlResponse.error(405, "this path takes \(allowed)")
            refusal.allow = allowed
            return refusal
        }
        guard request.header("Transfer-Encoding") == nil else {
            return .error(411, "a body needs its length before it")
        }
        guard let length = request.header("Content-Length") else { return nil }
        guard !length.isEmpty,
            length.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
        else { return .error(400, "Content-Length is no number") }
        // A number that does not fit is too large as well.
        guard let count = Int(length), count <= limits.body else {
            return .error(413, "a body has at most \(limits.body) bytes")
        }
        return nil
    }

    private func route(of request: IncomingRequest) -> ControlRoute? {
        let method = request.method == "HEAD" ? "GET" : request.method
        return routes.first { $0.path == request.path && $0.method.rawValue == method }
    }
}

// MARK: libmicrohttpd's callbacks

/// A connection has been accepted, or is about to be closed.
let noteConnection: MHD_NotifyConnectionCallback = { owner, connection, context, event in
    guard let owner = unsafe owner, let connection = unsafe connection,
        let context = unsafe context
    else { return }
    let reception = unsafe Unmanaged<Reception>.fromOpaque(owner).takeUnretainedValue()
    if event == .CONNECTION_NOTIFY_STARTED {
        let exchange = unsafe reception.open(connection)
        unsafe context.pointee = Unmanaged.passRetained(exchange).toOpaque()
    } else if let kept = unsafe context.pointee {
        reception.close(unsafe Unmanaged<Exchange>.fromOpaque(kept).takeRetainedValue())
        unsafe context.pointee = nil
    }
}

/// Called once with the headers, then with each piece of the body, at its end, and after each sleep.
let receiveRequest: MHD_AccessHandlerCallback = {
    owner, connection, path, method, _, piece, size, context in
    guard let owner = unsafe owner, let connection = unsafe connection, let path = unsafe path,
        let method = unsafe method, let size = unsafe size, let context = unsafe context,
        let kept = unsafe pod_mhd_context(connection)
    else { return .NO }
    let reception = unsafe Unmanaged<Reception>.fromOpaque(owner).takeUnretainedValue()
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(kept).takeUnretainedValue()
    let request = unsafe IncomingRequest(connection, path: path, method: method)
    if unsafe context.pointee == nil {
        unsafe context.pointee = kept
        return reception.begin(exchange, request)
    }
    guard unsafe size.pointee > 0, let piece = unsafe piece else {
        return reception.proceed(exchange, request)
    }
    let bytes = unsafe UnsafeRawBufferPointer(start: piece, count: size.pointee)
    guard unsafe exchange.append(bytes) else { return .NO }
    unsafe size.pointee = 0
    return .YES
}

/// Leaves `%XX` as it came: a `%00` would end the C string. Returns its length.
let keepEscapes:
    @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<CChar>?
    ) -> Int = { _, _, text in
        var length = 0
        while let text = unsafe text, unsafe text[length] != 0 { length += 1 }
        return length
    }

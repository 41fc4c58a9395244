// What libmicrohttpd calls: a connection opens or closes, a request comes in pieces. Decides what the
// engine is asked at all.

import CMicroHTTPD
import Model
import POSIX

/// The part of a server that libmicrohttpd's thread works with.
@safe final class Reception: Sendable {
    private let routes: [ControlRoute]
    private let limits: ControlLimits
    private let admission: Admission
    private let desk: Desk
    private let answer: ControlAnswer
    /// Bytes of the bodies that are there.
    private let bodies = Locked(0)

    init(
        routes: [ControlRoute], limits: ControlLimits, admission: Admission,
        desk: Desk, answer: @escaping ControlAnswer
    ) {
        self.routes = routes.filter(admission.serves)
        self.limits = limits
        self.admission = admission
        self.desk = desk
        self.answer = answer
    }

    func open(_ connection: OpaquePointer) -> Exchange {
        let exchange = unsafe Exchange(connection, limits: limits)
        desk.add(exchange)
        return exchange
    }

    func close(_ exchange: Exchange) {
        let count = exchange.body.count
        if count > 0 { bodies.with { $0 -= count } }
        desk.remove(exchange)
    }

    /// Looks at a request's line and headers; its body has not come yet.
    func begin(_ exchange: Exchange, _ request: IncomingRequest) -> MHD_Result {
        if let refusal = admission.refusal(ofPeerOn: exchange.socket) ?? refusal(of: request) {
            exchange.refuse(refusal)
        }
        // A response now is sent without reading the body.
        guard let response = exchange.response else { return .YES }
        return send(response, of: exchange, to: request)
    }

    /// Takes a piece of a request's body. False if it is too much.
    func append(
        _ piece: UnsafeRawBufferPointer, _ exchange: Exchange, _ request: IncomingRequest
    ) -> Bool {
        let fits = bodies.with { bodies in
            guard bodies + piece.count <= limits.bodies else { return false }
            bodies += piece.count
            return true
        }
        guard fits else { return false }
        let limit = route(of: request)?.body ?? limits.body
        guard unsafe exchange.append(piece, atMost: limit) else {
            bodies.with { $0 -= piece.count }
            return false
        }
        return true
    }

    /// The request is whole, or its connection has been woken up.
    func proceed(_ exchange: Exchange, _ request: IncomingRequest) -> MHD_Result {
        if exchange.isReading, let route = route(of: request) {
            exchange.startWaiting(for: route)
            if let query = request.query {
                answer(
                    ControlRequest(
                        route.method, route.path, query: query, headers: request.headers,
                        body: exchange.body),
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
        let result = request.send(response, over: exchange, look: desk.look)
        exchange.startSending()
        desk.look()
        return result
    }

    // MARK: what is not let through

    private func refusal(of request: IncomingRequest) -> ControlResponse? {
        let path = request.path
        let methods = routes.filter { $0.path == path }.map(\.method)
        guard !methods.isEmpty else { return .error(404, "there is no such path") }
        guard let route = route(of: request) else {
            let allowed = methods.flatMap { $0 == .get ? ["GET", "HEAD"] : [$0.rawValue] }
                .joined(separator: ", ")
            var refusal = ControlResponse.error(405, "this path takes \(allowed)")
            refusal.headers["Allow"] = allowed
            return refusal
        }
        if let refusal = admission.refusal(
            host: request.header("Host"), origin: request.header("Origin"), for: route)
        {
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
        let limit = route.body ?? limits.body
        guard let count = Int(length), count <= limit else {
            return .error(413, "a body has at most \(limit) bytes")
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
    guard unsafe reception.append(bytes, exchange, request) else { return .NO }
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

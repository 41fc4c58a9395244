// A control server in a folder of its own, and raw bytes to and from its socket.

import Model
import POSIX
import TestSupport

@testable import ControlAPI

/// A server on a folder that stands for a gitdir.
final class Served {
    private let folder: TemporaryDirectory
    let gitdir: String
    let server: ControlServer
    /// Replies that have not been given yet, to requests for `/late` and `/later`.
    let held = Held()

    static let routes = [
        ControlRoute(.get, "/echo"), ControlRoute(.post, "/echo"), ControlRoute(.get, "/late"),
        ControlRoute(.post, "/later", isLong: true), ControlRoute(.post, "/v1/push"),
    ]

    /// `depth` more folders make the path longer by 50 characters each.
    init(depth: Int = 0, limits: ControlLimits = ControlLimits()) throws {
        folder = try TemporaryDirectory()
        let below = [String](repeating: String(repeating: "d", count: 49), count: depth)
        gitdir = try folder.folder((["repo.git"] + below).joined(separator: "/"))
        server = try Self.serve(gitdir, limits: limits, held)
    }

    static func serve(
        _ gitdir: String, limits: ControlLimits = ControlLimits(), _ held: Held = Held()
    ) throws -> ControlServer {
        try ControlServer(gitdir: gitdir, routes: routes, limits: limits) { request, reply in
            if request.path.hasPrefix("/late") { held.add(reply) } else { reply(echo(request)) }
        }
    }

    /// What the server tells of a request.
    static func echo(_ request: ControlRequest) -> ControlResponse {
        let query = request.query.sorted { $0.key < $1.key }
            .map { (name: $0.key, value: JSON.string($0.value)) }
        return ControlResponse(
            200,
            .object([
                ("method", .string(request.method.rawValue)), ("path", .string(request.path)),
                ("query", .object(query)),
                ("body", .string(String(decoding: request.body, as: UTF8.self))),
            ]))
    }

    var path: String { "\(gitdir)/\(ControlServer.socketName)" }

    func send(_ request: ControlRequest) throws(Failure) -> ControlResponse? {
        try ControlClient(gitdir: gitdir).send(request, until: .longEnough)
    }

    /// A bare connection.
    func connect() throws -> FileDescriptor {
        guard
            let socket = try connectUnix(
                ControlServer.socketName, in: gitdir, until: .longEnough)
        else { throw Failure(.failed, "nobody listens on \(path)") }
        return socket
    }

    /// What comes back for bytes, up to the end of the connection.
    func exchange(_ text: String) throws -> String { try exchange(Array(text.utf8)) }

    func exchange(_ bytes: [UInt8]) throws -> String {
        let socket = try connect()
        let rest = ByteBuffer(bytes)
        while !rest.isEmpty {
            guard case .bytes(let count) = try sendWithoutSignal(socket.raw, from: rest) else {
                break
            }
            if count == 0 { _ = try wait(for: socket.raw, writing: true, until: .longEnough) }
        }
        return try readAll(socket.raw)
    }
}

/// All that comes from a socket until its end.
func readAll(_ socket: Int32) throws -> String {
    let buffer = ByteBuffer(capacity: 4096)
    var bytes: [UInt8] = []
    while try wait(for: socket, reading: true, until: .longEnough) {
        guard case .bytes = try read(socket, into: buffer) else {
            return String(decoding: bytes, as: UTF8.self)
        }
        bytes += buffer.takeAll()
    }
    throw Failure(.failed, "the connection does not end")
}

/// Replies that a test gives when it likes.
final class Held: Sendable {
    private let replies = Locked<[ControlReply]>([])

    func add(_ reply: @escaping ControlReply) { replies.with { $0.append(reply) } }

    var count: Int { replies.with { $0.count } }

    func take() -> [ControlReply] {
        replies.with { replies in
            defer { replies = [] }
            return replies
        }
    }

    /// Gives each held reply `response`.
    func release(_ response: ControlResponse = ControlResponse(200, .bool(true))) {
        for reply in take() { reply(response) }
    }
}

/// A thread that asks, and what came of it.
final class Asking: Sendable {
    private let outcome = Locked<Result<ControlResponse?, Failure>?>(nil)
    private let thread: Locked<JoinedThread?>

    init(_ request: ControlRequest, of gitdir: String) {
        let outcome = outcome
        thread = Locked(
            try? JoinedThread {
                let result: Result<ControlResponse?, Failure>
                do throws(Failure) {
                    result = .success(
                        try ControlClient(gitdir: gitdir).send(request, until: .longEnough))
                } catch {
                    result = .failure(error)
                }
                outcome.with { $0 = result }
            })
    }

    var isDone: Bool { outcome.with { $0 != nil } }

    /// Waits for the end.
    func result() throws(Failure) -> ControlResponse? {
        thread.with { $0 = nil }
        return try outcome.with { outcome throws(Failure) in try outcome?.get() ?? nil }
    }
}

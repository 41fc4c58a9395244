// HTTP by hand, on TCP: requests as raw as a test likes, and what came back.

import Model
import POSIX

/// What a server answered.
public struct HTTPAnswer: Sendable {
    public let status: Int
    /// By names in lower case.
    public let headers: [String: String]
    public let body: String

    public var json: JSON { JSON(parsing: Array(body.utf8)) ?? .null }

    /// Nil if `text` has no whole head.
    public init?(_ text: String) {
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { return nil }
        self.status = status
        headers = lines.dropFirst().reduce(into: [:]) { headers, line in
            guard let colon = line.firstIndex(of: ":") else { return }
            headers[line[..<colon].lowercased()] =
                String(line[line.index(after: colon)...].drop { $0 == " " })
        }
        body = String(text[end.upperBound...])
    }
}

/// A connection to 127.0.0.1, or to another address.
public final class HTTPConnection {
    public let socket: FileDescriptor
    private var bytes: [UInt8] = []

    public init(_ port: UInt16, at host: String? = nil) throws(Failure) {
        guard let host else {
            socket = try Loopback.connection(to: port)
            return
        }
        socket = try connectTCP(host: host, port: port, until: .after(.seconds(10)))
    }

    public func send(_ text: String) throws(Failure) { try send(Array(text.utf8)) }

    public func send(_ bytes: [UInt8]) throws(Failure) {
        let rest = ByteBuffer(bytes)
        while !rest.isEmpty {
            guard case .bytes(let count) = try sendWithoutSignal(socket.raw, from: rest) else {
                return
            }
            if count == 0 { _ = try wait(for: socket.raw, writing: true, until: .longEnough) }
        }
    }

    /// Everything that has come.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Reads until `isEnough` holds for what has come, or to the end. False at the end, or if it takes
    /// too long.
    public func read(
        within time: Duration = longEnough, until isEnough: (String) -> Bool = { _ in false }
    ) throws(Failure) -> Bool {
        let deadline = Deadline.after(time)
        let buffer = ByteBuffer(capacity: 16 << 10)
        while !isEnough(text) {
            guard try wait(for: socket.raw, reading: true, until: deadline),
                case .bytes = try POSIX.read(socket.raw, into: buffer)
            else { return false }
            bytes += buffer.takeAll()
        }
        return true
    }
}

/// Asks 127.0.0.1, or `server`; `headers` are whole lines.
public func http(
    _ method: String, _ path: String, at server: String? = nil, port: UInt16,
    headers: [String] = [], body: String = ""
) throws(Failure) -> HTTPAnswer {
    let connection = try HTTPConnection(port, at: server)
    let host = headers.contains { $0.lowercased().hasPrefix("host:") } ? [] : ["Host: 127.0.0.1"]
    let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
    let lines = ["\(method) \(path) HTTP/1.1"] + host + headers + length + ["", ""]
    try connection.send(lines.joined(separator: "\r\n") + body)
    _ = try connection.read()
    guard let answer = HTTPAnswer(connection.text) else {
        throw Failure(.failed, "\(method) \(path) was not answered: \(connection.text)")
    }
    return answer
}

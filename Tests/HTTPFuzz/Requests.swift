// Requests as nobody should send them, each with what may come back.

import ControlAPI
import TestSupport

/// One request, as bytes.
struct FuzzedRequest {
    enum Way: CaseIterable { case loopback, anywhere, socket }

    var bytes: [UInt8]
    let way: Way
    /// Whether it is HTTP as it should be, so that there must be an answer.
    var isWhole = false
    /// Statuses that would be wrong though they are among those that are allowed.
    var forbidden: ClosedRange<Int>?
    let kind: String
}

/// Makes requests from random choices; the same for the same seed.
struct Requests {
    private var numbers: SeededNumbers
    private let tip: String
    private let secret: String

    private static let paths = [
        "/", "/livez", "/readyz", "/readyz?strict", "/healthz", "/metrics", "/v1/status",
        "/openapi.json", "/v1/push", "/v1/push?wait=1s", "/v1/reconcile?branch=main", "/v1/clone",
        "/v1/lock?for=10ms", "/v1/reload", "/v1/fetches", "/v1/events",
    ]
    private static let methods = [
        "GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS", "TRACE", "CONNECT", "PATCH", "get", "",
        "GET\t", "G\u{0}T", String(repeating: "M", count: 20_000),
    ]
    private static let versions = [
        "HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "HTTP/1.1 x", "http/1.1", "",
        "HTTP/",
    ]
    private static let headers = [
        "Host: 127.0.0.1", "Host: evil.example", "Host:", "Host: [::1", "Host : x", ": x", "x",
        "Origin: null", "Origin: http://127.0.0.1", "Content-Length: 0", "Content-Length: 5",
        "Content-Length: -1", "Content-Length: +5", "Content-Length: 5, 5",
        "Content-Length: 99999999999999999999", "Content-Length: 0x5", "Transfer-Encoding: chunked",
        "Transfer-Encoding: gzip, chunked", "Expect: 100-continue", "Expect: x", "Upgrade: h2c",
        "Connection: keep-alive, Upgrade", "Accept: \(String(repeating: "*/*;q=0.1,", count: 300))",
        "Last-Event-ID: x-18446744073709551616", "Last-Event-ID: \u{ff}", " folded", "A: \u{0}",
        "A: \r b",
        "X-GitHub-Event: ping", "X-Gitea-Event: push", "Authorization: Bearer",
        "X-Hub-Signature-256: sha256=zz", "Cookie: \(String(repeating: "c", count: 30_000))",
    ]

    init(seed: UInt64, tip: String, secret: String) {
        (numbers, self.tip, self.secret) = (SeededNumbers(seed: seed), tip, secret)
    }

    mutating func next() -> FuzzedRequest {
        switch Int.random(in: 0..<10, using: &numbers) {
        case 0: line()
        case 1, 2: head()
        case 3: changed()
        case 4: query()
        case 5: twoAtOnce()
        default: webhook()
        }
    }

    private mutating func one<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &numbers)]
    }

    private mutating func request(_ kind: String, _ text: String) -> FuzzedRequest {
        FuzzedRequest(bytes: Array(text.utf8), way: one(FuzzedRequest.Way.allCases), kind: kind)
    }

    private mutating func line() -> FuzzedRequest {
        var path = one(Self.paths)
        switch Int.random(in: 0..<7, using: &numbers) {
        case 0: path = "http://127.0.0.1" + path
        case 1: path += "/../" + one(["..%2f", "%00", "%", "%zz", "\u{e9}", "*"])
        case 2: path += String(repeating: one(["/", "a", "%41", "?", "&a"]), count: 9000)
        case 3: path = "/" + path
        case 4: path = String(path.dropFirst())
        default: break
        }
        return request(
            "line", "\(one(Self.methods)) \(path) \(one(Self.versions))\r\nHost: 127.0.0.1\r\n\r\n")
    }

    private mutating func head() -> FuzzedRequest {
        let count = one([0, 1, 2, 5, 400])
        let lines = (0..<count).map { _ in one(Self.headers) }
        let end = one(["\r\n", "\r\n", "\n", "\r", "\r\n\r\n"])
        let text = (["\(one(["GET", "POST"])) \(one(Self.paths)) HTTP/1.1"] + lines).joined(
            separator: end)
        return request("headers", text + end + end + one(["", "hello", "5\r\nhello\r\n0\r\n\r\n"]))
    }

    /// A good request of which some bytes are not as they were, or are missing.
    private mutating func changed() -> FuzzedRequest {
        var request = request(
            "bytes",
            "POST \(one(Self.paths)) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}")
        for _ in 0..<Int.random(in: 0...6, using: &numbers) {
            let place = Int.random(in: 0..<request.bytes.count, using: &numbers)
            request.bytes[place] = UInt8.random(in: 0...255, using: &numbers)
        }
        if Bool.random(using: &numbers) {
            request.bytes.removeLast(Int.random(in: 0..<request.bytes.count, using: &numbers))
        }
        return request
    }

    private mutating func query() -> FuzzedRequest {
        let names = ["branch", "wait", "for", "token", "release", "strict", "x", "", "%00", "%ff"]
        let values = [
            "main", "", "1ms", "0", "-1s", "99999h", "1e9s", "%F0%9F%92%A9", "%", "%0a", "a=b", "+",
            String(repeating: "v", count: 4000),
        ]
        let fields = (0..<Int.random(in: 1...4, using: &numbers)).map { _ in
            "\(one(names))=\(one(values))"
        }
        let path = one([
            "/v1/push", "/v1/reconcile", "/v1/lock", "/readyz", "/v1/status", "/", "/metrics",
        ])
        var request = request(
            "query",
            "\(one(["GET", "POST", "DELETE"])) \(path)?\(fields.joined(separator: "&")) HTTP/1.1\r\n"
                + "Host: localhost\r\n\r\n")
        request.isWhole = request.bytes.count < 10_000
        return request
    }

    /// A second one behind the first, which a connection is not for.
    private mutating func twoAtOnce() -> FuzzedRequest {
        let first = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
        return request("two", first + "POST /v1/reload HTTP/1.1\r\nHost: localhost\r\n\r\n")
    }

    private mutating func webhook() -> FuzzedRequest {
        let isBroken = Bool.random(using: &numbers)
        let body =
            isBroken
            ? Bodies.broken(&numbers, tip: tip) : Array(Bodies.whole(&numbers, tip: tip).utf8)
        let right = hexadecimal(sha256(body, key: Array(secret.utf8)) ?? [])
        let wrong = hexadecimal(sha256(body + [0], key: Array(secret.utf8)) ?? [])
        let (proof, isProven): (String, Bool) = one([
            ("Authorization: Bearer \(secret)", true),
            ("X-Hub-Signature-256: sha256=\(right)", true),
            ("X-Hub-Signature-256: sha256=\(right)", true),
            ("X-Hub-Signature-256: sha256=\(wrong)", false),
            ("X-Hub-Signature-256: sha1=\(right)", false),
            ("X-Hub-Signature-256: sha256=\(right)00", false),
            ("X-Hub-Signature-256: \r\nAuthorization: Bearer \(secret)", false),
            ("Authorization: Bearer \(secret.dropLast())", false), ("X: x", false),
        ])
        let type = one(["application/json", "application/x-www-form-urlencoded", "text/plain", ""])
        let event = one([
            "X-GitHub-Event: push", "X-Gitea-Event: push", "X-GitHub-Event: ping", "X: y",
        ])
        let head = """
            POST /v1/reload HTTP/1.1\r
            Host: localhost\r
            \(proof)\r
            Content-Type: \(type)\r
            \(event)\r
            Content-Length: \(body.count)\r
            \r

            """
        var request = request("webhook", head)
        request.bytes += body
        request.isWhole = true
        request.forbidden = isProven ? 401...401 : 200...299
        return request
    }
}

private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

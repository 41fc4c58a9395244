// Requests that no verb would send: each gets its refusal, and the server goes on.

import Model
import POSIX
import TestSupport
import Testing

@testable import ControlAPI

@Suite("Hostile requests")
struct HostileRequestTests {
    private static func request(_ line: String, _ headers: [String] = [], body: String = "")
        -> String
    {
        ([line, "Host: x"] + headers + ["", body]).joined(separator: "\r\n")
    }

    @Test(
        "each refusal has its status and says why in JSON",
        arguments: [
            ("GET /none HTTP/1.1", 404), ("GET / HTTP/1.1", 404), ("GET /echo/ HTTP/1.1", 404),
            ("GET /%65cho HTTP/1.1", 404), ("GET /echo%00 HTTP/1.1", 404),
            ("GET //echo HTTP/1.1", 404), ("GET http://x/echo HTTP/1.1", 404),
            ("OPTIONS * HTTP/1.1", 404), ("PATCH /none HTTP/1.1", 404),
            ("DELETE /echo HTTP/1.1", 405), ("get /echo HTTP/1.1", 405),
            ("POST /late HTTP/1.1", 405), ("GET /v1/push HTTP/1.1", 405),
            ("HEAD /v1/push HTTP/1.1", 405),
            ("GET /echo?%zz HTTP/1.1", 400), ("GET /echo?a=%f HTTP/1.1", 400),
            ("GET /echo?a=%ff HTTP/1.1", 400), ("GET /echo?a=%00 HTTP/1.1", 400),
            ("GET /echo?a=%0a HTTP/1.1", 400), ("GET /echo?a=1&a=2 HTTP/1.1", 400),
        ])
    func refusals(line: String, status: Int) throws {
        let served = try Served()
        let answer = try served.exchange(Self.request(line))
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        guard !line.hasPrefix("HEAD") else { return }
        #expect(answer.contains("\r\nContent-Type: application/json\r\n"))
        #expect(answer.contains("{\"error\":\""), "\(answer)")
        #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
    }

    @Test("a method that a path does not take is told which it takes")
    func allow() throws {
        let served = try Served()
        let answer = try served.exchange(Self.request("PUT /echo HTTP/1.1"))
        #expect(answer.contains("\r\nAllow: GET, HEAD, POST\r\n"))
        #expect(answer.hasSuffix("{\"error\":\"this path takes GET, HEAD, POST\"}"))
    }

    @Test("HEAD is a GET without a body")
    func head() throws {
        let served = try Served()
        let answer = try served.exchange(Self.request("HEAD /echo HTTP/1.1"))
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test(
        "a body that is too large, chunked or of no length is refused before it is read",
        arguments: [
            ("Content-Length: 65537", 413), ("Content-Length: 99999999999999999999", 413),
            ("Transfer-Encoding: chunked", 411),
        ])
    func bodies(header: String, status: Int) throws {
        let served = try Served()
        let answer = try served.exchange(Self.request("POST /echo HTTP/1.1", [header]))
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
    }

    @Test("a client that sends too large a body is told so")
    func oversize() throws {
        let served = try Served()
        let body = [UInt8](repeating: 0x20, count: 8 << 20)
        #expect(try served.send(ControlRequest(.post, "/echo", body: body))?.status == 413)
    }

    @Test(
        "what is no HTTP ends its connection, with an error or without a word",
        arguments: [
            "\r\n\r\n\r\n\r\n", "GET\r\n\r\n", "GET /echo\r\n\r\n", "GET /echo HTTP/9.9\r\n\r\n",
            "GET /echo HTTP/1.1 extra\r\nHost: x\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
            "GET /echo HTTP/1.1\r\nHost\r\n\r\n", "GET /echo HTTP/1.1\r\n: x\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3x\r\n\r\nabc",
            "GET /echo HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        ])
    func noHTTP(text: String) throws {
        var limits = ControlLimits()
        limits.readingTime = .milliseconds(100)
        let served = try Served(limits: limits)
        let answer = try served.exchange(text)
        #expect(answer.isEmpty || answer.hasPrefix("HTTP/1."), "\(answer)")
        #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
    }

    @Test("a line or headers without end are refused")
    func endless() throws {
        let served = try Served()
        let long = String(repeating: "a", count: 1 << 20)
        for text in [
            "GET /\(long) HTTP/1.1\r\n\r\n", Self.request("GET /echo HTTP/1.1", ["A: \(long)"]),
        ] {
            let answer = try served.exchange(text)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(100))")
        }
        #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
    }

    @Test("random bytes in a request do not stop the server")
    func random() throws {
        let served = try Served()
        var numbers = SeededNumbers(seed: 7)
        let whole = Array(
            Self.request("POST /echo?a=b%20c HTTP/1.1", ["Content-Length: 3"], body: "abc").utf8)
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &numbers) {
                let place = Int.random(in: 0..<bytes.count, using: &numbers)
                bytes[place] = UInt8.random(in: 0...255, using: &numbers)
            }
            let socket = try served.connect()
            _ = try sendWithoutSignal(socket.raw, from: ByteBuffer(bytes))
        }
        #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
    }
}

// What the client makes of the bytes that come back.

import Model
import Testing

@testable import ControlAPI

@Suite("Responses")
struct ResponseTests {
    private func parsed(_ text: String) -> ReceivedResponse { parseResponse(Array(text.utf8)) }

    @Test("a whole response is read, whatever the case of its headers")
    func whole() {
        let response = parsed("HTTP/1.1 200 OK\r\nX: y\r\ncontent-LENGTH: 4\r\n\r\ntrue")
        #expect(response == .whole(ControlResponse(200, .bool(true))))
    }

    @Test("every part of a response is one that was cut short")
    func cut() {
        let whole = Array("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue".utf8)
        for count in whole.indices {
            #expect(parseResponse(Array(whole.prefix(count))) == .cutShort)
        }
    }

    @Test(
        "what is no answer of an engine is not taken for one",
        arguments: [
            "SSH-2.0-OpenSSH\r\n", "HTTP/1.1 200 OK\r\n\r\ntrue",
            "HTTP/1.1 20 OK\r\nContent-Length: 4\r\n\r\ntrue",
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue!",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "\r\n\r\n",
        ])
    func malformed(text: String) { #expect(parsed(text) == .malformed) }

    @Test("one that is larger than allowed is not read")
    func tooLarge() {
        let bytes = [UInt8](repeating: 0x48, count: mostResponseBytes + 1)
        #expect(parseResponse(bytes) == .malformed)
    }

    @Test("what a query holds comes back as it was")
    func query() {
        for text in ["", "a b", "&=?%/+#", "ümlaut", "30s"] {
            #expect(decoded(Array(encoded(text).utf8)) == text)
        }
    }
}

// Where may be listened, and what is said where it cannot.

import Model
import TestSupport
import Testing

@testable import POSIX

@Suite("Listening on TCP")
struct TCPListenerTests {
    @Test(
        "an address is read and written",
        arguments: [
            ("127.0.0.1:7418", "127.0.0.1:7418", true), ("[::1]:0", "[::1]:0", true),
            ("localhost:80", "127.0.0.1:80", true), ("127.9.8.7:1", "127.9.8.7:1", true),
            ("0.0.0.0:80", "0.0.0.0:80", false), ("[::]:65535", "[::]:65535", false),
            ("10.0.0.1:80", "10.0.0.1:80", false), ("[::2]:80", "[::2]:80", false),
            ("[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80", false),
            ("[1::1]:80", "[1::1]:80", false),
        ])
    func addresses(text: String, shown: String, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.description == shown)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(
        "what is no address and port is none",
        arguments: [
            "", "127.0.0.1", ":80", "80", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80",
            "[::1]", "[127.0.0.1]:80", "example.com:80", "127.0.0.1:80 ", "localhost.evil:80",
            "[::1:80", "127.0.0.256:80",
        ])
    func noAddress(text: String) { #expect(ListenAddress(text) == nil) }

    @Test("for port 0 the system chooses one, and it is told", arguments: ["127.0.0.1", "[::1]"])
    func anyPort(host: String) throws {
        let listener = try TCPListener(try #require(ListenAddress("\(host):0")))
        let bound = try #require(ListenAddress(listener.address))
        #expect(bound.port != 0)
        #expect(listener.address.hasPrefix("\(host):"))
    }

    @Test("an address that another listens on is named, and is a configuration error")
    func taken() throws {
        let first = try TCPListener(try #require(ListenAddress("127.0.0.1:0")))
        let address = try #require(ListenAddress(first.address))
        let failure = #expect(throws: Failure.self) { try TCPListener(address) }
        #expect(failure?.kind == .configuration)
        #expect(failure?.message == "cannot listen on \(address): Address already in use")
    }
}

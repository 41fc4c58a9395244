// A service manager's socket: where it may be, and what arrives there.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A notify socket")
struct NotifySocketTests {
    @Test(
        "takes lines as one datagram, at a path and at an abstract address",
        arguments: [false, true])
    func sent(isAbstract: Bool) throws {
        let manager = try NotifyListener(isAbstract: isAbstract)
        let socket = try NotifySocket(manager.address)
        try socket.send(["READY=1"])
        try socket.send(["STATUS=a, b", "WATCHDOG=1"])
        manager.take()
        #expect(manager.told == ["READY=1", "STATUS=a, b\nWATCHDOG=1"])
    }

    @Test("that nobody listens on any more is a failure, and no wait")
    func gone() throws {
        let address = try NotifyListener().address
        let socket = try NotifySocket(address)
        #expect(throws: Failure.self) { try socket.send(["READY=1"]) }
    }

    @Test("whose queue is full is a failure, and no wait")
    func full() throws {
        let manager = try NotifyListener()
        let socket = try NotifySocket(manager.address)
        let failure = #expect(throws: Failure.self) {
            for _ in 0..<10_000 { try socket.send(["STATUS=again"]) }
        }
        #expect(failure?.message.contains("NOTIFY_SOCKET") == true)
        manager.take()
        try socket.send(["READY=1"])
    }

    @Test(
        "is an absolute path or an abstract name, of the length that the system takes",
        arguments: [
            "", "@", "/", "relative", "vsock:2:1234", "/" + String(repeating: "a", count: 107),
            "@" + String(repeating: "a", count: 107),
        ])
    func noAddress(text: String) {
        let failure = #expect(throws: Failure.self) { try NotifySocket(text) }
        #expect(failure?.kind == .configuration)
    }
}

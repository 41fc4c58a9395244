// Connections within a deadline: refused, unanswered, and the second address where the first is dead.

import Model
import TestSupport
import Testing

@testable import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Connecting")
struct ConnectTests {
    /// A port on 127.0.0.1 where nothing listens, and that no listener of another test is given.
    private let closedPort: UInt16 = 1

    /// Fills the queue of `listener`, so that no further connection is answered. Returns what fills it.
    private func fill(_ listener: borrowing FileDescriptor, at address: SocketAddress) throws
        -> [FileDescriptorBox]
    {
        listen(listener.raw, 0)
        var boxes: [FileDescriptorBox] = []
        var failures = 0
        for _ in 0..<20 {
            do throws(Failure) {
                // Longer at the second time: was it the queue, or did the machine stand still?
                let patience = Duration.milliseconds(failures == 0 ? 100 : 1000)
                let socket = try connect(to: [address], called: "x", until: .after(patience))
                boxes.append(FileDescriptorBox(socket))
                failures = 0
            } catch { failures += 1 }
            if failures == 2 { return boxes }
        }
        Issue.record("the listener takes every connection")
        return boxes
    }

    final class FileDescriptorBox {
        let descriptor: FileDescriptor
        init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }
    }

    private func address(_ host: String, _ port: UInt16) throws -> SocketAddress {
        try #require(try resolve(host, port: port, until: .longEnough).first)
    }

    @Test(
        "a listener is reached, by a socket that does not block",
        arguments: ["127.0.0.1", "localhost"])
    func reached(host: String) throws {
        let listener = try Loopback.listener()
        let socket = try connectTCP(
            host: host, port: Loopback.port(of: listener.raw), until: .longEnough)
        #expect(fcntl(socket.raw, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(socket.raw, F_GETFD) & FD_CLOEXEC != 0)
        #expect(try read(socket.raw, into: ByteBuffer(capacity: 1)) == .wouldBlock)
    }

    @Test("a closed port is unreachable at once, in the system's words")
    func refused() throws {
        let port = closedPort
        let failure = #expect(throws: Failure.self) {
            _ = try connectTCP(host: "127.0.0.1", port: port, until: .never)
        }
        #expect(failure?.kind == .unreachable)
        #expect(failure?.message == "cannot connect to 127.0.0.1 port \(port): Connection refused")
    }

    @Test("a host that does not answer is given up at the deadline")
    func unanswered() throws {
        let listener = try Loopback.listener()
        let port = Loopback.port(of: listener.raw)
        let full = try fill(listener, at: address("127.0.0.1", port))
        let start = monotonicNanoseconds()
        let failure = #expect(throws: Failure.self) {
            _ = try connectTCP(host: "127.0.0.1", port: port, until: .after(.milliseconds(200)))
        }
        let took = monotonicNanoseconds() - start
        #expect(failure?.kind == .unreachable)
        #expect(failure?.message.hasSuffix("no answer in time") == true)
        #expect(took >= 200_000_000)
        withExtendedLifetime(full) {}
    }

    @Test("where ::1 refuses, 127.0.0.1 is taken at once")
    func fallsBack() throws {
        let listener = try Loopback.listener()
        let port = Loopback.port(of: listener.raw)
        let addresses = [try address("::1", port), try address("127.0.0.1", port)]
        #expect(addresses.map(\.family) == [AF_INET6, AF_INET])
        let socket = try connect(to: addresses, called: "x", until: .longEnough)
        #expect(Loopback.port(of: socket.raw) != 0)
    }

    @Test("where the first address is silent, the second has won before the deadline")
    func happyEyeballs() throws {
        let silent = try Loopback.listener()
        let answering = try Loopback.listener()
        let dead = try address("127.0.0.1", Loopback.port(of: silent.raw))
        let alive = try address("127.0.0.1", Loopback.port(of: answering.raw))
        let full = try fill(silent, at: dead)
        let start = monotonicNanoseconds()
        let socket = try connect(to: [dead, alive], called: "x", until: .longEnough)
        let took = monotonicNanoseconds() - start
        #expect(took >= 240_000_000)
        #expect(try wait(for: answering.raw, reading: true, until: .longEnough))
        withExtendedLifetime((full, socket.raw)) {}
    }

    @Test("a failure among those under way lets the next one start at once")
    func nextAtOnce() throws {
        let answering = try Loopback.listener()
        // A quarter of a second for each would be longer than any machine stands still.
        let closed = try address("127.0.0.1", closedPort)
        let dead = Array(repeating: closed, count: 400)
        let alive = try address("127.0.0.1", Loopback.port(of: answering.raw))
        let start = monotonicNanoseconds()
        _ = try connect(to: dead + [alive], called: "x", until: .longEnough)
        #expect(monotonicNanoseconds() - start < 90_000_000_000)
    }

    @Test("a unix socket is reached, or refused with its path")
    func unix() throws {
        let listener = try UnixListener()
        let socket = try connectUnix(listener.path)
        #expect(fcntl(socket.raw, F_GETFL) & O_NONBLOCK != 0)
        _ = try listener.next()
        for path in ["/nonexistent/socket", "/" + String(repeating: "x", count: 200)] {
            let failure = #expect(throws: Failure.self) { _ = try connectUnix(path) }
            #expect(failure?.kind == .failed)
            #expect(failure?.message.contains(path) == true)
        }
    }

    @Test("one begun to an address is taken by who goes there, and closed by who goes elsewhere")
    func begun() throws {
        let listener = try Loopback.listener()
        let port = Loopback.port(of: listener.raw)
        #expect(BegunConnection(address: "localhost", port: port) == nil)
        for host in ["127.0.0.1", "127.0.0.2"] {
            let begun = try #require(BegunConnection(address: "127.0.0.1", port: port))
            #expect(try wait(for: listener.raw, reading: true, until: .longEnough))
            guard let accepted = Loopback.next(from: listener.raw) else {
                Issue.record("nobody connects")
                return
            }
            let taken = begun.take(to: host, port: port)
            #expect((taken == nil) == (host == "127.0.0.2"))
            #expect(begun.take(to: host, port: port) == nil)
            if let taken { close(taken) }
            #expect(try wait(for: accepted.raw, reading: true, until: .longEnough))
            #expect(try read(accepted.raw, into: ByteBuffer(capacity: 1)) == .end)
        }
    }
}

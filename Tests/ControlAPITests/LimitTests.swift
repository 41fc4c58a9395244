// Clients in great number, clients that hang up, stall or send too much: each is bounded, and none
// leaves anything behind.

import Model
import POSIX
import TestSupport
import Testing

@testable import ControlAPI

@Suite("What clients may do", .serialized)
struct LimitTests {
    @Test("200 clients at once are all answered, and no more connections are open than allowed")
    func manyClients() throws {
        var limits = ControlLimits()
        limits.connections = 16
        let served = try Served(limits: limits)
        let all = (0..<200).map { _ in Asking(ControlRequest(.get, "/late"), of: served.gitdir) }
        var most = 0
        while !all.allSatisfy(\.isDone) {
            let isFull = eventually(within: .milliseconds(200)) { served.held.count >= 16 }
            if isFull { most = max(most, served.held.count) }
            served.held.release()
        }
        #expect(most == 16)
        for one in all { #expect(try one.result()?.status == 200) }
    }

    @Test("idle connections give way to a request when there are too many")
    func idleConnections() throws {
        var limits = ControlLimits()
        limits.connections = 8
        limits.crowdedReadingTime = .milliseconds(20)
        let served = try Served(limits: limits)
        var idle: [Int32] = []
        defer { for socket in idle { _ = FileDescriptor(owning: socket) } }
        for _ in 0..<40 { idle.append(try served.connect().release()) }
        #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
    }

    @Test("a request that is not whole in time ends its connection, also if it trickles in")
    func slowSender() throws {
        var limits = ControlLimits()
        limits.readingTime = .milliseconds(100)
        let served = try Served(limits: limits)
        let socket = try served.connect()
        let ended = try eventually {
            let byte = ByteBuffer(Array("a".utf8))
            return try sendWithoutSignal(socket.raw, from: byte) == .closed
        }
        #expect(ended)
    }

    @Test(
        "a client that does not take its response loses its connection, also if that came late",
        arguments: ["/large", "/late"])
    func slowReceiver(path: String) throws {
        let folder = try TemporaryDirectory()
        let held = Held()
        var limits = ControlLimits()
        limits.sendingTime = .milliseconds(50)
        // No other deadline may be what wakes the desk.
        limits.readingTime = longEnough * 4
        limits.crowdedReadingTime = longEnough * 4
        limits.replyTime = longEnough * 4
        let large = ControlResponse(200, .string(String(repeating: "x", count: 3 << 20)))
        let routes = [ControlRoute(.get, "/large"), ControlRoute(.get, "/late")]
        let server = try ControlServer(gitdir: folder.path, routes: routes, limits: limits) {
            if $0.path == "/late" { held.add($1) } else { $1(large) }
        }
        // Several times, because the desk may still be awake at the time of a late reply.
        for _ in 0..<10 {
            let name = ControlServer.socketName
            guard let slow = try connectUnix(name, in: folder.path, until: .longEnough) else {
                throw Failure(.failed, "nobody listens")
            }
            let request = ByteBuffer(Array("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            _ = try sendWithoutSignal(slow.raw, from: request)
            if path == "/late" {
                try #require(eventually { held.count == 1 })
                held.release(large)
            }
            try #require(eventually { unreadBytes(in: slow.raw) > 0 })
            try #require(eventually { server.openConnections == 0 })
            #expect(try readAll(slow.raw).utf8.count < 3 << 20)
        }
        server.stop()
    }

    @Test("a client that hangs up before its reply gives its place to others at once")
    func hangUp() throws {
        var limits = ControlLimits()
        limits.connections = 2
        let served = try Served(limits: limits)
        for round in 1...20 {
            do {
                let socket = try served.connect()
                let request = ByteBuffer(Array("GET /late HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
                _ = try sendWithoutSignal(socket.raw, from: request)
                try #require(eventually { served.held.count == round })
            }
        }
        #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
        #expect(eventually { served.server.openConnections == 0 })
        // Nobody waits for these any more.
        served.held.release()
        #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
    }

    @Test("a client that has said all and only listens still gets its reply")
    func halfClosed() throws {
        let served = try Served()
        let socket = try served.connect()
        let request = ByteBuffer(Array("GET /late HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
        _ = try sendWithoutSignal(socket.raw, from: request)
        #expect(eventually { served.held.count == 1 })
        finishWriting(socket.raw)
        served.held.release()
        #expect(try readAll(socket.raw).hasPrefix("HTTP/1.1 200 "))
    }

    @Test("1,000 requests, and as many hang-ups, leave no descriptor open")
    func descriptors() throws {
        let served = try Served()
        // Other tests of this process open some as well.
        let before = directoryEntries("/proc/self/fd")?.count ?? 0
        for _ in 0..<1000 {
            #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
            _ = try served.connect()
        }
        #expect(eventually { served.server.openConnections == 0 })
        #expect((directoryEntries("/proc/self/fd")?.count ?? 0) < before + 150)
    }

    @Test("100 servers, one after the other, leave no descriptor open")
    func servers() throws {
        let before = directoryEntries("/proc/self/fd")?.count ?? 0
        for _ in 0..<100 {
            let served = try Served()
            _ = try served.send(ControlRequest(.get, "/echo"))
            #expect(throws: Failure.self) { try Served.serve(served.gitdir) }
        }
        #expect((directoryEntries("/proc/self/fd")?.count ?? 0) < before + 150)
    }
}

// A verb asks, the engine answers: at once, late, never, and to many.

import Model
import POSIX
import TestSupport
import Testing

@testable import ControlAPI

@Suite("Requests and replies")
struct RoundTripTests {
    @Test(
        "a request comes whole and its reply goes back, however long the gitdir's path is",
        arguments: [0, 2, 20])
    func roundTrip(depth: Int) throws {
        let served = try Served(depth: depth)
        let body = "{\"ümlaut\":[1,2]}"
        let request = ControlRequest(
            .post, "/echo", query: ["wait": "30s", "é & =": "50 % +?/", "": "x"],
            body: Array(body.utf8))
        let response = try #require(try served.send(request))
        #expect(response == Served.echo(request))
        #expect(response.body["body"]?.string == body)
    }

    @Test("a body as large as allowed comes whole")
    func largeBody() throws {
        let served = try Served()
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: ControlLimits().body)
        let response = try served.send(ControlRequest(.post, "/echo", body: body))
        #expect(response?.status == 200)
        #expect(response?.body["body"]?.string?.utf8.count == body.count)
    }

    @Test("a reply that comes later, from another thread, is received; a second one is not")
    func lateReply() throws {
        let served = try Served()
        let asking = Asking(ControlRequest(.get, "/late"), of: served.gitdir)
        #expect(eventually { served.held.count == 1 })
        #expect(!asking.isDone)
        // Others are served meanwhile.
        #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
        let first = ControlResponse(202, .string("late"))
        for reply in served.held.take() {
            reply(first)
            reply(ControlResponse(500, .null))
        }
        #expect(try asking.result() == first)
    }

    @Test("of several replies to one request, from several threads, one is received")
    func oneReply() throws {
        let folder = try TemporaryDirectory()
        let threads = Locked<[JoinedThread]>([])
        let server = try ControlServer(
            gitdir: folder.path, routes: [ControlRoute(.get, "/")]
        ) { _, reply in
            let racing = (0..<4).compactMap { number in
                try? JoinedThread { reply(ControlResponse(200 + number, .integer(number))) }
            }
            threads.with { $0 += racing }
        }
        for _ in 0..<100 {
            let client = ControlClient(gitdir: folder.path)
            let response = try client.send(ControlRequest(.get, "/"), until: .longEnough)
            let number = try #require(response?.status) - 200
            #expect(response?.body == .integer(number))
        }
        server.stop()
    }

    @Test("a reply that never comes ends with 504, and coming after that changes nothing")
    func noReply() throws {
        var limits = ControlLimits()
        limits.replyTime = .milliseconds(50)
        let served = try Served(limits: limits)
        let response = try served.send(ControlRequest(.get, "/late"))
        #expect(response == .error(504, "the engine has not answered in time"))
        served.held.release()
        #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
    }

    @Test("a reply that may take any time is waited for, beside one that may not")
    func longReply() throws {
        var limits = ControlLimits()
        limits.replyTime = .milliseconds(20)
        let served = try Served(limits: limits)
        let patient = Asking(ControlRequest(.post, "/later"), of: served.gitdir)
        #expect(eventually { served.held.count == 1 })
        for _ in 0..<3 {
            #expect(try served.send(ControlRequest(.get, "/late"))?.status == 504)
        }
        #expect(!patient.isDone)
        served.held.release()
        #expect(try patient.result()?.status == 200)
    }

    @Test("a client whose deadline is over before the reply says so")
    func impatientClient() throws {
        let served = try Served()
        let failure = #expect(throws: Failure.self) {
            try ControlClient(gitdir: served.gitdir)
                .send(ControlRequest(.get, "/late"), until: .after(.milliseconds(50)))
        }
        #expect(failure?.kind == .unreachable)
        #expect(failure?.message == "the engine of \(served.gitdir) has not answered in time")
    }

    @Test("an end of the server answers who waits with 503, and takes the socket away")
    func end() throws {
        let served = try Served()
        let asking = (0..<5).map { _ in Asking(ControlRequest(.get, "/late"), of: served.gitdir) }
        #expect(eventually { served.held.count == 5 })
        let idle = try served.connect()
        served.server.stop()
        #expect(!exists(served.path))
        #expect(try served.send(ControlRequest(.get, "/echo")) == nil)
        for one in asking { #expect(try one.result()?.status == 503) }
        #expect(try readAll(idle.raw) == "")
        served.held.release()
    }

    @Test("replies that are given just before the end are still received")
    func lastReplies() throws {
        for _ in 0..<20 {
            let served = try Served()
            let asking = (0..<3).map { _ in
                Asking(ControlRequest(.get, "/late"), of: served.gitdir)
            }
            #expect(eventually { served.held.count == 3 })
            served.held.release()
            served.server.stop()
            for one in asking { #expect(try one.result()?.status == 200) }
        }
    }

    @Test("a gitdir without an engine has no answer: no socket, and one of a killed engine")
    func noEngine() throws {
        let folder = try TemporaryDirectory()
        let client = ControlClient(gitdir: folder.path)
        let request = ControlRequest(.get, "/echo")
        #expect(try client.send(request, until: .longEnough) == nil)
        try leaveStaleSocket(folder.file(ControlServer.socketName))
        #expect(try client.send(request, until: .longEnough) == nil)
        let failure = #expect(throws: Failure.self) {
            try ControlClient(gitdir: folder.file("none")).send(request, until: .longEnough)
        }
        #expect(failure?.message.contains("No such file") == true)
    }
}

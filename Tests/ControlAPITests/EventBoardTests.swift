// Events for listeners: their order, what is told again, and listeners that are too many or too slow.

import Model
import POSIX
import TestSupport
import Testing

@testable import ControlAPI

/// All that waits in a stream.
private func text(_ stream: EventStream?) throws -> String {
    let stream = try #require(stream)
    var bytes: [UInt8] = []
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
    defer { unsafe memory.deallocate() }
    while case .bytes(let count) = unsafe stream.take(into: memory) {
        unsafe bytes += memory.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
}

private func ids(_ text: String) -> [String] {
    text.split(separator: "\n").filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
}

@Suite("The event board")
struct EventBoardTests {
    private func board(_ count: Int, limits: EventLimits = EventLimits()) -> EventBoard {
        let board = EventBoard(run: "r", limits: limits)
        for number in 0..<count { board.post("push", .integer(number + 1)) }
        return board
    }

    @Test("the last events can be had as they were posted, the oldest first")
    func last() {
        let board = board(3)
        let odd: JSON = .object([("a", .string("\ndata: \u{2028}x"))])
        board.post("odd", odd)
        #expect(board.last(2) == [.integer(3), odd])
        #expect(board.last(99).count == 4)
    }

    @Test("a listener gets what is posted from now on, in its order, as server-sent events")
    func live() throws {
        let board = board(3)
        let stream = board.listen(after: nil)
        board.post("push", .object([("a", .string("one\ntwo"))]))
        board.post("error", .null)
        #expect(
            try text(stream)
                == "retry: 2000\n\nid: r-4\nevent: push\ndata: {\"a\":\"one\\ntwo\"}\n\n"
                + "id: r-5\nevent: error\ndata: null\n\n")
    }

    @Test("who comes back gets what came since its last event, and nothing twice")
    func replay() throws {
        let board = board(1000)
        #expect(ids(try text(board.listen(after: "r-998"))) == ["r-999", "r-1000"])
        #expect(ids(try text(board.listen(after: "r-1000"))) == [])
        #expect(ids(try text(board.listen(after: "r-0"))).count == 1000)
    }

    @Test(
        "events that are gone are told of by an event of its own, which has their count if it is known",
        arguments: [
            ("r-0", "500"), ("r-499", "1"), ("other-1400", "null"), ("r-99999", "null"),
            ("nonsense", "null"), ("", "null"), ("r-18446744073709551615", "null"),
        ])
    func gap(last: String, missed: String) throws {
        let told = try text(board(1500).listen(after: last))
        #expect(told.contains("event: gap\ndata: {\"event\":\"gap\",\"missed\":\(missed)}\n\n"))
        #expect(ids(told).count == 1001)
        #expect(ids(told).first == "r-500")
        // With the gap's own id one comes back to the same place.
        #expect(ids(try text(board(1500).listen(after: "r-500"))).count == 1000)
    }

    @Test("no more may listen than allowed; one that leaves gives its place to another")
    func tooMany() throws {
        var limits = EventLimits()
        limits.listeners = 2
        let board = board(1, limits: limits)
        let first = board.listen(after: nil)
        let second = board.listen(after: nil)
        #expect(board.listen(after: nil) == nil)
        try #require(first).close()
        #expect(board.listen(after: nil) != nil)
        #expect(second != nil)
    }

    @Test("a listener that does not take what comes is dropped, and the others are not")
    func slow() throws {
        var limits = EventLimits()
        limits.waiting = 1000
        let board = board(0, limits: limits)
        let slow = try #require(board.listen(after: nil))
        let quick = try #require(board.listen(after: nil))
        for _ in 0..<100 {
            board.post("push", .string(String(repeating: "x", count: 100)))
            #expect(!(try text(quick)).isEmpty)
        }
        #expect(board.listeners == 1)
        #expect(try text(slow) == "")
        var byte: UInt8 = 0
        #expect(unsafe withUnsafeMutableBytes(of: &byte) { unsafe slow.take(into: $0) } == .end)
    }

    @Test("what is kept has a bound in bytes as well")
    func bytes() throws {
        var limits = EventLimits()
        limits.keptBytes = 10_000
        let board = EventBoard(run: "r", limits: limits)
        for _ in 0..<100 { board.post("push", .string(String(repeating: "x", count: 1000))) }
        let told = try text(board.listen(after: "r-0"))
        #expect(told.utf8.count < 11_000)
        #expect(told.contains("\"missed\":"))
    }
}

// Waiting for descriptors.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Waiting")
struct PollTests {
    @Test("a wait ends at its deadline and says so")
    func deadline() throws {
        let pipe = try PipeEnds()
        defer { withExtendedLifetime(pipe) {} }
        let start = monotonicNanoseconds()
        let ready = try wait(
            for: pipe.reader, reading: true, until: .after(.milliseconds(50)))
        let took = monotonicNanoseconds() - start
        #expect(!ready)
        #expect(took >= 50_000_000)
    }

    @Test("what can be read, written or has gone is told apart")
    func events() throws {
        let pipe = try PipeEnds()
        defer { withExtendedLifetime(pipe) {} }
        let (reader, writer) = (pipe.reader, pipe.writer)
        var requests = [PollRequest(reader, reading: true), PollRequest(writer, writing: true)]
        #expect(try wait(for: &requests, until: .never))
        #expect(!requests[0].readable && requests[1].writable && !requests[1].hungUp)
        writeAll("x", to: writer)
        #expect(try wait(for: &requests, until: .never))
        #expect(requests[0].readable && !requests[0].hungUp)
        pipe.closeReader()
        requests = [PollRequest(writer)]
        #expect(try wait(for: &requests, until: .longEnough))
        #expect(requests[0].hungUp && !requests[0].writable && !requests[0].readable)
    }

    @Test("the end of a pipe is something to read")
    func end() throws {
        let pipe = try PipeEnds()
        defer { withExtendedLifetime(pipe) {} }
        pipe.closeWriter()
        #expect(
            try wait(for: pipe.reader, reading: true, until: .longEnough)
        )
    }

    @Test("what a pipe's reader has not taken can be counted")
    func unread() throws {
        let pipe = try PipeEnds()
        defer { withExtendedLifetime(pipe) {} }
        let (reader, writer) = (pipe.reader, pipe.writer)
        #expect(unreadBytes(in: writer) == 0)
        writeAll("abc", to: writer)
        #expect(unreadBytes(in: writer) == 3)
        let buffer = ByteBuffer(capacity: 2)
        _ = try read(reader, into: buffer)
        #expect(unreadBytes(in: writer) == 1)
        #expect(unreadBytes(in: -1) == 0)
    }
}

// The buffer of a relay, and the reads and writes that never wait.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Byte buffers")
struct ByteBufferTests {
    @Test("bytes come out in the order they went in, and an empty buffer begins anew")
    func order() throws {
        let pipe = try PipeEnds()
        defer { withExtendedLifetime(pipe) {} }
        let (reader, writer) = (pipe.reader, pipe.writer)
        let buffer = ByteBuffer(capacity: 8)
        for round in 0..<5 {
            writeAll("\(round)abcdef", to: writer)
            #expect(try read(reader, into: buffer) == .bytes(7))
            #expect(buffer.count == 7 && !buffer.isFull && !buffer.isEmpty)
            var last: [UInt8] = []
            buffer.withLast(2) { span in
                last = (0..<2).map {
                    unsafe span.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
                }
            }
            #expect(last == Array("ef".utf8))
            #expect(buffer.takeAll() == Array("\(round)abcdef".utf8))
            #expect(buffer.isEmpty)
        }
    }

    @Test("a read says what there is: bytes, nothing yet, or the end")
    func reads() throws {
        let pipe = try PipeEnds()
        defer { withExtendedLifetime(pipe) {} }
        let reader = pipe.reader
        let buffer = ByteBuffer(capacity: 4)
        #expect(try read(reader, into: buffer) == .wouldBlock)
        writeAll("abcdef", to: pipe.writer)
        #expect(try read(reader, into: buffer) == .bytes(4))
        #expect(buffer.isFull)
        buffer.clear()
        #expect(try read(reader, into: buffer) == .bytes(2))
        buffer.clear()
        pipe.closeWriter()
        #expect(try read(reader, into: buffer) == .end)
    }

    @Test("a write takes what fits, then nothing, and tells when the peer has gone")
    func writes() throws {
        ignoreBrokenPipes()
        let pipe = try PipeEnds()
        defer { withExtendedLifetime(pipe) {} }
        let writer = pipe.writer
        let buffer = ByteBuffer([UInt8](repeating: 7, count: 4 << 20))
        guard case .bytes(let taken) = try write(writer, from: buffer) else {
            Issue.record("nothing was taken")
            return
        }
        #expect(taken > 0 && taken < 4 << 20)
        #expect(buffer.count == 4 << 20 - taken)
        #expect(try write(writer, from: buffer) == .bytes(0))
        pipe.closeReader()
        #expect(try write(writer, from: buffer) == .closed)
    }

    @Test("a broken descriptor is a failure in the system's words")
    func broken() {
        let failure = #expect(throws: Failure.self) { try read(-1, into: ByteBuffer(capacity: 1)) }
        #expect(failure?.message == "cannot read: Bad file descriptor")
        #expect(throws: Failure.self) { try write(-1, from: ByteBuffer([1])) }
    }
}

// A child as a byte stream.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Process streams")
struct ProcessStreamTests {
    private final class Lines { var all: [String] = [] }

    private func stream(_ script: String, _ lines: Lines = Lines()) throws -> ProcessStream {
        ignoreBrokenPipes()
        return ProcessStream(
            try ChildProcess(["sh", "-c", script]), diagnostics: LineFilter { lines.all.append($0) }
        )
    }

    /// Reads to the stream's end.
    private func drain(_ stream: ProcessStream) throws -> [UInt8] {
        let buffer = ByteBuffer(capacity: 4096)
        var output: [UInt8] = []
        while true {
            switch try stream.read(into: buffer) {
            case .bytes: output += buffer.takeAll()
            case .end: return output
            case .wouldBlock:
                var requests = stream.interest(reading: true, writing: false)
                try #require(try wait(for: &requests, until: .longEnough))
                try stream.service()
            }
        }
    }

    @Test("what is written comes back, and the end of one way leaves the other open")
    func halfClose() throws {
        let stream = try stream("cat; echo after; exit 4")
        let buffer = ByteBuffer(Array("before\n".utf8))
        #expect(try stream.write(from: buffer) == .bytes(7))
        #expect(stream.finishWriting())
        #expect(try stream.write(from: ByteBuffer([1])) == .closed)
        #expect(String(decoding: try drain(stream), as: UTF8.self) == "before\nafter\n")
        #expect(try stream.end(by: .longEnough) == .exited(4))
    }

    @Test("its standard error arrives line by line, to the last one")
    func diagnostics() throws {
        let lines = Lines()
        let stream = try stream(
            "printf 'one\\r\\ntwo\\033[m\\n' >&2; echo out; printf three >&2", lines)
        #expect(try drain(stream) == Array("out\n".utf8))
        #expect(try stream.end(by: .longEnough) == .exited(0))
        #expect(lines.all == ["one", "two\\x1b[m", "three"])
    }

    @Test("a child that does not end by the deadline is ended, and its status is unknown")
    func deadline() throws {
        let stream = try stream("exec >&-; exec sleep 60")
        _ = try drain(stream)
        #expect(try stream.end(by: .after(.milliseconds(50))) == .unknown)
        #expect(stream.child.pollStatus() != nil)
    }

    @Test("a child that reads no more is closed, not an error")
    func noReader() throws {
        let stream = try stream("exec <&-; echo deaf; cat /dev/null; exec sleep 60")
        defer { stream.child.end(grace: .milliseconds(10)) }
        let buffer = ByteBuffer(capacity: 16)
        let heard = try eventually { try stream.read(into: buffer) == .bytes(5) }
        #expect(heard)
        #expect(try stream.write(from: ByteBuffer([1])) == .closed)
    }

    @Test("it asks poll only for what is wanted, and for standard error as long as there is one")
    func interest() throws {
        let stream = try stream("exec 2>&-; cat")
        #expect(stream.interest(reading: true, writing: true).count == 3)
        let closed = try eventually {
            try stream.service()
            return stream.interest(reading: false, writing: false).isEmpty
        }
        #expect(closed)
        #expect(stream.interest(reading: true, writing: false).map(\.writing) == [false])
        #expect(stream.interest(reading: false, writing: true).map(\.reading) == [false])
        #expect(stream.nextService == .never)
    }
}

// A far side that has taken bytes off its descriptor already, as libssh2 does: no descriptor tells of
// them any more, and the relay must not wait for one.

import Model
import POSIX
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("A relay whose far side holds bytes that no descriptor tells of")
struct RelayHeldBytesTests {
    private final class Waiting: RelayObserver {
        func sending(_ bytes: RawSpan) {}
        func received(_ bytes: RawSpan) {}
        var awaitsFar: Bool { true }
    }

    /// Gives a byte a read, and wakes nobody. What it holds besides comes to light by a write.
    private final class Held: ByteStream {
        private var left: Int
        private var hidden: Int

        init(_ count: Int, behindWrite hidden: Int = 0) {
            left = count
            self.hidden = hidden
        }

        func read(into buffer: ByteBuffer) throws(Failure) -> ReadOutcome {
            guard left > 0 else { return hidden > 0 ? .wouldBlock : .end }
            left -= 1
            return try unsafe buffer.fill { memory throws(Failure) in
                unsafe memory[0] = 0x61
                return .bytes(1)
            }
        }

        func write(from buffer: ByteBuffer) throws(Failure) -> WriteOutcome {
            (left, hidden) = (left + hidden, 0)
            let count = buffer.count
            buffer.clear()
            return .bytes(count)
        }

        func finishWriting() throws(Failure) -> Bool { true }
        func interest(reading: Bool, writing: Bool) -> [PollRequest] { [] }
        func service() throws(Failure) {}
        var nextService: Deadline { .never }
        var holdsBytes: Bool { hidden == 0 }
        func end(by deadline: Deadline) throws(Failure) -> POSIX.ExitStatus { .unknown }
    }

    /// What reaches the near side, and how the relay ended, when that side says `words` and then
    /// nothing.
    private func relay(_ far: Held, saying words: String = "") throws -> (RelayEnd, Int) {
        var (input, output) = ([-1, -1] as [Int32], [-1, -1] as [Int32])
        try #require(unsafe pipe(&input) == 0 && pipe(&output) == 0)
        defer { for descriptor in input + output { close(descriptor) } }
        if !words.isEmpty { writeAll(words, to: input[1]) }
        let relay = Relay(
            input: input[0], output: output[1], far: far, observer: Waiting(),
            limits: Relay.Limits(total: .longEnough))
        let end = try relay.run()
        return (end, unreadBytes(in: output[0]))
    }

    @Test("passes all of them on, however many reads that takes", arguments: [1, 15, 16, 17, 1000])
    func manyReads(count: Int) throws {
        let (end, passed) = try relay(Held(count))
        #expect(end == .farEnded)
        #expect(passed == count)
    }

    @Test("passes on what came in while it wrote")
    func cameWithWrite() throws {
        let (end, passed) = try relay(Held(3, behindWrite: 4), saying: "have")
        #expect(end == .farEnded)
        #expect(passed == 7)
    }
}

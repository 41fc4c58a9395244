// A far side made of two pipes, that counts what a relay asks of it and can be told to misbehave.

import Model
import POSIX
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a relay did to its far side.
struct Asked: Sendable {
    var interest = 0
    var service = 0
    /// Reads into a buffer that still held something.
    var readsAhead = 0
    var finish = 0
}

/// The far end of a relay, as a test double: `source` is read, `sink` is written.
final class PipeStream: ByteStream {
    private let source: Int32
    private let sink: Int32
    private let asked: Locked<Asked>
    /// How often the end of the input is not taken at once.
    private let reluctance: Int
    /// Breaks the carrier at the first read.
    private let breaks: Failure?
    private var sinkIsOpen = true

    /// Takes over `sink`, and closes it when the relay says that no more will come.
    init(
        source: Int32, sink: Int32, asked: Locked<Asked>, reluctance: Int = 0,
        breaks: Failure? = nil
    ) {
        self.source = source
        self.sink = sink
        self.asked = asked
        self.reluctance = reluctance
        self.breaks = breaks
    }

    deinit { closeSink() }

    func read(into buffer: ByteBuffer) throws(Failure) -> ReadOutcome {
        if let breaks { throw breaks }
        if !buffer.isEmpty { asked.with { $0.readsAhead += 1 } }
        return try POSIX.read(source, into: buffer)
    }

    func write(from buffer: ByteBuffer) throws(Failure) -> WriteOutcome {
        guard sinkIsOpen else { return .closed }
        return try POSIX.write(sink, from: buffer)
    }

    func finishWriting() -> Bool {
        let tries = asked.with {
            $0.finish += 1
            return $0.finish
        }
        guard tries > reluctance else { return false }
        closeSink()
        return true
    }

    func interest(reading: Bool, writing: Bool) -> [PollRequest] {
        asked.with { $0.interest += 1 }
        var requests: [PollRequest] = []
        if reading { requests.append(PollRequest(source, reading: true)) }
        if writing, sinkIsOpen { requests.append(PollRequest(sink, writing: true)) }
        return requests
    }

    var holdsBytes: Bool { false }

    func service() { asked.with { $0.service += 1 } }
    var nextService: Deadline { .never }
    func end(by deadline: Deadline) -> ExitStatus { .unknown }

    private func closeSink() {
        if sinkIsOpen { close(sink) }
        sinkIsOpen = false
    }
}

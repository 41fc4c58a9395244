import Model
import POSIX
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("A relay whose near side has ended")
struct RelayLingerTests {
    /// Counts nothing and expects nothing.
    private final class NoObserver: RelayObserver {
        func sending(_ bytes: RawSpan) {}
        func received(_ bytes: RawSpan) {}
        var awaitsFar: Bool { false }
    }

    /// Relays between a child `near` and a child `far`, both shell scripts.
    private func relay(near: String, far: String, _ limits: Relay.Limits) throws -> RelayEnd {
        let nearChild = try ChildProcess(["sh", "-c", near], error: .null)
        let farChild = try ChildProcess(["sh", "-c", far], error: .pipe)
        defer {
            nearChild.end(grace: .milliseconds(50))
            farChild.end(grace: .milliseconds(50))
        }
        return try Relay(
            input: try #require(nearChild.outputDescriptor),
            output: try #require(nearChild.inputDescriptor),
            far: ProcessStream(farChild, diagnostics: LineFilter { _ in }),
            observer: NoObserver(), limits: limits
        ).run()
    }

    @Test("gives the far side the whole linger from that end on, however long all was quiet before")
    func lingerBegins() throws {
        let times = [Duration.milliseconds(600), .seconds(3), .seconds(12)]
        let problem = try withMoreTime(times) { time in
            let milliseconds = time.milliseconds
            let end = try relay(
                near: "sleep \(seconds(milliseconds * 6 / 5)); exec >&-; cat >/dev/null",
                far: "cat; sleep \(seconds(milliseconds / 3)); echo late",
                Relay.Limits(linger: time))
            return end == .farEnded ? nil : "\(end)"
        }
        #expect(problem == nil)
    }

    /// Milliseconds as the far side's script wants them: in seconds.
    private func seconds(_ milliseconds: Int64) -> String { "\(Double(milliseconds) / 1000)" }

    @Test("gives the far side up when the linger is over")
    func lingerEnds() throws {
        let end = try relay(
            near: "exec >&-; cat >/dev/null", far: "exec sleep 30",
            Relay.Limits(linger: .milliseconds(100)))
        #expect(end == .farLingered)
    }

    /// Zeros without end: whoever polls it is woken at once, every time.
    private final class Zeros: ByteStream {
        private let file = FileDescriptor(owning: unsafe open("/dev/zero", O_RDONLY | O_CLOEXEC))
        private let patience = Deadline.longEnough

        func read(into buffer: ByteBuffer) throws(Failure) -> ReadOutcome {
            if patience.hasPassed { throw Failure(.failed, "nobody ended this") }
            return try POSIX.read(file.raw, into: buffer)
        }
        func write(from buffer: ByteBuffer) throws(Failure) -> WriteOutcome { .closed }
        func finishWriting() throws(Failure) -> Bool { true }
        func interest(reading: Bool, writing: Bool) -> [PollRequest] {
            [PollRequest(file.raw, reading: true)]
        }
        func service() throws(Failure) {}
        var nextService: Deadline { .never }
        var holdsBytes: Bool { false }
        func end(by deadline: Deadline) throws(Failure) -> POSIX.ExitStatus { .unknown }
    }

    @Test("ends by its total though bytes never stop")
    func totalUnderFlood() throws {
        let null = FileDescriptor(owning: unsafe open("/dev/null", O_RDWR | O_CLOEXEC))
        let relay = Relay(
            input: null.raw, output: null.raw, far: Zeros(), observer: NoObserver(),
            limits: Relay.Limits(total: .after(.milliseconds(100))))
        #expect(try relay.run() == .timedOut)
    }
}

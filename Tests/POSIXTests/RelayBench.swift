// A relay on a thread of its own, with a test at both of its ends.

import Model
import POSIX
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Says whose turn it is, as the test wants it, and counts what it was shown.
final class Turn: RelayObserver {
    struct State: Sendable {
        var owes = false
        var sent = 0
        var received = 0
    }
    private let state: Locked<State>

    init(_ state: Locked<State>) { self.state = state }

    func sending(_ bytes: RawSpan) { state.with { $0.sent += bytes.byteCount } }
    func received(_ bytes: RawSpan) { state.with { $0.received += bytes.byteCount } }
    var awaitsFar: Bool { state.with { $0.owes } }
}

/// git and a far side, both played by the test, and a relay between them.
final class RelayBench {
    /// git's words on their way into the relay, and what the relay wrote for git.
    let up: PipeEnds
    let down: PipeEnds
    /// The far side's words on their way into the relay.
    let far: PipeEnds
    /// What the relay sent to the far side; its other end belongs to the relay's stream.
    let farInput: Int32

    let asked = Locked(Asked())
    let turn: Locked<Turn.State>
    private let outcome = Locked<Result<RelayEnd, Failure>?>(nil)
    private var thread: JoinedThread?
    private var farInputIsOpen = true

    init(
        limits: Relay.Limits = .init(), owes: Bool = false, first: [UInt8]? = nil,
        reluctance: Int = 0, breaks: Failure? = nil
    ) throws {
        ignoreBrokenPipes()
        up = try PipeEnds()
        down = try PipeEnds()
        far = try PipeEnds()
        var sink = try FileDescriptor.pipe()
        farInput = sink.reader.take()?.release() ?? -1
        let farOutput = sink.writer.take()?.release() ?? -1
        setNonBlocking(farInput)
        setNonBlocking(farOutput)
        turn = Locked(Turn.State(owes: owes))
        let (input, output, source) = (up.reader, down.writer, far.reader)
        thread = try JoinedThread { [asked, turn, outcome] in
            let stream = PipeStream(
                source: source, sink: farOutput, asked: asked, reluctance: reluctance,
                breaks: breaks)
            let relay = Relay(
                input: input, output: output, far: stream, first: first.map { ByteBuffer($0) },
                observer: Turn(turn), limits: limits)
            let result: Result<RelayEnd, Failure>
            do throws(Failure) { result = .success(try relay.run()) } catch {
                result = .failure(error)
            }
            outcome.with { $0 = result }
        }
    }

    deinit {
        down.closeReader()
        far.closeWriter()
        up.closeWriter()
        closeFarInput()
        thread = nil
    }

    /// The far side reads no more.
    func closeFarInput() {
        if farInputIsOpen { close(farInput) }
        farInputIsOpen = false
    }

    /// How the relay ended; nil while it runs.
    var end: RelayEnd? { outcome.with { try? $0?.get() } }
    var failure: Failure? {
        outcome.with { if case .failure(let failure) = $0 { failure } else { nil } }
    }

    /// Whether it ended so, before long.
    func ends(_ expected: RelayEnd, within timeout: Duration = longEnough) -> Bool {
        eventually(within: timeout) { end != nil } && end == expected
    }

    /// Whether it goes on for all of `duration`.
    func goesOn(for duration: Duration) -> Bool { !eventually(within: duration) { end != nil } }

    /// Whether it comes to rest: it asks nothing more of the far side for `pause`. A relay on a
    /// machine that stands still seems to rest, too.
    func rests(for pause: Duration = .milliseconds(50)) -> Bool {
        eventually {
            let before = asked.with { $0.interest }
            return !eventually(within: pause) {
                asked.with { $0.interest } != before
            }
        }
    }

    /// Writes what `descriptor` takes just now. Returns how much.
    func push(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int {
        let piece = ByteBuffer(Array(bytes.prefix(256 * 1024)))
        guard !piece.isEmpty, case .bytes(let count) = try? write(descriptor, from: piece) else {
            return 0
        }
        return count
    }

    /// Reads what there is. Nil at the end.
    func pull(from descriptor: Int32) -> [UInt8]? {
        let buffer = ByteBuffer(capacity: 256 * 1024)
        switch try? read(descriptor, into: buffer) {
        case .bytes: return buffer.takeAll()
        case .wouldBlock: return []
        case .end, nil: return nil
        }
    }

    /// Reads until `count` bytes have come, or the end. What came.
    func pull(_ count: Int, from descriptor: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        _ = eventually {
            guard let more = pull(from: descriptor) else { return true }
            bytes += more
            return bytes.count >= count
        }
        return bytes
    }

    /// Whether `descriptor` comes to its end.
    func isAtEnd(_ descriptor: Int32) -> Bool { eventually { pull(from: descriptor) == nil } }
}

// A program on a leash ends with whoever started it, and all that it started ends with it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A child on a leash")
struct LeashedChildTests {
    /// Starts a program that starts another one, and returns once that runs.
    private func family(_ prefix: String = "") throws -> (ChildProcess, pid: Int32) {
        let child = try ChildProcess.leashed(
            ["sh", "-c", "\(prefix) sleep 600 & echo $!; wait"], environment: currentEnvironment())
        let output = try #require(child.outputDescriptor)
        #expect(try wait(for: output, reading: true, until: .longEnough))
        let buffer = ByteBuffer(capacity: 64)
        _ = try read(output, into: buffer)
        let text = String(decoding: buffer.takeAll(), as: UTF8.self)
        return (child, try #require(Int32(text.dropLast())))
    }

    @Test("ends with its whole family", arguments: ["", "trap '' TERM;"])
    func ends(prefix: String) throws {
        let (child, grandchild) = try family(prefix)
        #expect(Processes.isRunning(grandchild))
        child.end(grace: .milliseconds(100))
        #expect(eventually { !Processes.isRunning(grandchild) })
    }

    @Test("ends with its whole family, though whoever watches over it is gone")
    func unwatched() throws {
        let (child, grandchild) = try family()
        let leash = Processes.arguments(of: child.process)
        let watcher = try #require(
            Processes.below(child.process).first { Processes.arguments(of: $0) == leash })
        Processes.end(watcher)
        #expect(eventually { !Processes.isRunning(watcher) })
        child.end(grace: .milliseconds(100))
        #expect(eventually { !Processes.isRunning(grandchild) })
    }

    @Test("has an empty input, and its own status and words are passed on")
    func status() throws {
        let script = "cat; echo out; echo err >&2; exit 7"
        let child = try ChildProcess.leashed(
            ["sh", "-c", script], environment: currentEnvironment())
        var errors: [String] = []
        let stream = ProcessStream(child, diagnostics: LineFilter { errors.append($0) })
        let buffer = ByteBuffer(capacity: 64)
        var output: [UInt8] = []
        reading: while true {
            switch try stream.read(into: buffer) {
            case .bytes: output += buffer.takeAll()
            case .end: break reading
            case .wouldBlock:
                var requests = stream.interest(reading: true, writing: false)
                #expect(try wait(for: &requests, until: .longEnough))
                try stream.service()
            }
        }
        #expect(try stream.end(by: .longEnough) == .exited(7))
        #expect(output == Array("out\n".utf8) && errors == ["err"])
    }

    @Test("that is not there is a configuration error")
    func missing() {
        let failure = #expect(throws: Failure.self) {
            try ChildProcess.leashed(["git-no-such-program"], environment: [])
        }
        #expect(failure?.kind == .configuration)
    }
}

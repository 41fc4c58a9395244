// Programs that are run for their output, and their bounds.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Running to the end")
struct RunToEndTests {
    @Test("output, complaints and status are told apart")
    func whole() throws {
        let result = try runToEnd(
            ["sh", "-c", "echo out; echo bad >&2; echo worse >&2; exit 3"],
            until: .longEnough)
        #expect(result.output == Array("out\n".utf8))
        #expect(result.complaints == ["bad", "worse"])
        #expect(result.firstComplaint == "bad")
        #expect(result.status == .exited(3))
    }

    @Test("a program without a word is blamed by its status")
    func silent() throws {
        #expect(
            try runToEnd(["false"], until: .longEnough).firstComplaint == "exit status 1")
    }

    @Test("its standard input is at its end")
    func input() throws {
        #expect(try runToEnd(["cat"], until: .longEnough).output.isEmpty)
    }

    @Test("a program that does not end in time is unreachable, named, and gone")
    func deadline() throws {
        let name = "6\(UInt32.random(in: 100_000...999_999))"
        let failure = #expect(throws: Failure.self) {
            try runToEnd(["sleep", name], until: .after(.milliseconds(100)))
        }
        #expect(failure?.kind == .unreachable)
        #expect(failure?.message == "sleep \(name) did not end in time")
        #expect(Processes.withArgument(containing: name).isEmpty)
    }

    @Test("one that closes its output and stays is out of time as well")
    func lingers() throws {
        let failure = #expect(throws: Failure.self) {
            try runToEnd(
                ["sh", "-c", "exec >&- 2>&-; exec sleep 60"], until: .after(.milliseconds(100)))
        }
        #expect(failure?.kind == .unreachable)
    }

    @Test("output without end is cut off")
    func limit() throws {
        let failure = #expect(throws: Failure.self) {
            try runToEnd(["cat", "/dev/zero"], until: .longEnough)
        }
        #expect(failure?.kind == .failed)
        #expect(failure?.message == "cat wrote more than \(outputLimit) bytes")
    }

    @Test("of complaints without end the first hundred are kept")
    func complaints() throws {
        let result = try runToEnd(
            ["sh", "-c", "i=0; while [ $i -lt 5000 ]; do echo $i; i=$((i+1)); done >&2"],
            until: .longEnough)
        #expect(result.complaints == (0..<100).map(String.init))
        #expect(result.status.isSuccess)
    }

    @Test("a program that is not there is a configuration error")
    func missing() {
        let failure = #expect(throws: Failure.self) {
            try runToEnd(["git-no-such-program"], until: .longEnough)
        }
        #expect(failure?.kind == .configuration)
    }
}

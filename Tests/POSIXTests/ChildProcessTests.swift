// Children: their arguments, their pipes, how they end, and what they must not inherit.

import Model
import POSIX
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Child processes")
struct ChildProcessTests {
    private let soon = Deadline.longEnough

    @Test(
        "how a child ended is told",
        arguments: [
            ("exit 0", POSIX.ExitStatus.exited(0)), ("exit 7", .exited(7)),
            ("exit 255", .exited(255)),
            ("kill -TERM $$", .signalled(SIGTERM)), ("kill -KILL $$", .signalled(SIGKILL)),
        ])
    func status(script: String, status: POSIX.ExitStatus) throws {
        let child = try ChildProcess(["sh", "-c", script])
        #expect(child.waitForExit(until: soon) == status)
        #expect(child.pollStatus() == status)
        #expect(status.isSuccess == (status == .exited(0)))
    }

    @Test("a status reads as a person would say it")
    func words() {
        #expect("\(ExitStatus.exited(3))" == "exit status 3")
        #expect("\(ExitStatus.signalled(9))" == "signal 9")
        #expect("\(ExitStatus.unknown)" == "no exit status")
        #expect(!ExitStatus.unknown.isSuccess)
    }

    @Test("a child sees the end of its input though another was started in between")
    func noLeak() throws {
        let first = try ChildProcess(["cat"])
        let second = try ChildProcess(["cat"])
        first.closeInput()
        #expect(first.waitForExit(until: soon) == .exited(0))
        #expect(second.pollStatus() == nil)
        second.closeInput()
        #expect(second.waitForExit(until: soon) == .exited(0))
    }

    @Test("a child has none of our descriptors but its three")
    func noDescriptors() throws {
        let pipe = try PipeEnds()
        defer { withExtendedLifetime(pipe) {} }
        let checks = "[ ! -e /dev/fd/\(pipe.reader) ] && [ ! -e /dev/fd/\(pipe.writer) ]"
        let child = try ChildProcess(["sh", "-c", checks])
        #expect(child.waitForExit(until: soon) == .exited(0))
    }

    @Test("no pipe made on another thread reaches a child")
    func noRace() throws {
        // The runner of these tests may have left some of its own.
        let inherited = try pipesOfAChild()
        let isOver = Locked(false)
        let maker = try JoinedThread {
            while !isOver.with({ $0 }) { _ = try? FileDescriptor.pipe() }
        }
        defer { withExtendedLifetime(maker) { isOver.with { $0 = true } } }
        for _ in 0..<50 { #expect(try pipesOfAChild() == inherited) }
    }

    private func pipesOfAChild() throws -> Int {
        try run(["sh", "-c", "ls -l /proc/$$/fd"]).check().lines.count { $0.contains("pipe:") }
    }

    @Test("its standard descriptors can be nothing")
    func null() throws {
        let child = try ChildProcess(["cat"], input: .null, output: .null, error: .null)
        #expect(child.inputDescriptor == nil)
        #expect(child.outputDescriptor == nil && child.errorDescriptor == nil)
        #expect(child.waitForExit(until: soon) == .exited(0))
    }

    @Test("a wait ends at its deadline, and the child lives on")
    func patience() throws {
        let child = try ChildProcess(["cat"])
        #expect(child.waitForExit(until: .after(.milliseconds(20))) == nil)
        #expect(child.pollStatus() == nil)
        child.signal(SIGTERM)
        #expect(child.waitForExit(until: soon) == .signalled(SIGTERM))
        child.signal(SIGKILL)
    }

    @Test("a child that heeds nothing is ended all the same")
    func stubborn() throws {
        let child = try ChildProcess(["sh", "-c", "trap '' TERM; echo on; exec sleep 60"])
        let buffer = ByteBuffer(capacity: 8)
        #expect(try read(#require(child.outputDescriptor), into: buffer) == .bytes(3))
        #expect(child.end(grace: .milliseconds(50)) == .signalled(SIGKILL))
    }

    @Test("a child that ends with its input is left to do so")
    func gentle() throws {
        let child = try ChildProcess(["sh", "-c", "cat; exit 3"])
        #expect(child.end(grace: longEnough) == .exited(3))
    }

    @Test(
        "a signal's name on the wire has its number here",
        arguments: [("TERM", SIGTERM), ("KILL", SIGKILL), ("PIPE", SIGPIPE), ("nonsense", 0)])
    func signals(name: String, number: Int32) { #expect(signalNumber(name) == number) }
}

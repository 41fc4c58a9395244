// Descriptors: closed once, inherited by nobody.

import Model
import POSIX
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("File descriptors")
struct FileDescriptorTests {
    @Test("a descriptor is closed when its owner lets go, and not when it was handed on")
    func owner() throws {
        var pipe = try FileDescriptor.pipe()
        let reader = pipe.reader?.raw ?? -1
        setNonBlocking(reader)
        let buffer = ByteBuffer(capacity: 1)
        let number = pipe.writer.take()?.release() ?? -1
        #expect(try read(reader, into: buffer) == .wouldBlock)
        pipe.writer = FileDescriptor(owning: number)
        pipe.writer = nil
        #expect(try read(reader, into: buffer) == .end)
    }

    @Test("both ends of a pipe are close-on-exec")
    func closeOnExec() throws {
        let pipe = try PipeEnds()
        defer { withExtendedLifetime(pipe) {} }
        for end in [pipe.reader, pipe.writer] {
            #expect(fcntl(end, F_GETFD) & FD_CLOEXEC != 0)
        }
    }

    @Test("what a peer can leave half-read is told from what it cannot")
    func kinds() throws {
        let pipe = try PipeEnds()
        defer { withExtendedLifetime(pipe) {} }
        #expect(isPipeOrSocket(pipe.reader))
        let listener = try Loopback.listener()
        #expect(isPipeOrSocket(listener.raw))
        let null = FileDescriptor(owning: unsafe open("/dev/null", O_RDWR | O_CLOEXEC))
        #expect(!isPipeOrSocket(null.raw))
        #expect(!isPipeOrSocket(-1))
        #expect(!isTerminal(null.raw))
    }
}

// A pipe of which a test holds both ends, and lets go of each when it likes.

import Model
import POSIX

/// Both ends of a pipe; neither blocks.
public final class PipeEnds {
    private var pipe: Pipe
    /// The numbers of the ends, also after they were closed.
    public let reader: Int32
    public let writer: Int32

    public init() throws(Failure) {
        ignoreBrokenPipes()
        pipe = try FileDescriptor.pipe()
        reader = pipe.reader?.raw ?? -1
        writer = pipe.writer?.raw ?? -1
        setNonBlocking(reader)
        setNonBlocking(writer)
    }

    public func closeReader() { pipe.reader = nil }
    public func closeWriter() { pipe.writer = nil }
}

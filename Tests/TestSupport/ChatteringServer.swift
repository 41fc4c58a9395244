// A server that sends lines without end to whoever connects, and reads nothing.

import Model
import POSIX

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Serves one connection on loopback, on a thread of its own: tests that wait take up the pool's.
@safe public final class ChatteringServer: Sendable {
    public let port: UInt16
    private let listener: FileDescriptor

    public init() throws(Failure) {
        ignoreBrokenPipes()
        listener = try Loopback.listener()
        port = Loopback.port(of: listener.raw)
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        #if canImport(Glibc)
            var thread = pthread_t()
        #else
            var thread: pthread_t?
        #endif
        let code = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<ChatteringServer>.fromOpaque(context).takeRetainedValue().chatter()
                return nil
            }, context)
        guard code == 0 else { throw .system("start a thread", code: code) }
    }

    private func chatter() {
        let patience = Deadline.longEnough
        guard (try? wait(for: listener.raw, reading: true, until: patience)) == true,
            let connection = Loopback.next(from: listener.raw)
        else { return }
        setNonBlocking(connection.raw)
        let lines = Array(repeating: Array("hello\n".utf8), count: 10_000).flatMap { $0 }
        while !patience.hasPassed {
            let outcome = try? write(connection.raw, from: ByteBuffer(lines))
            guard let outcome, outcome != .closed else { return }
            _ = try? wait(for: connection.raw, writing: true, until: patience)
        }
    }
}

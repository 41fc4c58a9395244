// A thread of our own, for what waits in C code: Swift's few threads are not to be kept by that.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A thread that is waited for when its owner lets go of it.
@safe public final class JoinedThread: @unchecked Sendable {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private var thread = pthread_t()
    private var isRunning = false

    /// - Throws: ``Failure`` of kind `failed` if the system has no room for another thread: nothing of
    ///   `run` is done then.
    public init(_ run: @escaping @Sendable () -> Void) throws(Failure) {
        let body = unsafe Unmanaged.passRetained(Body(run))
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        isRunning = code == 0
        guard isRunning else {
            unsafe body.release()
            throw .system("start a thread", code: code)
        }
    }

    deinit { if isRunning { pthread_join(thread, nil) } }
}

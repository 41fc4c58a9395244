// A thread of our own, for what waits in C code: Swift's few threads are not to be kept by that.

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

    public init(_ run: @escaping @Sendable () -> Void) {
        let body = unsafe Unmanaged.passRetained(Body(run)).toOpaque()
        unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body)
    }

    deinit { pthread_join(thread, nil) }
}

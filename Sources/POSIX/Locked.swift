// State that several threads share. The standard library's Mutex is reported as racy by the thread
// sanitizer.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A value behind a pthread mutex.
@safe public final class Locked<Value>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: Value

    public init(_ value: Value) {
        self.value = value
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// What `body` makes of the value, which nobody else sees meanwhile.
    public func with<Result: ~Copyable, Problem>(
        _ body: (inout Value) throws(Problem) -> Result
    ) throws(Problem) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}

// The end of this process.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Ends this process with `code`, at once: nothing of ours is buffered, and the cleaning up of the
/// libraries does nothing that the system does not do.
public func exit(with code: ExitCode) -> Never { _exit(code.rawValue) }

/// This process's id.
public func processNumber() -> Int32 { getpid() }

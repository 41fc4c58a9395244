// The end of this process.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Ends this process with `code`.
public func exit(with code: ExitCode) -> Never { exit(code.rawValue) }

/// This process's id.
public func processNumber() -> Int32 { getpid() }

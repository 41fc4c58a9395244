// Signals by name, for those who may not import the C library.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Numbers of signals.
public enum Signals {
    public static let hangUp = SIGHUP
    public static let interrupt = SIGINT
    public static let terminate = SIGTERM
    public static let stop = SIGSTOP
    public static let resume = SIGCONT
    public static let kill = SIGKILL
}

// The machine's own log, for what has no other place to go.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Writes one line to syslog(3) under `program`'s name, as a message about permissions
/// (`LOG_AUTHPRIV`). Where nothing listens, as in most containers, the line is lost.
public func writeToSystemLog(_ line: String, program: String) {
    // syslog(3) keeps the pointer to the name for as long as the log is open.
    let name = unsafe strdup(program)
    unsafe openlog(name, LOG_PID, LOG_AUTHPRIV)
    unsafe line.withCString { text in
        unsafe withVaList([text]) { unsafe vsyslog(LOG_AUTHPRIV | LOG_NOTICE, "%s", $0) }
    }
    closelog()
    unsafe free(name)
}

// An open descriptor with one owner, closed exactly once.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A descriptor that is closed when its owner lets go of it. Always close-on-exec.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The number, for calls that only look at it.
    public let raw: Int32

    /// Takes ownership of `raw`.
    public init(owning raw: Int32) { self.raw = raw }

    deinit { close(raw) }

    /// Hands the number to another owner; nothing is closed.
    public consuming func release() -> Int32 {
        let number = raw
        discard self
        return number
    }

    /// A pipe, both ends close-on-exec.
    public static func pipe() throws(Failure) -> Pipe {
        try spawning.with { _ throws(Failure) in try pipeWhileNothingSpawns() }
    }

    /// The same, for one who holds ``spawning`` already.
    static func pipeWhileNothingSpawns() throws(Failure) -> Pipe {
        var ends: [Int32] = [-1, -1]
        let code = unsafe makePipe(&ends)
        guard code == 0 else { throw .system("make a pipe") }
        return Pipe(
            reader: FileDescriptor(owning: ends[0]), writer: FileDescriptor(owning: ends[1]))
    }
}

/// `pipe(2)`, then close-on-exec in a second step: Swift's Glibc has no `pipe2`. ``spawning`` is
/// held meanwhile, so that no other thread's child can inherit an end.
private func makePipe(_ ends: UnsafeMutablePointer<Int32>) -> Int32 {
    let code = unsafe pipe(ends)
    guard code == 0 else { return code }
    for index in 0..<2 { _ = unsafe fcntl(ends[index], F_SETFD, FD_CLOEXEC) }
    return code
}

/// The two ends of a pipe, each until it is taken out.
public struct Pipe: ~Copyable {
    public var reader: FileDescriptor?
    public var writer: FileDescriptor?
}

/// Opens `/dev/null` in the place of each standard descriptor that is closed, before anything else is
/// opened: a socket with the number 2 would be sent our error messages.
public func openStandardDescriptors() {
    while true {
        let descriptor = unsafe open("/dev/null", O_RDWR)
        guard (0...2).contains(descriptor) else {
            if descriptor > 2 { close(descriptor) }
            return
        }
    }
}

/// Makes reads and writes on `descriptor` return at once where they would wait.
public func setNonBlocking(_ descriptor: Int32) {
    let flags = fcntl(descriptor, F_GETFL)
    if flags >= 0 { _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
}

/// Whether `descriptor` is a pipe or a socket: something that a peer can leave half-read.
public func isPipeOrSocket(_ descriptor: Int32) -> Bool {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return false }
    let type = status.st_mode & S_IFMT
    return type == S_IFIFO || type == S_IFSOCK
}

/// Whether `descriptor` is a terminal.
public func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

/// Lets writes to a peer that has gone fail with `EPIPE` instead of ending the process.
///
/// Children get the default back: see ``ChildProcess``.
public func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }

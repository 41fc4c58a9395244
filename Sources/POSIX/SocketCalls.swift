// `recv(2)` and `send(2)` as libssh2 wants them called: the SSH module's callbacks make them.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The `errno` of a call that would have to wait; callbacks return it negated.
public let waitsForPeer = Int(EAGAIN)

/// Receives since libssh2 was last told that there is nothing.
private nonisolated(unsafe) var receives = 0

/// `recv(2)` for libssh2: the count, or a negated `errno`; acknowledges at once what came.
///
/// libssh2 reads until there is nothing more, so a peer that never stops would keep it for ever:
/// now and then it is told that there is nothing, and whoever called it can look at the clock.
public func receiveQuickly(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int)
    -> Int
{
    unsafe receives = unsafe (receives + 1) % 1024
    if unsafe receives == 0 { return -Int(EAGAIN) }
    while true {
        let received = unsafe recv(descriptor, buffer, count, 0)
        if received >= 0 {
            acknowledgeQuickly(descriptor)
            return received
        }
        if errno != EINTR { return -Int(errno) }
    }
}

/// `send(2)` for libssh2: the count, or a negated `errno`. A peer that has gone raises no signal.
public func sendWithoutSignal(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int
{
    #if os(Linux)
        let flags = Int32(MSG_NOSIGNAL)
    #else
        let flags: Int32 = 0
    #endif
    while true {
        let sent = unsafe send(descriptor, buffer, count, flags)
        if sent >= 0 { return sent }
        if errno != EINTR { return -Int(errno) }
    }
}

/// Ends a connection both ways; what was sent is still delivered.
public func shutDown(_ descriptor: Int32) { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

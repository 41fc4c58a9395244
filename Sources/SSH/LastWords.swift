// The socket calls that libssh2 makes, so that what a server said before it went away is read to its
// end. Session installs them; Channel says which of its calls they are for.
//
// libssh2 1.10 takes all that has come off the socket before it gives any of it, and once the socket
// says that the peer has gone, it gives nothing more. So while its queue holds bytes for the channel
// at hand, it is told that there is nothing new, and that its own packets (a window's growth) are sent.

import CLibssh2
import POSIX

/// What the socket calls of one session have seen.
@safe final class LastWords {
    /// The channel that is being read or written; nil while what is queued is of no use to the caller.
    var channel: OpaquePointer?
    /// Whether the server has closed its connection, or it broke.
    private(set) var peerHasGone = false
    /// How often something has come off the socket.
    private(set) var receipts: UInt64 = 0

    /// Whether libssh2 holds bytes that the caller would still get.
    private var areHeld: Bool {
        guard let channel = unsafe channel else { return false }
        var count: UInt = 0
        _ = unsafe libssh2_channel_window_read_ex(channel, &count, nil)
        return count > 0
    }

    /// What libssh2 is told of a receive's `result`: a count, 0 at the end, or a negated `errno`.
    fileprivate func received(_ result: Int) -> Int {
        if result > 0 { receipts += 1 }
        guard result <= 0, result != -waitsForPeer else { return result }
        peerHasGone = true
        return areHeld ? -waitsForPeer : result
    }

    /// What libssh2 is told of a send's `result`, of `count` bytes.
    fileprivate func sent(_ result: Int, of count: Int) -> Int {
        guard result < 0, result != -waitsForPeer else { return result }
        peerHasGone = true
        // Only reading tells what came before: it is to go on, and finds the end by itself.
        return unsafe channel == nil ? result : count
    }
}

/// Has libssh2 use the socket by way of its session's ``LastWords``, which are its "abstract".
///
/// Receiving re-arms TCP_QUICKACK each time: sshd sends a small packet, and its Nagle algorithm holds
/// the next one until we acknowledge, which Linux would put off for 40 ms.
func listenToLastWords(_ session: OpaquePointer) {
    typealias Abstract = UnsafeMutablePointer<UnsafeMutableRawPointer?>
    typealias Receive =
        @convention(c) (libssh2_socket_t, UnsafeMutableRawPointer?, Int, Int32, Abstract?) -> Int
    typealias Send =
        @convention(c) (libssh2_socket_t, UnsafeRawPointer?, Int, Int32, Abstract?) -> Int
    let receive: Receive = { socket, buffer, count, _, abstract in
        let result = unsafe receiveQuickly(socket, buffer, count)
        return unsafe lastWords(abstract)?.received(result) ?? result
    }
    let send: Send = { socket, buffer, count, _, abstract in
        let result = unsafe sendWithoutSignal(socket, buffer, count)
        return unsafe lastWords(abstract)?.sent(result, of: count) ?? result
    }
    _ = unsafe libssh2_session_callback_set(
        session, LIBSSH2_CALLBACK_RECV, unsafeBitCast(receive, to: UnsafeMutableRawPointer.self))
    _ = unsafe libssh2_session_callback_set(
        session, LIBSSH2_CALLBACK_SEND, unsafeBitCast(send, to: UnsafeMutableRawPointer.self))
}

private func lastWords(_ abstract: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> LastWords? {
    unsafe abstract?.pointee.map {
        unsafe Unmanaged<LastWords>.fromOpaque($0).takeUnretainedValue()
    }
}

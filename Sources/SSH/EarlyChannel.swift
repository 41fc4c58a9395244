// The first channel, asked for while the server still looks at our signature: one round trip less.
//
// Packets are taken in order, so a server that accepts the signature then finds the request for a
// channel. OpenSSH's does, also across the change of processes at a login; no other server is tried.

import CLibssh2
import Model

/// How far the first channel is that a session asked for ahead of its login.
@safe enum EarlyChannel {
    case notAsked
    case asked
    case opened(OpaquePointer)
}

extension Session {
    /// What libssh2 1.10 says of itself once the signed request is out and no answer has come. Should
    /// another version say it in other words, the channel is asked for after the answer.
    private static let waitsForVerdict = "Would block requesting userauth list"

    /// Whether the signed request is out, as far as the call that just returned EAGAIN can tell.
    private var hasSentSignature: Bool {
        lastErrorText == Self.waitsForVerdict
    }

    private var isOpenSSH: Bool {
        guard let banner = unsafe libssh2_session_banner_get(handle) else { return false }
        return unsafe String(cString: banner).hasPrefix("SSH-2.0-OpenSSH_")
    }

    /// Makes `offer`, a call into libssh2's authentication, until it comes to an end; meanwhile asks
    /// for the first channel.
    func proveIdentity(_ offer: () -> Int32) throws(SSHProblem) -> Int32 {
        try complete("authentication") {
            let code = offer()
            guard code == LIBSSH2_ERROR_EAGAIN, asksEarly, hasSentSignature, isOpenSSH else {
                return code
            }
            askForChannel()
            // That call has also taken what came off the socket: maybe the answer.
            return offer()
        }
    }

    /// Asks for a channel, or looks whether the one that was asked for is there. Never waits.
    @discardableResult
    func askForChannel() -> Int32 {
        if case .opened = early { return 0 }
        early = .asked
        let opened = unsafe libssh2_channel_open_ex(
            handle, "session", 7, Channel.window, Channel.packet, nil, 0)
        guard let opened = unsafe opened else { return unsafe libssh2_session_last_errno(handle) }
        unsafe early = .opened(opened)
        return 0
    }

    /// Opens a channel: the one that was asked for ahead, or a new one.
    func openChannel() throws(SSHProblem) -> OpaquePointer {
        let code = try complete("opening a channel") { askForChannel() }
        defer { early = .notAsked }
        guard case .opened(let handle) = early else {
            throw .failure(turnedAway("opening a channel", code))
        }
        return unsafe handle
    }
}

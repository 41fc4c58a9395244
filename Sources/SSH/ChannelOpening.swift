// A channel on its way, for a session that has other work meanwhile: opened, then given its command.
// Transport's OriginLine keeps several on one session. Nothing here ever waits.

import CLibssh2
import Model
import POSIX

/// A command that is being started on the far side, over a channel of its own.
@safe public final class ChannelOpening {
    @safe private enum Stage {
        case opening
        case starting(OpaquePointer)
        case ended
    }

    private let session: Session
    private let command: String
    private let diagnostics: LineFilter
    private var stage = Stage.opening
    /// What had come off the socket when it last could not get on.
    private var receipts: UInt64 = 0

    /// Nothing is sent before ``advance()``.
    public init(on session: Session, command: String, diagnostics: LineFilter) {
        self.session = session
        self.command = command
        self.diagnostics = diagnostics
    }

    deinit { if case .starting(let handle) = stage { unsafe session.drop(handle) } }

    /// Goes on as far as it can; the channel, once its command runs.
    ///
    /// libssh2 opens one channel of a session after the other: while another opening is at that, this
    /// one stands still.
    ///
    /// - Throws: ``SSHProblem`` with a ``Failure``: `unreachable`, or `refused` if the server does
    ///   not let us open a channel or start a command.
    public func advance() throws(SSHProblem) -> Channel? {
        if case .ended = stage { return nil }
        defer { receipts = session.receipts }
        do throws(Failure) {
            guard try !session.isBlocked(for: self) else { return nil }
        } catch { throw .failure(error) }
        defer { session.noteSender(self) }
        if case .opening = stage, try !open() { return nil }
        guard case .starting(let handle) = stage else { return nil }
        let code = unsafe libssh2_channel_process_startup(
            handle, "exec", 4, command, UInt32(command.utf8.count))
        switch code {
        case LIBSSH2_ERROR_EAGAIN: return nil
        case 0:
            stage = .ended
            return unsafe Channel(on: session, opened: handle, diagnostics: diagnostics)
        default: throw .failure(session.turnedAway("starting the far command", code))
        }
    }

    private func open() throws(SSHProblem) -> Bool {
        guard session.opener == nil || session.opener === self else { return false }
        session.opener = self
        let code = session.askForChannel()
        if code == LIBSSH2_ERROR_EAGAIN { return false }
        session.opener = nil
        guard case .opened(let handle) = session.early else {
            session.early = .notAsked
            throw .failure(session.turnedAway("opening a channel", code))
        }
        session.early = .notAsked
        unsafe stage = .starting(handle)
        return true
    }

    /// Whether ``advance()`` may get on though no descriptor says so.
    public var holdsBytes: Bool { session.receipts != receipts }

    /// What to poll for before ``advance()`` can get on.
    public var interest: [PollRequest] { [session.interest] }
}

extension Session {
    /// The connection's own needs: it is always read, and written while a packet is half sent.
    public var interest: PollRequest {
        PollRequest(socket.raw, reading: true, writing: isBlockedOutbound)
    }

    /// Whether a packet of ours is half sent.
    var isBlockedOutbound: Bool {
        unsafe libssh2_session_block_directions(handle) & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0
    }

    /// Whether nothing of `one`'s can be sent, since another's packet is half sent: libssh2 would take
    /// it for a mistake.
    ///
    /// - Throws: ``Failure`` of kind `unreachable` if nobody is left to send the rest.
    func isBlocked(for one: AnyObject) throws(Failure) -> Bool {
        guard isBlockedOutbound, sender !== one else { return false }
        guard sender != nil else {
            throw Failure(.unreachable, "\(target.place) took half a packet of what was given up")
        }
        return true
    }

    /// To be called after each call of `one`'s that may have sent half a packet.
    func noteSender(_ one: AnyObject) { sender = isBlockedOutbound ? one : nil }

    /// Gives a channel back to libssh2, which says so to the server and waits for its answer: what it
    /// cannot do at once is gone on with by ``sweep()``.
    func drop(_ channel: OpaquePointer) {
        unsafe dropped.append(channel)
        sweep()
    }

    /// Goes on with channels that are being closed.
    public func sweep() {
        guard (try? isBlocked(for: self)) == false else { return }
        unsafe dropped.removeAll { channel in
            if isBlockedOutbound, unsafe channel != halfClosed { return false }
            let isFree = unsafe libssh2_channel_free(channel) != LIBSSH2_ERROR_EAGAIN
            unsafe halfClosed = isBlockedOutbound && !isFree ? channel : nil
            return isFree
        }
        noteSender(self)
    }
}

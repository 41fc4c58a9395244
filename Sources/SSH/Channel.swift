// A command on the far side, over one SSH channel: the byte stream that a fetch runs on.

import CLibssh2
import Model
import POSIX

/// One session channel (RFC 4254, section 6.5) as a ``ByteStream``.
@safe public final class Channel: ByteStream {
    private let session: Session
    private let handle: OpaquePointer
    private let diagnostics: LineFilter
    private let diagnosticBytes = ByteBuffer(capacity: Channel.readSize)
    private var readBlocksOutbound = false
    private var writeBlocksOutbound = false
    /// Whether the last read gave nothing though bytes are held: the connection itself is not ready.
    private var isStalled = false
    /// Whether the connection broke and nothing more is to be had: then its socket is readable for
    /// ever.
    private var isBroken = false
    /// What had come off the socket when the last write could send nothing; nil if it could. The
    /// server's leave to send more is no bytes to be read.
    private var receiptsAtWrite: UInt64?
    /// Whether the last turn of ``service()`` ended before what had come for it did.
    private var serviceIsUnfinished = false
    private var keepAliveDue: Deadline
    /// Bytes that the server may send ahead of our reading. Larger windows cost libssh2 more in
    /// queue handling than they gain on a LAN.
    static let window: UInt32 = 2 << 20

    /// How much each read asks for, of either stream. A read begins by widening the window in
    /// proportion to this; if libssh2 cannot send that at once, the next read sends it and must
    /// reckon with the same size, or packets count as beyond the window and are dropped.
    static let readSize = Relay.downCapacity

    /// Reads of the far side's complaints in one turn.
    private static let diagnosticReads = 4

    /// The largest packet that every SSH implementation takes (RFC 4253, section 6.1).
    static let packet: UInt32 = 32 * 1024

    /// Opens a channel and starts `command` there.
    ///
    /// `environment` costs a round trip an entry and is refused by most servers (`AcceptEnv`): only
    /// for far sides that are not our own. Its refusal is no error.
    ///
    /// - Throws: ``SSHProblem`` with a ``Failure``: `unreachable`, or `refused` if the server does
    ///   not let us open a channel or start a command.
    public init(
        on session: Session, command: String, environment: [(name: String, value: String)] = [],
        diagnostics: LineFilter
    ) throws(SSHProblem) {
        self.session = session
        self.diagnostics = diagnostics
        keepAliveDue = .after(session.target.keepAlive)
        unsafe handle = try session.openChannel()
        for (name, value) in environment {
            _ = try session.complete("setting \(name)") {
                unsafe libssh2_channel_setenv_ex(
                    handle, name, UInt32(name.utf8.count), value, UInt32(value.utf8.count))
            }
        }
        let started = try session.complete("starting the far command") {
            unsafe libssh2_channel_process_startup(
                handle, "exec", 4, command, UInt32(command.utf8.count))
        }
        guard started == 0 else {
            throw .failure(session.turnedAway("starting the far command", started))
        }
    }

    /// A channel that is open, and whose command runs.
    init(on session: Session, opened handle: OpaquePointer, diagnostics: LineFilter) {
        self.session = session
        self.diagnostics = diagnostics
        keepAliveDue = .after(session.target.keepAlive)
        unsafe self.handle = handle
    }

    deinit {
        unsafe session.drop(handle)
    }

    public func read(into buffer: ByteBuffer) throws(Failure) -> ReadOutcome {
        if try session.isBlocked(for: self) {
            isStalled = heldCount > 0
            return .wouldBlock
        }
        return try unsafe buffer.fill { memory throws(Failure) in
            let count = call {
                unsafe libssh2_channel_read_ex(
                    handle, 0, memory.baseAddress?.assumingMemoryBound(to: CChar.self),
                    memory.count)
            }
            isStalled = false
            if count > 0 {
                readBlocksOutbound = false
                return .bytes(count)
            }
            if count == LIBSSH2_ERROR_EAGAIN {
                readBlocksOutbound = outboundBlocked
                isStalled = heldCount > 0
                return .wouldBlock
            }
            // A packet of ours is half sent, and libssh2 sends no other (a window's growth) before.
            if count == LIBSSH2_ERROR_BAD_USE, writeBlocksOutbound { return .wouldBlock }
            if count == 0 {
                return hasEnded ? .end : .wouldBlock
            }
            // All that came was read, its end too: what became of the connection then is no matter.
            if hasEnded { return .end }
            throw session.broken("the stream", Int32(count))
        }
    }

    public func write(from buffer: ByteBuffer) throws(Failure) -> WriteOutcome {
        if try session.isBlocked(for: self) { return .bytes(0) }
        var closed = false
        let count = try unsafe buffer.drain { memory throws(Failure) in
            let count = call {
                unsafe libssh2_channel_write_ex(
                    handle, 0, memory.baseAddress?.assumingMemoryBound(to: CChar.self),
                    memory.count)
            }
            if count >= 0 { return count }
            if count == LIBSSH2_ERROR_EAGAIN {
                writeBlocksOutbound = outboundBlocked
                receiptsAtWrite = session.receipts
                return 0
            }
            if count == LIBSSH2_ERROR_BAD_USE, readBlocksOutbound { return 0 }
            guard count == LIBSSH2_ERROR_CHANNEL_CLOSED || count == LIBSSH2_ERROR_CHANNEL_EOF_SENT
            else { throw session.broken("the stream", Int32(count)) }
            closed = true
            return 0
        }
        if count > 0 { (writeBlocksOutbound, isStalled, receiptsAtWrite) = (false, false, nil) }
        return closed ? .closed : .bytes(count)
    }

    public func finishWriting() throws(Failure) -> Bool {
        if try session.isBlocked(for: self) { return false }
        let code = call { unsafe libssh2_channel_send_eof(handle) }
        guard code == LIBSSH2_ERROR_EAGAIN else {
            writeBlocksOutbound = false
            return true
        }
        writeBlocksOutbound = outboundBlocked
        return false
    }

    /// The socket is always read, also when its bytes are not wanted yet: the server may ask for
    /// new keys or a sign of life at any time.
    public func interest(reading: Bool, writing: Bool) -> [PollRequest] {
        if isBroken || session.peerHasGone, !reading { return [] }
        return [
            PollRequest(
                session.socket.raw, reading: true,
                writing: (reading && readBlocksOutbound) || (writing && writeBlocksOutbound))
        ]
    }

    /// Takes a turn's worth and no more: a far side that never stops complaining must not keep us.
    public func service() throws(Failure) {
        serviceIsUnfinished = false
        guard try !session.isBlocked(for: self) else { return }
        for read in 1...Self.diagnosticReads {
            // Reading the other stream also takes every waiting packet off the socket.
            let outcome = try unsafe diagnosticBytes.fill { memory throws(Failure) in
                let count = call {
                    unsafe libssh2_channel_read_ex(
                        handle, SSH_EXTENDED_DATA_STDERR,
                        memory.baseAddress?.assumingMemoryBound(to: CChar.self), memory.count)
                }
                if count < 0, count != LIBSSH2_ERROR_EAGAIN { isBroken = true }
                return count > 0 ? .bytes(count) : .end
            }
            guard case .bytes = outcome else { break }
            diagnostics.append(diagnosticBytes.takeAll())
            serviceIsUnfinished = read == Self.diagnosticReads
        }
        // What neither stream can be given will never be: in the middle of new keys, for one.
        if isStalled, !serviceIsUnfinished, session.peerHasGone, heldCount > 0 { isBroken = true }
        guard keepAliveDue.hasPassed else { return }
        keepAliveDue = .after(session.target.keepAlive)
        // A half-sent packet is a sign of life, and no other may be sent before it is whole.
        guard !writeBlocksOutbound, !readBlocksOutbound else { return }
        var seconds: Int32 = 0
        _ = unsafe libssh2_keepalive_send(session.handle, &seconds)
        session.noteSender(self)
    }

    public var nextService: Deadline { keepAliveDue }

    /// Every call into libssh2 takes all that has come off the socket, a write too.
    public var holdsBytes: Bool {
        if let receiptsAtWrite, receiptsAtWrite != session.receipts { return true }
        if serviceIsUnfinished { return true }
        if isStalled { return false }
        return heldCount > 0 || hasEnded
    }

    private var hasEnded: Bool { unsafe libssh2_channel_eof(handle) == 1 }

    /// Bytes of both streams that wait in libssh2's queue.
    private var heldCount: UInt {
        var count: UInt = 0
        _ = unsafe libssh2_channel_window_read_ex(handle, &count, nil)
        return count
    }

    public func end(by deadline: Deadline) throws(Failure) -> ExitStatus {
        defer { diagnostics.finish() }
        guard hasEnded else { return .unknown }
        let code: Int32
        do throws(SSHProblem) {
            // Not `channel_close`: sshd reports the exit status before it closes its side.
            code = try session.complete("waiting for the far command's end", until: deadline) {
                unsafe libssh2_channel_wait_closed(handle)
            }
        } catch { return .unknown }
        try service()
        return code == 0 ? exitStatus : .unknown
    }

    private var exitStatus: ExitStatus {
        var name: UnsafeMutablePointer<CChar>?
        unsafe libssh2_channel_get_exit_signal(handle, &name, nil, nil, nil, nil, nil)
        if let name = unsafe name {
            defer { unsafe libssh2_free(session.handle, name) }
            return .signalled(signalNumber(unsafe String(cString: name)))
        }
        return .exited(unsafe libssh2_channel_get_exit_status(handle))
    }

    /// Makes a call that reads or writes this channel.
    private func call<Result>(_ body: () -> Result) -> Result {
        defer { session.noteSender(self) }
        return isBroken ? body() : unsafe session.hearing(handle, body)
    }

    private var outboundBlocked: Bool { session.isBlockedOutbound }
}

extension Session {
    /// A refusal of a channel or command, told from a broken connection.
    func turnedAway(_ stage: String, _ code: Int32) -> Failure {
        switch code {
        case LIBSSH2_ERROR_CHANNEL_FAILURE, LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED:
            Failure(
                .refused, "\(target.place) refused \(stage)",
                hint: "look at what the sshd there logs for \(target.user)")
        default: broken(stage, code)
        }
    }
}

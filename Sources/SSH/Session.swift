// One SSH connection: TCP, key exchange, host key. libssh2 without waiting, over our own socket.
//
// libssh2's traps that this file knows of (1.10): a call that returned EAGAIN must be made again
// with the same arguments; an error text belongs to the session and changes with the next call.

import CLibssh2
import Model
import POSIX

private let libraryIsReady: Bool = libssh2_init(0) == 0

/// A connection whose host key has been checked. Used by one thread at a time.
@safe public final class Session {
    let handle: OpaquePointer
    let socket: FileDescriptor
    let target: SSHTarget
    private let lastWords = LastWords()
    /// When what is under way must be done; ``renewDeadline(_:)`` sets it for what comes next.
    private(set) var deadline: Deadline
    /// Whether the first channel may be asked for ahead of the login's end.
    let asksEarly: Bool
    /// How far that is.
    var early = EarlyChannel.notAsked
    /// Who opens a channel just now.
    weak var opener: ChannelOpening?
    /// Channels that are being closed.
    var dropped: [OpaquePointer] = unsafe []
    /// The one of them whose packet is half sent.
    var halfClosed: OpaquePointer?
    /// Whose packet is half sent; only the same call, made again, sends the rest.
    weak var sender: AnyObject?

    /// Connects, exchanges keys and checks the host key; nothing secret has been said by then.
    ///
    /// - Throws: ``SSHProblem/beyondLibrary(_:)`` where the two sides share no algorithm, or only a
    ///   certificate authority vouches for the host; else a ``Failure``: `unreachable` for silence
    ///   and closed connections, `refused` for a host key that may not be trusted.
    /// - Parameters:
    ///   - begun: a connection to use, if it goes to the target.
    ///   - asksEarly: whether ``authenticate(with:)`` may ask for the first channel.
    public init(
        to target: SSHTarget, begun: BegunConnection? = nil, until deadline: Deadline,
        with person: any SSHConversationalist, asksEarly: Bool = true
    ) throws(SSHProblem) {
        let words = unsafe Unmanaged.passUnretained(lastWords).toOpaque()
        guard libraryIsReady, let handle = unsafe libssh2_session_init_ex(nil, nil, nil, words)
        else {
            throw .failure(Failure(.failed, "cannot start libssh2"))
        }
        self.target = target
        self.deadline = deadline
        self.asksEarly = asksEarly
        do throws(Failure) {
            socket = try connectTCP(
                host: target.host, port: target.port, until: deadline, begun: begun)
        } catch {
            unsafe libssh2_session_free(handle)
            throw .failure(error)
        }
        unsafe self.handle = handle
        unsafe libssh2_session_set_blocking(handle, 0)
        unsafe listenToLastWords(handle)
        let known = try KnownHosts(for: target, session: self)
        if known.wantsCertificate {
            throw .beyondLibrary("check host certificates (a @cert-authority line)")
        }
        if let type = known.knownTypes.first, !known.knownTypes.contains(where: \.isUsable) {
            // Any key that libssh2 can ask for would be a wrong one.
            throw .beyondLibrary("check a host key of type \(type)")
        }
        try prefer(hostKeyTypes: known.knownTypes)
        try exchangeKeys()
        try checkHostKey(known, person)
        unsafe libssh2_keepalive_config(
            handle, 1, UInt32(clamping: target.keepAlive.milliseconds / 1000))
    }

    deinit {
        // libssh2 would wait for the server's word on each open channel, and keep all it has.
        shutDown(socket.raw)
        for _ in 0..<Self.freeingTries {
            if unsafe libssh2_session_free(handle) != LIBSSH2_ERROR_EAGAIN { break }
        }
    }

    /// A receive that stands for many is told to come again now and then; see `receiveQuickly`.
    private static let freeingTries = 16

    /// Gives what comes next until `deadline`.
    public func renewDeadline(_ deadline: Deadline) { self.deadline = deadline }

    /// Calls `ask` without counting how long a person takes to answer.
    func pausingDeadline<Answer>(_ ask: () -> Answer) -> Answer {
        let start = monotonicNanoseconds()
        defer { deadline = deadline.later(by: .nanoseconds(monotonicNanoseconds() - start)) }
        return ask()
    }

    /// Whether the server has closed its connection, or it broke.
    var peerHasGone: Bool { lastWords.peerHasGone }

    /// How often something has come off the socket. Whoever makes a call takes what comes for all
    /// others, too, and no descriptor tells these.
    var receipts: UInt64 { lastWords.receipts }

    /// Makes a call that reads or writes `channel`. What has come for that from a server that is gone
    /// by now is not lost with the connection.
    func hearing<Result>(_ channel: OpaquePointer, _ call: () -> Result) -> Result {
        unsafe lastWords.channel = channel
        defer { unsafe lastWords.channel = nil }
        return call()
    }

    // MARK: steps

    private func exchangeKeys() throws(SSHProblem) {
        let code = try complete("the SSH key exchange") {
            unsafe libssh2_session_handshake(handle, socket.raw)
        }
        switch code {
        case 0: return
        case LIBSSH2_ERROR_KEX_FAILURE, LIBSSH2_ERROR_METHOD_NONE:
            throw .beyondLibrary("agree with \(target.place) on a key exchange, key or cipher")
        default:
            throw .failure(
                broken("the SSH key exchange", code, hint: "check that an sshd listens there"))
        }
    }

    private func checkHostKey(
        _ known: KnownHosts, _ person: any SSHConversationalist
    ) throws(SSHProblem) {
        var count = 0
        var kind: Int32 = 0
        guard let bytes = unsafe libssh2_session_hostkey(handle, &count, &kind),
            let key = PublicKey(
                blob: unsafe UnsafeRawBufferPointer(start: bytes, count: count).map { $0 })
        else { throw .failure(Failure(.failed, "\(target.place) showed no host key")) }
        do throws(Failure) {
            try known.admit(key, fingerprint: fingerprint(), of: target, person)
        } catch { throw .failure(error) }
    }

    private func fingerprint() -> String {
        guard let hash = unsafe libssh2_hostkey_hash(handle, LIBSSH2_HOSTKEY_HASH_SHA256) else {
            return "SHA256:?"
        }
        let bytes = unsafe UnsafeRawBufferPointer(start: hash, count: 32).map { $0 }
        return "SHA256:" + Base64.encode(bytes, padded: false)
    }

    // MARK: waiting

    /// Makes `call` until it comes to an end, within the session's deadline.
    func complete(_ stage: String, until deadline: Deadline? = nil, _ call: () -> Int32)
        throws(SSHProblem) -> Int32
    {
        while true {
            let code = call()
            guard code == LIBSSH2_ERROR_EAGAIN else { return code }
            // A peer that never stops sending lets no wait run out.
            if (deadline ?? self.deadline).hasPassed {
                throw .failure(late("did not come to an end of \(stage) in time"))
            }
            try waitForPeer(stage, until: deadline ?? self.deadline)
        }
    }

    /// Waits for whatever the last call that returned EAGAIN lacked.
    func waitForPeer(_ stage: String, until deadline: Deadline) throws(SSHProblem) {
        let directions = unsafe libssh2_session_block_directions(handle)
        do throws(Failure) {
            let ready = try wait(
                for: socket.raw, reading: true,
                writing: directions & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0, until: deadline)
            guard ready else { throw late("fell silent during \(stage)") }
        } catch { throw .failure(error) }
    }

    private func late(_ what: String) -> Failure {
        Failure(
            .unreachable, "\(target.place) \(what)",
            hint: "check that an sshd answers there, or raise \(target.words.timeoutSetting)")
    }

    /// What libssh2 says of its last error.
    var lastErrorText: String? {
        var text: UnsafeMutablePointer<CChar>?
        unsafe libssh2_session_last_error(handle, &text, nil, 0)
        return unsafe text.map { unsafe String(cString: $0) }
    }

    /// The failure of a connection that broke, in libssh2's words.
    func broken(_ stage: String, _ code: Int32, hint: String? = nil) -> Failure {
        let words = lastErrorText ?? "no reason given"
        return Failure(
            .unreachable, "\(target.place) broke off \(stage): \(words) (libssh2 \(code))",
            hint: hint)
    }
}

// An ssh-agent, over its unix socket (draft-ietf-sshm-ssh-agent).
//
// libssh2's own client waits for the agent without a deadline; this one never waits longer than it
// was told.

import Model
import POSIX

/// A connection to an agent.
final class Agent {
    private let socket: FileDescriptor
    private let path: String

    /// How long an agent may take to sign: it may ask its user first (`ssh-add -c`).
    static let signingTime = Duration.seconds(120)

    /// The longest answer that an agent may give (OpenSSH's own bound).
    private static let maximumMessage = 256 * 1024

    private enum Message {
        static let requestIdentities: UInt8 = 11
        static let identitiesAnswer: UInt8 = 12
        static let signRequest: UInt8 = 13
        static let signResponse: UInt8 = 14
    }

    /// - Throws: ``Failure`` if nothing listens at `path`.
    init(path: String) throws(Failure) {
        self.path = path
        socket = try connectUnix(path)
    }

    /// The keys that it holds, in its own order. `deadline` is for this alone: an agent that does not
    /// say what it has must leave time for the keys in files.
    func identities(until deadline: Deadline) throws(Failure) -> [PublicKey] {
        let answer = try ask(
            [Message.requestIdentities], for: Message.identitiesAnswer, until: deadline)
        var reader = WireReader(answer)
        var keys: [PublicKey] = []
        let count = reader.uint32() ?? 0
        for _ in 0..<min(count, 2048) {
            guard let blob = reader.string(), reader.string() != nil else { throw malformed() }
            if let key = PublicKey(blob: blob) { keys.append(key) }
        }
        return keys
    }

    /// A signature over `data`: the raw part, without the algorithm's name.
    ///
    /// - Throws: ``Failure``: `refused` if the agent does not sign with this key, else it is of no use
    ///   any more.
    func sign(
        _ data: [UInt8], with key: PublicKey, until deadline: Deadline = .after(signingTime)
    ) throws(Failure) -> [UInt8] {
        var request = [Message.signRequest]
        request.append(string: key.blob)
        request.append(string: data)
        request.append(uint32: 0)
        var reader = WireReader(try ask(request, for: Message.signResponse, until: deadline))
        guard let signature = reader.string() else { throw malformed() }
        var parts = WireReader(signature)
        guard parts.string() != nil, let raw = parts.string() else { throw malformed() }
        return raw
    }

    /// Sends one request and returns the answer's body.
    private func ask(_ request: [UInt8], for answer: UInt8, until deadline: Deadline)
        throws(Failure) -> [UInt8]
    {
        var message: [UInt8] = []
        message.append(string: request)
        try send(message, until: deadline)
        var header = WireReader(try receive(4, until: deadline))
        guard let size = header.uint32(), size >= 1, size <= Self.maximumMessage else {
            throw malformed()
        }
        let body = try receive(Int(size), until: deadline)
        guard body[0] == answer else {
            throw Failure(
                .refused, "the SSH agent at \(path) refused a request",
                hint: "see what ssh-add -l says of it, and what it may have asked")
        }
        return Array(body.dropFirst())
    }

    private func send(_ bytes: [UInt8], until deadline: Deadline) throws(Failure) {
        let buffer = ByteBuffer(bytes)
        while !buffer.isEmpty {
            guard try write(socket.raw, from: buffer) != .closed else { throw malformed() }
            if !buffer.isEmpty, try !wait(for: socket.raw, writing: true, until: deadline) {
                throw silent()
            }
        }
    }

    private func receive(_ count: Int, until deadline: Deadline) throws(Failure) -> [UInt8] {
        let buffer = ByteBuffer(capacity: count)
        while !buffer.isFull {
            switch try read(socket.raw, into: buffer) {
            case .bytes: continue
            case .end: throw malformed()
            case .wouldBlock:
                guard try wait(for: socket.raw, reading: true, until: deadline) else {
                    throw silent()
                }
            }
        }
        return buffer.takeAll()
    }

    private func silent() -> Failure {
        Failure(
            .unreachable, "the SSH agent at \(path) does not answer",
            hint: "see whether it waits for an answer of yours, or unset SSH_AUTH_SOCK")
    }

    private func malformed() -> Failure {
        Failure(.failed, "the SSH agent at \(path) gave an answer that is none")
    }
}

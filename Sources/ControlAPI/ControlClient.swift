// How a verb asks the engine of a gitdir: one request on its unix socket, HTTP/1.1 by hand.

import Model
import POSIX

/// The engine of a gitdir, if one runs.
public struct ControlClient: Sendable {
    private let gitdir: String
    private let trusted: Set<UInt32>

    /// - Parameter owner: one more user, besides root and ourselves, whose engine is believed
    ///   (`trustOwner`). Whoever may write in the gitdir can put a socket of his own there.
    public init(gitdir: String, trusting owner: UInt32? = nil) {
        self.gitdir = gitdir
        trusted = Set([0, currentUser()] + (owner.map { [$0] } ?? []))
    }

    /// Sends one request and waits for its response until `deadline`. Nil if no engine listens.
    ///
    /// A response is one whatever its status.
    ///
    /// - Throws: ``Failure`` of kind `refused` if we may not use the socket, `unreachable` if the engine
    ///   does not answer in time or ends before it has, `failed` if its answer makes no sense.
    public func send(
        _ request: ControlRequest, until deadline: Deadline
    ) throws(Failure) -> ControlResponse? {
        let name = ControlServer.socketName
        guard let socket = try connectUnix(name, in: gitdir, until: deadline) else { return nil }
        guard let peer = Peer(of: socket.raw), trusted.contains(peer.user) else {
            let user = Peer(of: socket.raw).map { "user \($0.user)" } ?? "nobody we know"
            throw Failure(
                .refused, "\(gitdir)/\(name) is of \(user), who is not believed",
                hint: "if that is the engine's user, run this as that user, or set trustOwner")
        }
        try write(request, to: socket.raw, until: deadline)
        let response = try read(from: socket.raw, until: deadline)
        switch parseResponse(response) {
        case .whole(let response): return response
        case .cutShort:
            throw Failure(
                .unreachable, "the engine of \(gitdir) ended before it answered",
                hint: "see its log")
        case .malformed:
            throw Failure(
                .failed, "what answers on \(gitdir)/\(name) is no engine of this version",
                hint: "see who it is with fuser \(gitdir)/\(name)")
        }
    }

    private func write(
        _ request: ControlRequest, to socket: Int32, until deadline: Deadline
    ) throws(Failure) {
        let rest = ByteBuffer(requestBytes(request))
        while !rest.isEmpty {
            // Whoever refuses a request need not read it all: there may be an answer anyway.
            guard case .bytes(let count) = try sendWithoutSignal(socket, from: rest) else { return }
            if count == 0 { try wait(for: socket, writing: true, until: deadline) }
        }
    }

    /// All that comes, up to the end or to one byte more than is allowed.
    private func read(from socket: Int32, until deadline: Deadline) throws(Failure) -> [UInt8] {
        let buffer = ByteBuffer(capacity: 16 << 10)
        var bytes: [UInt8] = []
        while bytes.count <= mostResponseBytes {
            switch try POSIX.read(socket, into: buffer) {
            case .bytes: bytes += buffer.takeAll()
            case .wouldBlock: try wait(for: socket, reading: true, until: deadline)
            case .end: return bytes
            }
        }
        return bytes
    }

    private func wait(
        for socket: Int32, reading: Bool = false, writing: Bool = false, until deadline: Deadline
    ) throws(Failure) {
        guard
            try POSIX.wait(for: socket, reading: reading, writing: writing, until: deadline)
        else {
            throw Failure(
                .unreachable, "the engine of \(gitdir) has not answered in time",
                hint: "give it more time, or see its log")
        }
    }
}

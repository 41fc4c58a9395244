// A TCP connection that is begun before it is certain to be wanted: it comes about while that is
// found out. SSHPlan begins one and asks `ssh -G` meanwhile; Session takes it, or nobody does.

/// A connection that was begun and not waited for; closed if nobody takes it.
public final class BegunConnection {
    let host: String
    let port: UInt16
    private var socket: FileDescriptor?

    /// Begins to connect. Nil unless `host` is an address: what a name means is not known yet.
    public init?(address host: String, port: UInt16) {
        guard let address = numericAddress(host, port: port),
            case .success(let descriptor) = startConnect(address)
        else { return nil }
        self.host = host
        self.port = port
        socket = FileDescriptor(owning: descriptor)
    }

    /// The socket, connected or not yet. Nil, and it is closed, if it goes to another place.
    func take(to host: String, port: UInt16) -> Int32? {
        guard let socket = socket.take(), host == self.host, port == self.port else { return nil }
        return socket.release()
    }
}

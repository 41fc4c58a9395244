// Connections, within a deadline: TCP by happy eyeballs (RFC 8305), and unix sockets.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A connected, non-blocking TCP socket with `TCP_NODELAY`.
///
/// Addresses are tried by turns of family, each a quarter of a second after the one before it or
/// at once when that one failed (RFC 8305, section 5); the first to connect wins.
///
/// - Parameter begun: a connection to take, if it goes there.
/// - Throws: ``Failure`` of kind `unreachable`, with the last refusal's own words.
public func connectTCP(
    host: String, port: UInt16, until deadline: Deadline, begun: BegunConnection? = nil
) throws(Failure) -> FileDescriptor {
    let name = "\(host) port \(port)"
    if let socket = begun?.take(to: host, port: port) {
        return try connect(to: [], begun: [socket], called: name, until: deadline)
    }
    let addresses = try resolve(host, port: port, until: deadline)
    return try connect(to: addresses, called: name, until: deadline)
}

/// The race for the first of `addresses`, or of the sockets that were `begun`, that answers.
func connect(
    to addresses: [SocketAddress], begun: [Int32] = [], called name: String,
    until deadline: Deadline
) throws(Failure) -> FileDescriptor {
    var waiting = interleaved(addresses)[...]
    var attempts = begun
    defer { for descriptor in attempts { close(descriptor) } }
    var lastError = ETIMEDOUT
    var nextAttempt = Deadline.after(.zero)
    while !waiting.isEmpty || !attempts.isEmpty {
        if !waiting.isEmpty, attempts.isEmpty || nextAttempt.hasPassed {
            switch startConnect(waiting.removeFirst()) {
            case .success(let descriptor): attempts.append(descriptor)
            case .failure(let refusal): lastError = refusal.code
            }
            nextAttempt = .after(.milliseconds(250))
            continue
        }
        var requests = attempts.map { PollRequest($0, writing: true) }
        let until = waiting.isEmpty ? deadline : min(deadline, nextAttempt)
        try wait(for: &requests, until: until)
        for request in requests where request.writable {
            attempts.removeAll { $0 == request.descriptor }
            let code = pendingError(request.descriptor)
            if code == 0 {
                setNoDelay(request.descriptor)
                return FileDescriptor(owning: request.descriptor)
            }
            close(request.descriptor)
            lastError = code
            nextAttempt = .after(.zero)
        }
        if deadline.hasPassed { break }
    }
    let timedOut = lastError == ETIMEDOUT
    throw Failure(
        .unreachable,
        "cannot connect to \(name): "
            + (timedOut ? "no answer in time" : errorText(lastError)),
        hint: "check that it runs and that this port is reachable from here")
}

struct ConnectRefusal: Error { let code: Int32 }

/// A non-blocking socket that connects to `address`, or has.
func startConnect(_ address: SocketAddress) -> Result<Int32, ConnectRefusal> {
    let descriptor = streamSocket(address.family)
    guard descriptor >= 0 else { return .failure(ConnectRefusal(code: errno)) }
    setNonBlocking(descriptor)
    let code = unsafe address.bytes.withUnsafeBytes { bytes in
        unsafe bytes.withMemoryRebound(to: sockaddr.self) {
            unsafe connect(descriptor, $0.baseAddress, socklen_t(bytes.count))
        }
    }
    if code == 0 || errno == EINPROGRESS { return .success(descriptor) }
    let refusal = ConnectRefusal(code: errno)
    close(descriptor)
    return .failure(refusal)
}

private func streamSocket(_ family: Int32) -> Int32 {
    #if canImport(Glibc)
        return socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    #else
        let descriptor = socket(family, SOCK_STREAM, 0)
        if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return descriptor
    #endif
}

/// The families by turns, beginning with the one that the resolver put first.
private func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
    guard let first = addresses.first?.family else { return [] }
    var preferred = addresses.filter { $0.family == first }[...]
    var others = addresses.filter { $0.family != first }[...]
    var order: [SocketAddress] = []
    while let next = preferred.popFirst() {
        order.append(next)
        if let other = others.popFirst() { order.append(other) }
    }
    return order + others
}

private func pendingError(_ descriptor: Int32) -> Int32 {
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 else {
        return errno
    }
    return code
}

private func setNoDelay(_ descriptor: Int32) {
    var on: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, size)
}

/// Asks for the next acknowledgement at once. Linux forgets this after a while, so it is said again
/// after each receive; elsewhere nothing.
public func acknowledgeQuickly(_ descriptor: Int32) {
    #if os(Linux)
        var on: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_QUICKACK, &on, size)
    #endif
}

/// A connected, non-blocking unix stream socket.
///
/// - Throws: ``Failure`` of kind `failed`, also for a path longer than the system takes.
public func connectUnix(_ path: String) throws(Failure) -> FileDescriptor {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
        throw Failure(.failed, "cannot connect to \(path): the path is too long for a socket")
    }
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: bytes) }
    let descriptor = streamSocket(AF_UNIX)
    guard descriptor >= 0 else { throw .system("make a socket") }
    let socket = FileDescriptor(owning: descriptor)
    setNonBlocking(socket.raw)
    let code = unsafe withUnsafeBytes(of: &address) { bytes in
        unsafe bytes.withMemoryRebound(to: sockaddr.self) {
            unsafe connect(socket.raw, $0.baseAddress, socklen_t(bytes.count))
        }
    }
    guard code == 0 else { throw .system("connect to \(path)") }
    return socket
}

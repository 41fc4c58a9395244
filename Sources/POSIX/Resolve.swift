// Host names to socket addresses, within a deadline.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One address to connect to, as `connect(2)` wants it.
struct SocketAddress: Sendable {
    let family: Int32
    let bytes: [UInt8]
}

/// Resolves `host`, in the order the resolver gives.
///
/// `getaddrinfo` has no deadline of its own, so a name is resolved on a thread that is left behind
/// if it takes too long. A literal never needs one.
///
/// - Throws: ``Failure`` of kind `unreachable`.
func resolve(_ host: String, port: UInt16, until deadline: Deadline) throws(Failure)
    -> [SocketAddress]
{
    if let address = numericAddress(host, port: port) { return [address] }
    let answer = try Answer(host: host, port: port)
    guard try wait(for: answer.reader, reading: true, until: deadline) else {
        throw Failure(
            .unreachable, "the name \(host) was not resolved in time",
            hint: "check the host name and this machine's DNS")
    }
    switch answer.result {
    case .found(let addresses): return addresses
    case .failed(let reason):
        throw Failure(
            .unreachable, "cannot resolve the host \(host): \(reason)",
            hint: "check the host name and this machine's DNS")
    }
}

/// The address that `host` is, if it is no name.
func numericAddress(_ host: String, port: UInt16) -> SocketAddress? {
    guard case .found(let addresses) = lookUp(host, port, flags: AI_NUMERICHOST) else { return nil }
    return addresses.first
}

private enum LookUp: Sendable {
    case found([SocketAddress])
    case failed(String)
}

private func lookUp(_ host: String, _ port: UInt16, flags: Int32) -> LookUp {
    var hints = unsafe addrinfo()
    #if canImport(Glibc)
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    #else
        unsafe hints.ai_socktype = SOCK_STREAM
    #endif
    unsafe hints.ai_flags = flags | AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0 else {
        return .failed(unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "\(code)")
    }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
        let bytes = unsafe UnsafeRawBufferPointer(
            start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
        addresses.append(
            SocketAddress(family: unsafe entry.pointee.ai_family, bytes: unsafe Array(bytes)))
        unsafe next = entry.pointee.ai_next
    }
    return .found(addresses)
}

/// A look-up under way on a thread of its own.
@safe private final class Answer: @unchecked Sendable {
    private let host: String
    private let port: UInt16
    private var readerEnd: FileDescriptor?
    private var writerEnd: FileDescriptor?
    /// Written by the thread before it closes its end of the pipe, read only after that.
    private(set) var result = LookUp.failed("no answer")

    var reader: Int32 { readerEnd?.raw ?? -1 }

    init(host: String, port: UInt16) throws(Failure) {
        self.host = host
        self.port = port
        var pipe = try FileDescriptor.pipe()
        readerEnd = pipe.reader.take()
        writerEnd = pipe.writer.take()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        #if canImport(Glibc)
            var thread = pthread_t()
            let code = unsafe pthread_create(&thread, nil, { unsafe Answer.run($0) }, context)
            if code == 0 { pthread_detach(thread) }
        #else
            var thread: pthread_t?
            let code = unsafe pthread_create(&thread, nil, { unsafe Answer.run($0) }, context)
            if code == 0, let thread = unsafe thread { unsafe pthread_detach(thread) }
        #endif
        guard code == 0 else {
            unsafe Unmanaged<Answer>.fromOpaque(context).release()
            throw .system("start a thread", code: code)
        }
    }

    private static func run(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context = unsafe context else { return nil }
        let answer = unsafe Unmanaged<Answer>.fromOpaque(context).takeRetainedValue()
        answer.result = lookUp(answer.host, answer.port, flags: 0)
        if let writer = answer.writerEnd?.raw { writeAll("x", to: writer) }
        return nil
    }
}

// Responses as libmicrohttpd sends them: whole ones, and streams that it asks for piece by piece.

import CMicroHTTPD

func wholeResponse(_ content: [UInt8]) -> OpaquePointer? {
    var bytes = content
    return unsafe bytes.withUnsafeMutableBytes {
        unsafe MHD_create_response_from_buffer($0.count, $0.baseAddress, .RESPMEM_MUST_COPY)
    }
}

/// Bytes that libmicrohttpd asks a stream for at a time.
private let blockSize = 4096

/// - Parameter look: called when the connection's deadline has changed.
func streamResponse(
    _ stream: EventStream, _ exchange: Exchange, _ look: @escaping () -> Void
) -> OpaquePointer? {
    stream.tellMore { exchange.more() }
    let reader = unsafe Unmanaged.passRetained(StreamReader(stream, exchange, look)).toOpaque()
    // MHD_SIZE_UNKNOWN is the largest number.
    let response = unsafe MHD_create_response_from_callback(
        .max, blockSize, readStream, reader, closeStream)
    if unsafe response == nil { unsafe closeStream(reader) }
    return unsafe response
}

/// What libmicrohttpd holds of a stream.
private final class StreamReader {
    let stream: EventStream
    let exchange: Exchange
    let look: () -> Void

    init(_ stream: EventStream, _ exchange: Exchange, _ look: @escaping () -> Void) {
        self.stream = stream
        self.exchange = exchange
        self.look = look
    }
}

private let readStream: MHD_ContentReaderCallback = { owner, _, memory, size in
    guard let owner = unsafe owner, let memory = unsafe memory else { return -1 }
    let reader = unsafe Unmanaged<StreamReader>.fromOpaque(owner).takeUnretainedValue()
    let room = unsafe UnsafeMutableRawBufferPointer(start: memory, count: size)
    defer { reader.look() }
    return switch unsafe reader.exchange.take(reader.stream, into: room) {
    case .bytes(let count): count
    case .nothing: 0
    case .end: -1
    }
}

private let closeStream: @convention(c) (UnsafeMutableRawPointer?) -> Void = { owner in
    guard let owner = unsafe owner else { return }
    unsafe Unmanaged<StreamReader>.fromOpaque(owner).takeRetainedValue().stream.close()
}

// Every bound of the control API, on either side of its socket.

/// What a server lets its clients do to it.
public struct ControlLimits: Sendable {
    /// Connections at a time; further ones wait to be accepted.
    public var connections = 64
    /// Bytes of a request's body.
    public var body = 64 << 10
    /// Bytes of memory for a request's line and headers, and its response's headers.
    public var headers = 16 << 10
    /// How long a client may take to send its request whole.
    public var readingTime = Duration.seconds(10)
    /// The same, while all connections are taken.
    public var crowdedReadingTime = Duration.seconds(1)
    /// How long a reply may take to come; then the client is told that it did not (504). Not for a
    /// route that is ``ControlRoute/isLong``.
    public var replyTime = Duration.seconds(600)
    /// How long a client may take to receive its response.
    public var sendingTime = Duration.seconds(10)
    /// How long an ending server waits for the last responses to be received.
    public var endingTime = Duration.seconds(1)

    public init() {}
}

/// Bytes of a response, with its headers, that the client takes.
let mostResponseBytes = 4 << 20

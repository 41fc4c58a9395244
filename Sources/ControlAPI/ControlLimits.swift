// Every bound of the control API, on either side of its sockets.

/// What a server lets its clients do to it.
public struct ControlLimits: Sendable {
    /// Connections at a time; further ones wait to be accepted.
    public var connections = 64
    /// Bytes of a request's body, where its route does not allow for more.
    public var body = 64 << 10
    /// Bytes of all bodies that are there at a time.
    public var bodies = 16 << 20
    /// Bytes of memory for a request's line and headers, and its response's headers.
    public var headers = 16 << 10
    /// How long a client may take to send its request whole.
    public var readingTime = Duration.seconds(10)
    /// The same, while all connections are taken.
    public var crowdedReadingTime = Duration.milliseconds(250)
    /// How long a reply may take to come; then the client is told that it did not (504). Not for a
    /// route that has a time of its own, or none.
    public var replyTime = Duration.seconds(600)
    /// How long a client may take to receive its response, or what there is of a stream.
    public var sendingTime = Duration.seconds(10)
    /// How often a stream that has nothing to tell shows that it is there.
    public var heartbeat = Duration.seconds(15)
    /// How long an ending server waits for the last responses to be received.
    public var endingTime = Duration.seconds(1)

    public init() {}

    /// For TCP, where strangers on the machine may hold connections open: more than they are likely to.
    public static var tcp: ControlLimits {
        var limits = ControlLimits()
        limits.connections = 256
        return limits
    }
}

/// Bytes of a response, with its headers, that the client takes.
let mostResponseBytes = 64 << 20

// Waiting for descriptors, until a deadline.

import Model

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What to wait for on one descriptor, and what was seen there.
public struct PollRequest: Sendable, Equatable {
    public let descriptor: Int32
    public let reading: Bool
    public let writing: Bool
    /// Something can be read, or the peer has ended, or the descriptor is broken.
    public fileprivate(set) var readable = false
    /// Something can be written, or the peer has gone.
    public fileprivate(set) var writable = false
    /// The peer has closed both ways, or its reading end (`POLLHUP`, `POLLERR`).
    public fileprivate(set) var hungUp = false

    public init(_ descriptor: Int32, reading: Bool = false, writing: Bool = false) {
        self.descriptor = descriptor
        self.reading = reading
        self.writing = writing
    }
}

/// Waits until one of `requests` has something to tell or `deadline` passes.
///
/// Signals do not end the wait. Returns false if the deadline passed with nothing seen.
@discardableResult
public func wait(for requests: inout [PollRequest], until deadline: Deadline) throws(Failure)
    -> Bool
{
    var entries = requests.map { request in
        var events: Int32 = 0
        if request.reading { events |= Int32(POLLIN) }
        if request.writing { events |= Int32(POLLOUT) }
        return pollfd(fd: request.descriptor, events: Int16(events), revents: 0)
    }
    while true {
        let count = unsafe poll(&entries, nfds_t(entries.count), deadline.pollTimeout)
        if count < 0 {
            guard errno == EINTR else { throw .system("wait for input") }
            continue
        }
        for index in requests.indices {
            let seen = Int32(entries[index].revents)
            let gone = seen & Int32(POLLHUP | POLLERR | POLLNVAL) != 0
            requests[index].hungUp = gone
            requests[index].readable =
                requests[index].reading && (gone || seen & Int32(POLLIN) != 0)
            requests[index].writable =
                requests[index].writing && (gone || seen & Int32(POLLOUT) != 0)
        }
        if count > 0 { return true }
        if deadline.hasPassed { return false }
    }
}

/// Waits for one descriptor. Returns false if the deadline passed first.
public func wait(
    for descriptor: Int32, reading: Bool = false, writing: Bool = false, until deadline: Deadline
) throws(Failure) -> Bool {
    var requests = [PollRequest(descriptor, reading: reading, writing: writing)]
    return try wait(for: &requests, until: deadline)
}

/// Bytes that the reader of a pipe has not taken yet; 0 where the system cannot tell.
public func unreadBytes(in descriptor: Int32) -> Int {
    var count: Int32 = 0
    return unsafe ioctl(descriptor, UInt(FIONREAD), &count) == 0 ? Int(count) : 0
}

// A two-way stream of bytes to a far side, whatever carries it. Nothing here ever waits.

import Model

/// The far end of a ``Relay``: an SSH channel, or a child process's pipes.
public protocol ByteStream: AnyObject {
    /// Reads what has come.
    ///
    /// - Throws: ``Failure`` of kind `unreachable` if the carrier broke.
    func read(into buffer: ByteBuffer) throws(Failure) -> ReadOutcome

    /// Sends what the far side takes just now.
    func write(from buffer: ByteBuffer) throws(Failure) -> WriteOutcome

    /// Tells the far side that no more will come, and leaves the other way open.
    ///
    /// Returns false if it must be called again once the stream is writable.
    func finishWriting() throws(Failure) -> Bool

    /// What to poll for before the next read or write can get on.
    func interest(reading: Bool, writing: Bool) -> [PollRequest]

    /// Whether it holds bytes, or its end, that the next read will give and no descriptor tells of:
    /// whoever waits for a descriptor then may wait for ever.
    var holdsBytes: Bool { get }

    /// Does what is due besides the bytes: passes the far side's diagnostics on, keeps alive.
    func service() throws(Failure)

    /// When ``service()`` is due though nothing happened.
    var nextService: Deadline { get }

    /// Ends the stream and says how the far side ended. Returns `unknown` if it did not say so by
    /// `deadline`.
    func end(by deadline: Deadline) throws(Failure) -> ExitStatus
}

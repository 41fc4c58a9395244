// How our threads talk: messages for one that polls, and work for one that does nothing else.

import Model

/// Messages from any thread to one that waits for descriptors.
public final class Mailbox<Message: Sendable>: Sendable {
    private let messages = Locked<[Message]>([])
    private let waker: Waker

    public init() throws(Failure) { waker = try Waker() }

    /// Readable while there is something to take.
    public var descriptor: Int32 { waker.descriptor }

    public func post(_ message: Message) {
        messages.with { $0.append(message) }
        waker.wake()
    }

    /// Everything that came, oldest first. Never waits.
    public func take() -> [Message] {
        waker.clear()
        return messages.with { messages in
            defer { messages = [] }
            return messages
        }
    }
}

/// A thread that does one piece of work after the other, in the order in which it was given.
public final class Lane: Sendable {
    private let work: Mailbox<@Sendable () -> Void>
    private let isOpen = Locked(true)
    private let thread: JoinedThread

    public init() throws(Failure) {
        let work = try Mailbox<@Sendable () -> Void>()
        let isOpen = isOpen
        self.work = work
        thread = try JoinedThread {
            while true {
                for piece in work.take() { piece() }
                guard isOpen.with({ $0 }) else { return }
                _ = try? wait(for: work.descriptor, reading: true, until: .never)
            }
        }
    }

    /// Does what it was given first, then ends.
    deinit {
        let isOpen = isOpen
        work.post { isOpen.with { $0 = false } }
    }

    public func add(_ piece: @escaping @Sendable () -> Void) { work.post(piece) }
}

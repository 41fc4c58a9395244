// The relay's observer on the operator's side: git's conversation with a service, read along.

import POSIX
import PackProtocol

/// Knows whose turn it is, and whether the stream that ended had ended whole.
public final class ConversationReader: RelayObserver {
    public private(set) var conversation: Conversation

    public init(service: Service) { conversation = Conversation(service: service) }

    public func sending(_ bytes: RawSpan) { conversation.sending(bytes) }
    public func received(_ bytes: RawSpan) { conversation.received(bytes) }
    public var awaitsFar: Bool { conversation.awaitsFar }
}

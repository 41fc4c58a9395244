// The relay's observer, on the operator's side.

import PackProtocol
import Testing

@testable import Transport

@Suite("Reading along")
struct ConversationReaderTests {
    @Test("bytes of both sides reach the conversation, which knows whose turn it is")
    func turns() {
        let reader = ConversationReader(service: .uploadPack)
        #expect(reader.awaitsFar)
        unsafe reader.received(Array("000eversion 2\n0000".utf8).span.bytes)
        #expect(!reader.awaitsFar && reader.conversation.version == 2)
        unsafe reader.sending(Array("0014command=ls-refs\n0000".utf8).span.bytes)
        #expect(reader.awaitsFar && !reader.conversation.isComplete)
    }
}

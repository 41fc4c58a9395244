// Servers that refuse, and servers that are none.

import PackProtocol
import Testing

@Suite("Refusals and other voices")
struct RefusalTests {
    @Test(
        "a refusal is whole, and its words are told",
        arguments: [
            ("v0-refused", "upload-pack: not our ref 1234567890123456789012345678901234567890"),
            ("v2-refused", "upload-pack: not our ref 1234567890123456789012345678901234567890"),
            ("v2-broken", "aborting due to possible repository corruption on the remote side."),
            ("archive-refused", "git upload-archive: archiver died with error"),
        ])
    func recorded(name: String, words: String) throws {
        let transcript = try Transcript(name)
        let conversation = Conversation(service: transcript.service)
        for step in transcript.steps {
            #expect(conversation.remoteError == nil)
            conversation.take(step.side, step.bytes)
        }
        #expect(conversation.remoteError == words)
    }

    @Test(
        "a server can refuse with its first packet",
        arguments: [
            (Service.uploadPack, "ERR access denied\n", "access denied"),
            (.uploadArchive, "ERR no such repository", "no such repository"),
            (.uploadArchive, "NACK unable to spawn subprocess\n", "unable to spawn subprocess"),
        ])
    func first(service: Service, packet: String, words: String) {
        let conversation = Conversation(service: service)
        conversation.receive(packet)
        #expect(conversation.remoteError == words)
        #expect(conversation.isComplete && !conversation.awaitsFar)
        #expect(conversation.version == nil && conversation.protocolViolation == nil)
        conversation.receive("whatever")
        #expect(conversation.isComplete)
    }

    @Test("the words of a refusal are bounded")
    func bounded() {
        let conversation = Conversation(service: .uploadPack)
        conversation.receive("ERR " + String(repeating: "x", count: 60_000))
        #expect(conversation.remoteError == String(repeating: "x", count: 1020))
    }

    @Test(
        "what no git server says is quoted by its first line",
        arguments: [
            ("Welcome to pod-7\r\nLast login: never\n", "Welcome to pod-7"),
            ("\n\nbash: git: command not found\n", "bash: git: command not found"),
            ("Added to the audit.\n", "Added to the audit."),
            ("cafe is closed", "cafe is closed"),
            ("000eversion 3\n", "000eversion 3"),
            ("000fversion 22\n", "000fversion 22"),
            ("0012something els", "0012something els"),
            ("00010000", "0001"),
            ("0004", "0004"),
            ("0003", "0003"),
        ])
    func banner(text: String, line: String) {
        for isSlow in [false, true] {
            let conversation = Conversation(service: .uploadPack)
            let pieces = isSlow ? text.utf8.map { [$0] } : [Array(text.utf8)]
            for piece in pieces { conversation.take(.server, piece) }
            #expect(conversation.protocolViolation?.hasPrefix(line) == true)
            #expect(conversation.awaitsFar && !conversation.isComplete)
            #expect(conversation.stage == "while waiting for the advertisement")
        }
    }

    @Test("a line that does not end is quoted by its first 200 bytes")
    func longBanner() {
        let conversation = Conversation(service: .uploadPack)
        conversation.take(.server, Array(repeating: UInt8(ascii: "w"), count: 5000))
        conversation.take(.server, Array(repeating: UInt8(ascii: "w"), count: 5000))
        #expect(conversation.protocolViolation == String(repeating: "w", count: 200))
    }

    @Test("a stream that stops being packets is not understood from there on")
    func garbageLater() {
        let conversation = Conversation.advertised(version: 2)
        conversation.send("command=fetch", "0001", "done", "0000")
        conversation.receive("packfile\n", "\u{1}PACK")
        conversation.take(.server, Array("Connection closed.\r\n0000".utf8))
        #expect(conversation.protocolViolation == "Connection closed.")
        #expect(conversation.stage == "while receiving the pack")
        #expect(conversation.awaitsFar && !conversation.isComplete)
    }

    @Test("PACK where no raw pack was asked for is not understood")
    func unaskedPack() {
        let conversation = Conversation.advertised(version: 0)
        conversation.send("want \(oid) side-band-64k", "0000", "done")
        conversation.receive("NAK\n")
        conversation.take(.server, Array("PACK\0\0".utf8))
        #expect(!conversation.isComplete)
        #expect(conversation.protocolViolation == "PACK\0\0")
    }

    @Test("a client that is not understood leaves the server owing")
    func strangeClient() {
        let conversation = Conversation.advertised(version: 2)
        #expect(conversation.isComplete)
        conversation.take(.client, Array("GET / HTTP/1.1\r\n".utf8))
        #expect(conversation.awaitsFar && !conversation.isComplete)
        #expect(conversation.protocolViolation == nil)
    }

    @Test("a client that speaks another version than the server is not understood")
    func otherVersion() {
        let old = Conversation.advertised(version: 0)
        old.send("command=ls-refs\n", "0000")
        #expect(old.awaitsFar && !old.isComplete)
        let new = Conversation.advertised(version: 2)
        new.send("want \(oid)\n", "0000", "done\n")
        #expect(new.awaitsFar && !new.isComplete)
    }
}

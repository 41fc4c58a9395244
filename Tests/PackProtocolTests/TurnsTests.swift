// Rules that no recording of git 2.39 shows: rarer servers, rarer clients.

import PackProtocol
import Testing

@Suite("Turns")
struct TurnsTests {
    @Test("with no-done, a server that is ready goes on to the pack by itself")
    func noDone() {
        let conversation = Conversation.advertised(version: 0)
        conversation.send("want \(oid) multi_ack_detailed no-done side-band-64k\n", "0000")
        conversation.send("have \(otherOid)\n", "0000")
        conversation.receive("ACK \(otherOid) common\n", "ACK \(otherOid) ready\n")
        conversation.receive("NAK\n")
        #expect(conversation.awaitsFar && !conversation.isComplete)
        conversation.receive("ACK \(otherOid)\n", "\u{1}PACK")
        #expect(conversation.stage == "while receiving the pack")
        #expect(!conversation.isComplete)
        conversation.receive("0000")
        #expect(!conversation.awaitsFar && conversation.isComplete)
    }

    @Test("without no-done, a server that is ready waits for \"done\"")
    func ready() {
        let conversation = Conversation.advertised(version: 0)
        conversation.send("want \(oid) multi_ack_detailed side-band-64k\n", "0000")
        conversation.send("have \(otherOid)\n", "0000")
        conversation.receive("ACK \(otherOid) ready\n", "NAK\n")
        #expect(!conversation.awaitsFar && !conversation.isComplete)
    }

    @Test("no-done lets the pack come without side-band too")
    func noDoneRaw() {
        let conversation = Conversation.advertised(version: 0)
        conversation.send("want \(oid) multi_ack_detailed no-done\n", "0000")
        conversation.send("have \(otherOid)\n", "0000")
        conversation.receive("ACK \(otherOid) ready\n", "NAK\n", "ACK \(otherOid)\n")
        conversation.take(.server, Array("PACK".utf8))
        #expect(conversation.isComplete && conversation.awaitsFar)
    }

    @Test("each flush of pipelined haves is owed its own NAK")
    func pipelined() {
        let conversation = Conversation.advertised(version: 0)
        conversation.send("want \(oid) multi_ack side-band\n", "0000")
        #expect(!conversation.awaitsFar)
        for _ in 0..<3 { conversation.send("have \(otherOid)\n", "0000") }
        for _ in 0..<3 {
            #expect(conversation.awaitsFar)
            conversation.receive("ACK \(otherOid) continue\n")
            #expect(conversation.awaitsFar)
            conversation.receive("NAK\n")
        }
        #expect(!conversation.awaitsFar)
    }

    @Test(
        "a new shallow boundary is an answer of its own",
        arguments: [
            "deepen 1\n", "deepen-since 1700000000\n", "deepen-not refs/heads/main\n",
        ])
    func deepen(line: String) {
        let conversation = Conversation.advertised(version: 0)
        conversation.send("want \(oid) side-band-64k\n", "shallow \(otherOid)", line, "0000")
        #expect(conversation.awaitsFar)
        conversation.receive("shallow \(oid)")
        #expect(conversation.awaitsFar)
        conversation.receive("0000")
        #expect(!conversation.awaitsFar && !conversation.isComplete)
    }

    @Test("in side-band-all, sections, keepalives and progress belong to one response")
    func sideBandAll() {
        let conversation = Conversation.advertised(version: 2)
        conversation.send("command=fetch", "0001", "sideband-all", "done", "0000")
        conversation.receive("\u{1}packfile-uris\n", "\u{2}Counting", "0001", "\u{1}packfile\n")
        conversation.receive("\u{1}", "\u{1}\u{1}PACK")
        #expect(conversation.awaitsFar && !conversation.isComplete)
        conversation.receive("0000")
        #expect(!conversation.awaitsFar && conversation.isComplete)
    }

    @Test("a response-end packet ends nothing")
    func responseEnd() {
        let conversation = Conversation.advertised(version: 2)
        conversation.send("command=object-info", "0001", "size", "0000")
        #expect(conversation.stage == "while waiting for an answer")
        conversation.receive("size", "0002")
        #expect(conversation.awaitsFar && !conversation.isComplete)
        conversation.receive("0000")
        #expect(!conversation.awaitsFar && conversation.isComplete)
    }

    @Test("an answer that nobody asked for does not make a stream whole")
    func unasked() {
        let conversation = Conversation.advertised(version: 2)
        conversation.receive("\(oid) refs/heads/main\n")
        #expect(!conversation.isComplete)
        conversation.receive("0000")
        #expect(!conversation.isComplete)
    }

    @Test("nothing after the empty request counts")
    func emptyRequest() {
        let conversation = Conversation.advertised(version: 2)
        conversation.send("0000", "command=ls-refs", "0000")
        #expect(!conversation.awaitsFar && conversation.isComplete)
    }

    @Test("a request without arguments is a request")
    func noArguments() {
        let conversation = Conversation.advertised(version: 2)
        conversation.send("command=ls-refs\n", "0000")
        #expect(conversation.awaitsFar)
        conversation.receive("0000")
        #expect(!conversation.awaitsFar && conversation.isComplete)
    }

    @Test(
        "packets behind a pack that had ended make it incomplete again",
        arguments: ["\u{1}more", "NAK\n", "0001"])
    func afterThePack(packet: String) {
        let conversation = Conversation.advertised(version: 0)
        conversation.send("want \(oid) side-band-64k\n", "0000", "done\n")
        conversation.receive("NAK\n", "\u{1}PACK", "0000")
        #expect(conversation.isComplete)
        conversation.receive(packet)
        #expect(!conversation.isComplete && conversation.awaitsFar)
    }

    @Test("a round without haves is a round")
    func emptyRound() {
        let conversation = Conversation.advertised(version: 0)
        conversation.send("want \(oid) multi_ack side-band-64k\n", "0000", "0000")
        #expect(conversation.awaitsFar)
        conversation.receive("NAK\n")
        #expect(!conversation.awaitsFar)
        conversation.send("done\n")
        #expect(conversation.awaitsFar)
    }

    @Test("the \"done\" of one fetch says nothing about the next")
    func secondFetch() {
        let conversation = Conversation.advertised(version: 2)
        conversation.send("command=fetch\n", "0001", "done\n", "0000")
        #expect(conversation.stage == "while waiting for the pack")
        conversation.receive("packfile\n", "\u{1}PACK", "0000")
        conversation.send("command=fetch\n", "0001", "have \(oid)\n", "0000")
        #expect(conversation.stage == "while negotiating")
    }

    @Test("an advertisement of SHA-256 names is understood")
    func sha256() {
        let conversation = Conversation(service: .uploadPack)
        let long = String(repeating: "ab", count: 32)
        conversation.receive("\(long) HEAD\0object-format=sha256\n", "0000")
        #expect(conversation.version == 0 && conversation.isComplete)
    }

    @Test("an empty repository may be advertised by its capabilities alone")
    func emptyRepository() {
        let conversation = Conversation(service: .uploadPack)
        let zero = String(repeating: "0", count: 40)
        conversation.receive("\(zero) capabilities^{}\0multi_ack\n", "0000")
        conversation.send("0000")
        #expect(conversation.version == 0 && conversation.isComplete && !conversation.awaitsFar)
    }
}

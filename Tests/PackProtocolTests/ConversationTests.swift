// Whole conversations, as git 2.39.5 held them: whose turn it was, and where they could end.

import PackProtocol
import Testing

@Suite("Recorded conversations")
struct ConversationTests {
    @Test("the server owes an answer just where it does", arguments: Transcript.names)
    func turns(name: String) throws {
        let transcript = try Transcript(name)
        let conversation = Conversation(service: transcript.service)
        for (index, step) in transcript.steps.enumerated() {
            conversation.take(step.side, step.bytes)
            #expect(conversation.awaitsFar == step.owes, "after packet \(index)")
        }
    }

    @Test("a stream cut anywhere is whole just where it may end", arguments: Transcript.names)
    func cuts(name: String) throws {
        let transcript = try Transcript(name)
        let conversation = Conversation(service: transcript.service)
        #expect(!conversation.isComplete)
        for (index, step) in transcript.steps.enumerated() {
            for (offset, byte) in step.bytes.enumerated() {
                conversation.take(step.side, [byte])
                let mayEnd = step.isWhole && offset == step.bytes.count - 1
                if conversation.isComplete != mayEnd {
                    Issue.record("after byte \(offset) of packet \(index)")
                }
            }
        }
        #expect(conversation.isComplete)
        #expect(!conversation.awaitsFar)
        #expect(conversation.version == transcript.version)
        #expect(conversation.protocolViolation == nil)
    }

    @Test("a server's packet that is cut is owed", arguments: Transcript.names)
    func cutPackets(name: String) throws {
        let transcript = try Transcript(name)
        let conversation = Conversation(service: transcript.service)
        for step in transcript.steps {
            if step.side == .server {
                for byte in step.bytes.dropLast() {
                    conversation.take(.server, [byte])
                    if !conversation.awaitsFar { Issue.record("within \(step)") }
                }
                conversation.take(.server, [step.bytes[step.bytes.count - 1]])
            } else {
                conversation.take(.client, step.bytes)
            }
        }
    }

    @Test(
        "reading byte by byte says the same as reading message by message",
        arguments: Transcript.names)
    func pieces(name: String) throws {
        let transcript = try Transcript(name)
        let (slow, fast) = (
            Conversation(service: transcript.service), Conversation(service: transcript.service)
        )
        var steps = transcript.steps[...]
        while let side = steps.first?.side {
            let message = steps.prefix { $0.side == side }.flatMap(\.bytes)
            steps = steps.drop { $0.side == side }
            fast.take(side, message)
            for byte in message { slow.take(side, [byte]) }
            #expect(slow.summary == fast.summary)
        }
    }

    @Test(
        "at the end it is the server's part to end, or a v2 client that has its pack just closes",
        arguments: Transcript.names)
    func serversEnd(name: String) throws {
        let transcript = try Transcript(name)
        let conversation = Conversation(service: transcript.service)
        #expect(!conversation.isServersToEnd && !conversation.packHasCome)
        for step in transcript.steps {
            conversation.take(step.side, step.bytes)
            if conversation.isServersToEnd { #expect(conversation.isComplete) }
        }
        #expect(conversation.isServersToEnd || transcript.version == 2 && conversation.packHasCome)
        let kinds = ["clone", "fetch", "shallow", "single-ack"]
        #expect(conversation.packHasCome == kinds.contains { name.hasSuffix($0) })
    }

    @Test("between two requests nothing is missing, and yet it is not the server's part to end")
    func betweenRequests() {
        let conversation = Conversation.advertised(version: 2)
        #expect(conversation.isComplete && !conversation.isServersToEnd)
        conversation.send("command=ls-refs\n", "0000")
        conversation.receive("\(oid) HEAD\n", "0000")
        #expect(conversation.isComplete && !conversation.isServersToEnd)
        conversation.send("command=fetch", "0001", "want \(oid)\n", "done\n", "0000")
        conversation.receive("packfile\n", "\u{1}PACK")
        #expect(!conversation.packHasCome)
        conversation.receive("0000")
        #expect(conversation.isComplete && !conversation.isServersToEnd)
        #expect(conversation.packHasCome)
        conversation.send("0000")
        #expect(conversation.isServersToEnd && conversation.packHasCome)
    }

    @Test("after an advertisement of the older protocols the client's flush is waited for")
    func afterAdvertisement() {
        let conversation = Conversation.advertised(version: 0)
        #expect(conversation.isComplete && !conversation.isServersToEnd)
        conversation.send("0000")
        #expect(conversation.isServersToEnd && !conversation.packHasCome)
    }

    @Test("a pack without side-band may end anywhere once it began")
    func rawPack() throws {
        let conversation = Conversation(service: .uploadPack)
        let steps = try Transcript("v0-raw").steps
        for step in steps.dropLast() {
            conversation.take(step.side, step.bytes)
            #expect(conversation.isComplete == step.isWhole)
            #expect(conversation.awaitsFar == step.owes)
        }
        for (offset, byte) in try #require(steps.last).bytes.enumerated() {
            conversation.take(.server, [byte])
            #expect(conversation.isComplete == (offset >= 3), "after byte \(offset)")
            #expect(conversation.awaitsFar)
        }
        #expect(conversation.stage == "while receiving the pack")
        #expect(conversation.protocolViolation == nil)
    }

    @Test(
        "a conversation says where it stands",
        arguments: [
            (
                "v0-fetch",
                [
                    "while waiting for the advertisement",
                    "while receiving the advertisement", "after the advertisement",
                    "while negotiating", "while waiting for the pack", "while receiving the pack",
                    "after the pack",
                ]
            ),
            (
                "v2-fetch",
                [
                    "while waiting for the advertisement",
                    "while receiving the advertisement", "between requests", "while listing refs",
                    "between requests", "while negotiating", "while receiving the pack",
                    "between requests",
                ]
            ),
            (
                "v2-clone",
                [
                    "while waiting for the advertisement",
                    "while receiving the advertisement", "between requests", "while listing refs",
                    "between requests", "while waiting for the pack", "while receiving the pack",
                    "between requests",
                ]
            ),
            (
                "archive",
                [
                    "while asking for the archive", "while receiving the archive",
                    "after the archive",
                ]
            ),
        ])
    func stages(name: String, expected: [String]) throws {
        let transcript = try Transcript(name)
        let conversation = Conversation(service: transcript.service)
        var stages = [conversation.stage]
        for step in transcript.steps {
            conversation.take(step.side, step.bytes)
            if stages.last != conversation.stage { stages.append(conversation.stage) }
        }
        #expect(stages == expected)
    }
}

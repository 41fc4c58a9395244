// An ssh-agent: a real one, and ones that are silent, rude or mad.

import Model
import POSIX
import TestSupport
import Testing

@testable import SSH

@Suite("The SSH agent")
struct AgentTests {
    /// What a client of an agent that does `body` to it comes to.
    private func failure(
        _ body: @escaping @Sendable (borrowing FileDescriptor) -> Void
    ) throws -> Failure? {
        ignoreBrokenPipes()
        let listener = try UnixListener()
        let thread = try JoinedThread {
            guard let client = try? listener.next() else { return }
            body(client)
        }
        defer { withExtendedLifetime(thread) {} }
        let agent = try Agent(path: listener.path)
        return #expect(throws: Failure.self) { try agent.identities(until: .longEnough) }
    }

    @Test("a real agent lists its keys and signs with each")
    func real() throws {
        let folder = try TemporaryDirectory()
        let keys = [
            try SSHKey(.ed25519, at: folder.file("a")), try SSHKey(.ecdsa, at: folder.file("b")),
        ]
        let real = try SSHAgent(keys)
        let agent = try Agent(path: real.socket)
        let held = try agent.identities(until: .longEnough)
        #expect(held.map(\.line) == keys.map(\.publicLine))
        #expect(try agent.sign(Array("data".utf8), with: held[0]).count == 64)
        #expect(try !agent.sign(Array("data".utf8), with: held[1]).isEmpty)
        withExtendedLifetime(real) {}
    }

    @Test("an agent without keys has none, and refuses to sign")
    func empty() throws {
        let real = try SSHAgent()
        let folder = try TemporaryDirectory()
        let key = try #require(
            PublicKey(line: try SSHKey(.ed25519, at: folder.file("k")).publicLine))
        let agent = try Agent(path: real.socket)
        #expect(try agent.identities(until: .longEnough).isEmpty)
        let failure = #expect(throws: Failure.self) { try agent.sign([1], with: key) }
        #expect(failure?.message.contains("refused a request") == true)
        withExtendedLifetime(real) {}
    }

    @Test("where nothing listens there is no agent")
    func missing() {
        let failure = #expect(throws: Failure.self) {
            try Agent(path: "/nonexistent/agent")
        }
        #expect(failure?.message.contains("/nonexistent/agent") == true)
    }

    @Test("a silent agent is given up at the deadline")
    func silent() throws {
        // The system takes the connection, and nobody ever reads from it.
        let listener = try UnixListener()
        defer { withExtendedLifetime(listener) {} }
        let agent = try Agent(path: listener.path)
        let failure = #expect(throws: Failure.self) {
            try agent.identities(until: .after(.milliseconds(150)))
        }
        #expect(failure?.kind == .unreachable)
        #expect(failure?.message.hasSuffix("does not answer") == true)
    }

    @Test("an agent that hangs up gave no answer")
    func closes() throws {
        #expect(try failure { _ in }?.message.hasSuffix("an answer that is none") == true)
    }

    @Test(
        "an answer that cannot be is refused, and no memory is taken for it",
        arguments: [
            [0xff, 0xff, 0xff, 0xff], [0, 4, 0, 1], [0, 0, 0, 0],
            [0, 0, 0, 5, 12, 0, 0, 0, 1], [0, 0, 0, 9, 12, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
            [0, 0, 0, 9, 12, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], [0, 0, 0, 2, 12],
            [0, 0, 0, 1, 5],
        ] as [[UInt8]])
    func mad(answer: [UInt8]) throws {
        let failure = try failure { client in
            _ = try? write(client.raw, from: ByteBuffer(answer))
        }
        // The last one is what an agent says that does not want to.
        #expect(failure?.kind == (answer.last == 5 ? .refused : .failed))
    }
}

// The helper's conversation with git, up to `connect`.

import Model
import POSIX
import RemoteHelper
import TestSupport
import Testing

@Suite("The remote helper")
struct RemoteHelperTests {
    /// What the helper answers to `words`, and how it ends.
    private func answers(to words: String, address: String = "pod://p/r") throws -> (
        String, Failure?
    ) {
        let (up, down) = (try PipeEnds(), try PipeEnds())
        writeAll(words, to: up.writer)
        up.closeWriter()
        let helper = RemoteHelper(
            address: address, environment: Environment([:], accountHome: "/", accountName: "n"),
            input: up.reader, output: down.writer, complain: { _ in })
        var failure: Failure?
        do throws(Failure) { try helper.run() } catch { failure = error }
        down.closeWriter()
        let buffer = ByteBuffer(capacity: 64 * 1024)
        _ = try read(down.reader, into: buffer)
        return (String(decoding: buffer.takeAll(), as: UTF8.self), failure)
    }

    @Test("it offers connect and options, answers each, and ends when git is done")
    func polite() throws {
        let (text, failure) = try answers(
            to: "capabilities\noption verbosity 2\noption depth 1\n\ncapabilities\n")
        #expect(text == "connect\noption\n\nok\nunsupported\n")
        #expect(failure == nil)
    }

    @Test("a git that goes away is no failure")
    func gone() throws {
        #expect(try answers(to: "capabil").1 == nil)
        #expect(try answers(to: "").1 == nil)
    }

    @Test(
        "what a pod does not do is refused, with the reason",
        arguments: [
            ("connect git-receive-pack\n", FailureKind.refused, "never pushed to"),
            ("connect git-evil\n", .refused, "does not serve \"git-evil\""),
            ("connect \n", .refused, "does not serve \"\""),
            ("push a:b\n", .failed, "\"push a:b\", which is not offered"),
        ])
    func refused(words: String, kind: FailureKind, reason: String) throws {
        let (text, failure) = try answers(to: words)
        #expect(text.isEmpty)
        #expect(failure?.kind == kind)
        #expect(failure?.message.contains(reason) == true)
        #expect(failure?.hint != nil)
    }

    @Test("a bad address is refused before git is answered")
    func address() throws {
        let (text, failure) = try answers(to: "capabilities\n", address: "pod://-oX/r")
        #expect(text.isEmpty && failure?.kind == .configuration)
    }

    @Test("a line without an end is not read for ever")
    func longLine() throws {
        let cat = try ChildProcess(["sh", "-c", "tr '\\0' x </dev/zero"], input: .null)
        defer { cat.end(grace: .milliseconds(10)) }
        let helper = RemoteHelper(
            address: "pod://p/r", environment: Environment([:], accountHome: "/", accountName: "n"),
            input: cat.outputDescriptor ?? -1, output: -1, complain: { _ in })
        let failure = #expect(throws: Failure.self) { try helper.run() }
        #expect(failure?.message == "git sent a line of more than 65536 bytes")
    }
}

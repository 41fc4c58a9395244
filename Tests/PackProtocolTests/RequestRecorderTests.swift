// What is written down of a client's requests, and how much at most.

import PackProtocol
import Testing

@Suite("The request recorder")
struct RequestRecorderTests {
    private func record(_ service: Service, _ lines: [String]) -> RequestRecorder {
        var recorder = RequestRecorder(service: service)
        for byte in packets(lines) { unsafe recorder.sending([byte].span.bytes) }
        return recorder
    }

    private func record(_ name: String) throws -> RequestRecorder {
        let transcript = try Transcript(name)
        var recorder = RequestRecorder(service: transcript.service)
        for step in transcript.steps where step.side == .client {
            unsafe recorder.sending(step.bytes.span.bytes)
        }
        return recorder
    }

    @Test(
        "a clone is recorded",
        arguments: [("v0-shallow", []), ("v2-shallow", ["ls-refs", "fetch"])])
    func clone(name: String, commands: [String]) throws {
        let recorder = try record(name)
        #expect(recorder.commands == commands)
        #expect(recorder.wants == [oid])
        #expect(recorder.wantCount == 2, "git wants HEAD and its branch")
        #expect(recorder.depth == ["deepen 1"])
        #expect(recorder.filter == nil && recorder.wantRefs == [] && !recorder.isMalformed)
    }

    @Test("refs by name, depth and filter are recorded")
    func options() {
        let recorder = record(
            .uploadPack,
            [
                "command=fetch\n", "0001", "want-ref refs/heads/main\n", "deepen-since 17\n",
                "deepen-relative\n", "filter blob:none\n", "want \(oid)\n", "done\n", "0000",
            ])
        #expect(recorder.wantRefs == ["refs/heads/main"])
        #expect(recorder.depth == ["deepen-since 17", "deepen-relative"])
        #expect(recorder.filter == "blob:none")
        #expect(recorder.wants == [oid] && recorder.wantCount == 1)
    }

    @Test("the capabilities of a first want are no part of its name")
    func capabilities() {
        let recorder = record(.uploadPack, ["want \(oid) side-band filter=x\n", "0000"])
        #expect(recorder.wants == [oid])
    }

    @Test("an archive's arguments are recorded")
    func archive() throws {
        #expect(try record("archive").arguments == ["main", "f"])
        #expect(try record("archive").wants == [])
    }

    @Test("memory is bounded whatever comes")
    func bounds() {
        let long = String(repeating: "x", count: 3000)
        var lines: [String] = ["filter \(long)\n"]
        for number in 0..<200 {
            lines += [
                "want \(number)\(long)", "want-ref \(number)\(long)", "command=\(number)\(long)",
            ]
            lines += ["deepen \(number)\(long)"]
        }
        let recorder = record(.uploadPack, lines)
        #expect(recorder.wantCount == 200)
        for list in [recorder.wants, recorder.wantRefs, recorder.commands, recorder.depth] {
            #expect(list.count == 16)
            #expect(list.allSatisfy { $0.utf8.count <= 1024 + 6 })
        }
        #expect(recorder.filter?.utf8.count == 1024)
        let archive = record(.uploadArchive, (0..<200).map { "argument \($0)\(long)" })
        #expect(archive.arguments.count == 64)
        #expect(archive.arguments.allSatisfy { $0.utf8.count == 1024 })
    }

    @Test("a client that sends no packets is said to be malformed")
    func malformed() {
        var recorder = record(.uploadPack, ["want \(oid)\n"])
        unsafe recorder.sending(Array("GET / HTTP/1.1".utf8).span.bytes)
        unsafe recorder.sending(packets(["want \(otherOid)\n"]).span.bytes)
        #expect(recorder.isMalformed && recorder.wants == [oid])
    }
}

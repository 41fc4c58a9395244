// What a git-receive-pack says first, and what is no such thing.

import Model
import PackProtocol
import Testing

@Suite("What a git-receive-pack says first")
struct PushAdvertisementTests {
    private static let main = RefName("refs/heads/main")!
    private static let capabilities = "report-status side-band-64k ofs-delta agent=git/2.39.5"

    /// Takes `pieces` in, and tells all that came of it.
    private func read(_ pieces: [[UInt8]], of names: [RefName] = [main]) -> String {
        var advertisement = PushAdvertisement(of: names)
        var used = 0
        for piece in pieces {
            do { used += try unsafe advertisement.take(piece.span.bytes) } catch {
                return "error: \(error.said)"
            }
        }
        let refs = advertisement.refs.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return
            "\(refs) \(advertisement.capabilities.sorted()) \(advertisement.refusal ?? "-") "
            + "\(advertisement.isComplete) \(used)"
    }

    private let stream = packets([
        "version 1\n", "\(oid) refs/heads/main\0\(capabilities)\n",
        "\(otherOid) refs/heads/other\n",
        "\(otherOid) .have\n", "shallow \(otherOid)\n", "0000",
    ])

    @Test("is read as the refs that were asked for, and as what it can do")
    func whole() {
        let words = Self.capabilities.split(separator: " ").map(String.init).sorted()
        #expect(
            read([stream + [UInt8](repeating: 1, count: 9)])
                == "[\"refs/heads/main=\(oid)\"] \(words) - true \(stream.count)")
    }

    @Test("is read the same wherever it is cut")
    func cut() {
        let whole = read([stream])
        for offset in 0...stream.count {
            #expect(read([Array(stream[..<offset]), Array(stream[offset...])]) == whole)
            #expect(read([Array(stream[..<offset])]).contains("true") == (offset == stream.count))
        }
        #expect(read(stream.map { [$0] }) == whole)
    }

    @Test("has no refs where the repository is empty")
    func empty() {
        let stream = packets([
            "\(ObjectID.zero) capabilities^{}\0report-status delete-refs\n", "0000",
        ])
        #expect(
            read([stream]) == "[] [\"delete-refs\", \"report-status\"] - true \(stream.count)")
        #expect(read([packets(["0000"])]) == "[] [] - true 4")
    }

    @Test("may be a refusal")
    func refusal() {
        let stream = packets(["ERR access denied\u{1b}[2J\n"])
        #expect(read([stream]) == "[] [] access denied\\x1b[2J false \(stream.count)")
    }

    @Test("tells names apart that only look the same")
    func spellings() throws {
        let composed = try #require(RefName("refs/heads/\u{e9}"))
        let stream = packets(["\(oid) refs/heads/e\u{301}\0report-status", "0000"])
        #expect(read([stream], of: [composed]).hasPrefix("[] "))
    }

    @Test(
        "is told from what is none",
        arguments: [
            "0001", "0002", "000", "zzzz", "SSH-2.0-OpenSSH", "This account is not available.\n",
        ])
    func none(said: String) {
        let found = read([Array(said.utf8)])
        #expect(found.hasPrefix("error: ") || said.count < 4, "\(found)")
    }

    @Test(
        "has lines of an id and a name",
        arguments: [
            "", "\n", "\0", "\0\0", oid, "\(oid) ", "\(oid)\0report-status", "\(oid.dropLast()) x",
            "\(oid)\trefs/heads/main", "x\(oid) refs/heads/main", "\(oid)0 refs/heads/main",
            " refs/heads/main", String(repeating: "0", count: 64) + " refs/heads/main",
        ])
    func lines(line: String) {
        #expect(read([packets([line])]).hasPrefix("error: \"") || line == "\(oid) ", "\(line)")
    }
}

// What is asked of a git-receive-pack before the pack.

import Model
import PackProtocol
import Testing

@Suite("What is asked of a git-receive-pack")
struct PushRequestTests {
    private static let main = RefName("refs/heads/main")!
    private static let other = RefName("refs/heads/other")!
    private let updates = [
        RefUpdate(main, from: ObjectID(oid), to: ObjectID(otherOid)!),
        RefUpdate(other, from: nil, to: ObjectID(oid)!),
    ]

    @Test("is a command a ref, the first one with what we use of what it can do")
    func commands() throws {
        let offered: Set = [
            "report-status", "report-status-v2", "side-band-64k", "quiet", "delete-refs", "atomic",
            "ofs-delta", "object-format=sha1", "agent=git/2.39.5", "push-options",
        ]
        let first =
            "\(oid) \(otherOid) refs/heads/main\0 report-status side-band-64k quiet object-format=sha1"
        let second = "\(ObjectID.zero) \(oid) refs/heads/other"
        let agent = " agent=git-pod/\(version)"
        #expect(
            try PushRequest.bytes(updates, offered: offered)
                == packets([first + agent, second, "0000"]))
        #expect(
            try PushRequest.bytes(updates, offered: offered, isAtomic: true)
                == packets([first + " atomic" + agent, second, "0000"]))
        #expect(
            try PushRequest.bytes([updates[1]], offered: ["report-status"])
                == packets(["\(second)\0 report-status", "0000"]))
    }

    @Test("is nothing where it cannot say what became of it")
    func silent() {
        for offered: Set<String> in [[], ["side-band-64k", "report-status-v2", "atomic"]] {
            #expect(throws: PushProtocolError.self) {
                try PushRequest.bytes(updates, offered: offered)
            }
        }
        #expect(throws: PushProtocolError.self) {
            try PushRequest.bytes(updates, offered: ["report-status"], isAtomic: true)
        }
    }
}

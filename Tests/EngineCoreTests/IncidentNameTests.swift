// Names of conflict branches and anchors, there and back.

import EngineCore
import Model
import Testing

@Suite("Names of incidents")
struct IncidentNameTests {
    private let moment = UTCTime(millisecondsSince1970: 1_772_337_906_789)

    @Test("a conflict branch is called by the second, and a taken name is counted up")
    func conflictBranches() {
        let first = IncidentName.conflictBranch(moment, attempt: 1, beside: false)
        #expect(first?.description == "refs/heads/conflicts/2026-03-01T04-05-06Z")
        let third = IncidentName.conflictBranch(moment, attempt: 3, beside: true)
        #expect(third?.description == "refs/heads/conflicts-2026-03-01T04-05-06Z-3")
    }

    @Test("an anchor's name gives its time back", arguments: [1, 2, 1000])
    func anchors(attempt: Int) throws {
        let name = try #require(IncidentName.anchor(moment, attempt: attempt))
        #expect(IncidentName.time(ofAnchor: name) == 1_772_337_906_000)
    }

    @Test(
        "a name that was not made by us has no time",
        arguments: ["refs/pod/before/x", "refs/pod/before/2026-02-30T00-00-00Z", "refs/heads/main"])
    func foreign(name: String) throws {
        #expect(IncidentName.time(ofAnchor: try #require(RefName(name))) == nil)
    }

    @Test("a mark leads back to the conflict branch that it speaks of")
    func marks() throws {
        let branch = try #require(IncidentName.conflictBranch(moment, attempt: 2, beside: false))
        let mark = try #require(IncidentName.pendingMark(of: branch))
        #expect(mark.description == "refs/pod/pending/conflicts/2026-03-01T04-05-06Z-2")
        #expect(IncidentName.conflictBranch(ofMark: mark) == branch)
    }

    @Test("a person's branch in that folder is none of ours")
    func isConflictBranch() throws {
        let ours = try #require(RefName(branch: "conflicts/2026-03-01T04-05-06Z"))
        let theirs = try #require(RefName(branch: "conflicts/mine"))
        #expect(IncidentName.isConflictBranch(ours))
        #expect(!IncidentName.isConflictBranch(theirs))
    }
}

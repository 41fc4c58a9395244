// Fetching from and pushing to origins of every kind.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("An origin")
struct OriginTests {
    typealias Kind = TestOrigin.Kind

    @Test("is fetched from, whole, and no ref moves", arguments: Kind.allCases)
    func fetch(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        try work.pod.commit(to: work.there.path, "main", ["Go on elsewhere", "And further"])
        try work.pod.commit(to: work.there.path, "side", ["Stand aside"])
        let before = try work.refs()
        let fetchHead = contents("\(work.pod.gitdir)/FETCH_HEAD")
        let absent = try #require(RefName("refs/heads/absent"))
        let side = try #require(RefName("refs/heads/side"))
        let tips = try work.origin.fetch(branch: OriginAtWork.main, alsoAsk: [absent, side])
        #expect(tips[OriginAtWork.main] == (try work.theirs()))
        #expect(tips[side] == (try work.theirs("refs/heads/side")))
        #expect(tips[absent] == nil && tips.count == 2)
        #expect(try work.refs() == before)
        #expect(try work.isWhole(Array(tips.values)))
        #expect(contents("\(work.pod.gitdir)/FETCH_HEAD") == fetchHead)
    }

    @Test("that has nothing new, or none of the refs, sends nothing", arguments: Kind.allCases)
    func nothingNew(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        let absent = try #require(RefName("refs/heads/absent"))
        #expect(try work.origin.fetch(branch: absent) == [:])
        let tips = try work.origin.fetch(branch: OriginAtWork.main)
        #expect(tips == [OriginAtWork.main: try work.theirs()])
        #expect(try work.origin.tips([OriginAtWork.main, absent]) == tips)
        #expect(directoryEntries(work.pod.gitdir)?.contains { $0.contains("scratch") } == false)
    }

    @Test(
        "is told of what it had, not of all that was written here since", arguments: Kind.allCases)
    func itHad(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        let base = try #require(try work.theirs())
        try work.pod.commit(to: work.there.path, "main", ["Theirs"])
        try work.pod.home.git("update-ref", "refs/heads/base", "\(base)", at: work.pod.gitdir)
        let said = Locked<[String]>([])
        work.settings.note = { line in said.with { $0.append(line) } }
        let nowhere = try #require(ObjectID(String(repeating: "ab", count: 20)))
        let tips = try work.origin.fetch(branch: OriginAtWork.main, itHad: [base, nowhere])
        #expect(tips == [OriginAtWork.main: try work.theirs()])
        let command = said.with { $0.first { $0.hasPrefix("running git fetch") } }
        let offers = command?.split(separator: " ").filter { $0.hasPrefix("--negotiation-tip") }
        #expect(offers == (kind == .ssh ? nil : ["--negotiation-tip=\(base)"]))
    }

    @Test("fills an empty repository, and says its default branch", arguments: Kind.allCases)
    func clone(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        try work.pod.home.git("symbolic-ref", "HEAD", "refs/heads/trunk", at: work.there.path)
        try work.pod.commit(to: work.there.path, "trunk", ["Begin"])
        let trunk = try #require(RefName("refs/heads/trunk"))
        #expect(try work.origin.defaultBranch() == trunk)
        let empty = try Repository.create(at: work.pod.folder.file("new.git"), branch: trunk)
        let steps = Locked<[OriginProgress]>([])
        work.settings.progress = { step in steps.with { $0.append(step) } }
        let origin = Origin(repository: empty, settings: work.settings)
        let tip = try #require(try origin.fetch(branch: trunk)[trunk])
        #expect(empty.contains(tip))
        #expect(steps.with { $0.contains { $0.stage == .receiving && $0.total > 0 } })
    }

    @Test("takes what is ahead of it, and new branches", arguments: Kind.allCases)
    func push(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        let saved = try #require(RefName(branch: "conflicts/2026-01-02T03-04-05Z"))
        let before = try work.refs()
        let results = try work.origin.push([
            try work.ahead(),
            RefUpdate(saved, from: nil, to: try #require(try work.own(saved.description))),
        ])
        #expect(results == [OriginAtWork.main: .done, saved: .done])
        #expect(try work.theirs() == work.own())
        #expect(try work.theirs(saved.description) == work.own(saved.description))
        #expect(try work.refs() == before)
    }

    @Test("that has it already says so", arguments: Kind.allCases)
    func pushTwice(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        let update = try work.ahead()
        #expect(try work.origin.push([update]) == [OriginAtWork.main: .done])
        #expect(try work.origin.push([update]) == [OriginAtWork.main: .done])
    }

    @Test(
        "that moved meanwhile is not overrun, and the other refs still go", arguments: Kind.allCases
    )
    func moved(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        let update = try work.ahead()
        try work.pod.commit(to: work.there.path, "main", ["Be quicker"])
        let moved = try work.theirs()
        let saved = try #require(RefName(branch: "saved"))
        let results = try work.origin.push([update, RefUpdate(saved, from: nil, to: update.new)])
        guard case .refused(.nonFastForward, _) = results[OriginAtWork.main] else {
            Issue.record("\(results)")
            return
        }
        #expect(results[saved] == .done)
        #expect(try work.theirs() == moved)
        #expect(try work.theirs("refs/heads/saved") == update.new)
    }

    @Test("is never forced, nor are its branches overwritten", arguments: Kind.allCases)
    func noForce(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        let theirs = try #require(try work.theirs())
        let other = try #require(try work.own(PodFixture.conflictBranch.asBranch))
        let main = try #require(try work.own())
        #expect(try work.pushAhead() == .done)
        let back = RefUpdate(OriginAtWork.main, from: main, to: other)
        let made = RefUpdate(OriginAtWork.main, from: nil, to: other)
        let stale = RefUpdate(OriginAtWork.main, from: theirs, to: other)
        for update in [back, made, stale] {
            let result = try work.origin.push([update])[OriginAtWork.main]
            guard case .refused(.nonFastForward, _) = result else {
                Issue.record("\(update) came to \(String(describing: result))")
                continue
            }
        }
        #expect(try work.theirs() == main)
    }

    @Test("whose branch was deleted does not get it back", arguments: Kind.allCases)
    func deleted(kind: Kind) throws {
        let work = try OriginAtWork(kind)
        let update = try work.ahead()
        try work.pod.home.git("update-ref", "-d", "refs/heads/main", at: work.there.path)
        let result = try work.origin.push([update])[OriginAtWork.main]
        guard case .refused(.nonFastForward, _) = result else {
            Issue.record("\(String(describing: result))")
            return
        }
        #expect(try work.theirs() == nil)
    }
}

extension String {
    var asBranch: String { "refs/heads/\(self)" }
}

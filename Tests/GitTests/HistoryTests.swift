// What one side has and the other has not, where machines' clocks were wrong.

import Model
import TestSupport
import Testing

@testable import Git

@Suite("History whose dates go back and forth")
struct HistoryTests {
    private let home = try! GitHome()
    private let folder = try! TemporaryDirectory()

    init() throws { try home.git("init", "-q", "--bare", folder.path) }

    private func commit(_ year: Int, _ parents: ObjectID...) throws -> ObjectID {
        let date = "\(year)-05-06T07:08:09Z"
        let empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        let made = try home.attempt(
            ["commit-tree", "-m", "\(year)"] + parents.flatMap { ["-p", "\($0)"] } + [empty],
            at: folder.path,
            environment: [
                "GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date, "GIT_AUTHOR_NAME": "A",
                "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b",
            ]
        ).check().output
        return try #require(ObjectID(made))
    }

    /// A line of commits from 1980 on top of one.
    private func past(on start: ObjectID) throws -> ObjectID {
        var tip = start
        for _ in 1...12 { tip = try commit(1980, tip) }
        return tip
    }

    @Test("a common commit below a line from the past is not taken for ours")
    func shared() throws {
        let shared = try commit(2021, commit(2020))
        let origin = try past(on: shared)
        let ours = try commit(2023, commit(2022, shared))
        let repository = try Repository(path: folder.path)
        let found = try repository.commits(from: [ours], hiding: [origin])
        #expect(found.count == 2 && !found.contains(shared))
        let theirs = try repository.commits(from: [origin], hiding: [ours, shared])
        #expect(theirs.count == 12)
    }

    @Test("nor is one that the best common ancestor has only by a line from the past")
    func below() throws {
        let shared = try commit(2021, commit(2020))
        let base = try past(on: shared)
        let aside = try commit(2022, shared)
        let ours = try commit(2023, base, aside)
        let origin = try commit(1981, base)
        let repository = try Repository(path: folder.path)
        #expect(Set(try repository.commits(from: [ours], hiding: [origin])) == [ours, aside])
        #expect(try repository.commits(from: [ours], hiding: [origin], limit: 1) == [ours])
    }
}

// The mark of a conflict branch that origin has not confirmed, while the branch is still written to.

import EngineCore
import Git
import Model
import POSIX
import TestSupport
import Testing

@testable import Engine

@Suite("The mark of an escape")
struct EscapeMarkTests {
    @Test("goes where its conflict branch goes, so that what origin got first does not end it")
    func follows() throws {
        let scene = try Scene.inSync()
        let first = try #require(ObjectID(try scene.commit("ours", "1")))
        let engine = try Engine(
            path: scene.gitdir, flags: [:],
            environment: Environment(
                scene.home.environment(), accountHome: scene.home.directory.path,
                accountName: "nobody"), note: { _ in })
        let kept = try engine.escape(first)
        let mark = try #require(IncidentName.pendingMark(of: kept.name))
        let second = try #require(ObjectID(try scene.commit("ours", "2")))
        try engine.follow(second, with: kept)
        #expect(try engine.target(kept.name) == second && engine.target(mark) == second)
        try engine.settle(RefUpdate(kept.name, from: nil, to: first))
        #expect(try engine.target(mark) == second)
        try engine.settle(RefUpdate(kept.name, from: first, to: second))
        #expect(try engine.target(mark) == nil)
    }
}

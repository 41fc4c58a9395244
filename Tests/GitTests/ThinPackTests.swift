// Packs of small pushes, as git takes them: with nothing but what their deltas stand on.

import Model
import POSIX
import TestSupport
import Testing

@testable import Git

@Suite("A pack of a small push")
struct ThinPackTests {
    /// A repository, and empty ones beside it that take packs of it.
    private struct Receivers {
        let folder: TemporaryDirectory
        let home: GitHome
        var source: String { folder.file("source.git") }

        init(_ stream: [UInt8]) throws {
            folder = try TemporaryDirectory()
            home = try GitHome()
            try home.git("init", "-q", "--bare", source)
            try home.git("init", "-q", "--bare", folder.file("empty.git"))
            try home.attempt(["fast-import", "--quiet"], at: source, input: stream).check()
        }

        /// A repository that has `tips` and their history alone.
        func receiver(_ name: String, with tips: [ObjectID]) throws -> String {
            let path = folder.file(name)
            try run(["rm", "-rf", path]).check()
            try run(["cp", "-r", folder.file("empty.git"), path]).check()
            guard !tips.isEmpty else { return path }
            let names = tips.map { "\($0)\n" }.joined()
            let pack = try home.attempt(
                ["pack-objects", "--revs", "--stdout", "-q"], at: source, input: Array(names.utf8)
            ).check()
            try home.attempt(["index-pack", "--stdin"], at: path, input: pack.bytes).check()
            return path
        }

        func ids() throws -> [ObjectID] {
            try home.git(
                "for-each-ref", "--sort=version:refname", "--format=%(objectname)", at: source
            )
            .split(separator: "\n").compactMap { ObjectID($0) }
        }

        /// What is wrong with `pack` for one who has `hidden` alone; nil if nothing is.
        func flaw(_ pack: [UInt8], _ tips: [ObjectID], _ hidden: [ObjectID]) throws -> String? {
            let ways = [
                ["index-pack", "--strict", "--fix-thin", "--stdin"], ["unpack-objects", "-q"],
            ]
            for way in ways {
                let path = try receiver("receiver.git", with: hidden)
                let taken = try home.attempt(way, at: path, input: pack)
                guard taken.succeeded else { return "\(way[0]): \(taken.errors)" }
                let names = tips.map(\.description)
                let listed = try home.attempt(
                    ["rev-list", "--objects", "--quiet"] + names, at: path)
                guard listed.succeeded else { return "\(way[0]): \(listed.errors)" }
                let whole = try home.attempt(
                    ["fsck", "--strict", "--no-dangling"] + names, at: path)
                guard whole.succeeded else { return "\(way[0]): \(whole.errors)\(whole.output)" }
            }
            return nil
        }
    }

    @Test("is taken by git whatever the history is like", arguments: 0..<30)
    func histories(seed: Int) throws {
        let history = RandomHistory(seed: UInt64(seed), count: 24)
        let receivers = try Receivers(history.stream)
        let repository = try Repository(path: receivers.source)
        let ids = try receivers.ids()
        var numbers = SeededNumbers(seed: UInt64(seed) + 1000)
        for round in 0..<8 {
            func some(_ most: Int) -> [ObjectID] {
                (0..<Int.random(in: 1...most, using: &numbers)).compactMap { _ in
                    ids.randomElement(using: &numbers)
                }
            }
            // Most pushes are of a few commits onto what origin has.
            let newest = Int.random(in: 1..<ids.count, using: &numbers)
            let hidden = round == 0 ? [] : round < 5 ? [ids[newest - 1]] : some(4)
            let tips = round == 0 ? [ids[ids.count - 1]] : round < 5 ? [ids[newest]] : some(3)
            let made = try ThinPack.bytes(of: tips, hiding: hidden, in: repository)
            let pack = try #require(made, "seed \(seed), round \(round)")
            let flaw = try receivers.flaw(pack, tips, hidden)
            #expect(flaw == nil, "seed \(seed), round \(round): \(flaw ?? "")")
        }
    }
}

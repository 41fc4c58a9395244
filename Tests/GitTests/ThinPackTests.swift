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

    /// `count` commits called `refs/heads/c0` and so on: the first has `files`, and each of the first
    /// `edits` after it changes the first of them.
    private func line(files: Int, edits: Int, count: Int) -> [UInt8] {
        var stream = ""
        for index in 0..<count {
            stream += "commit refs/heads/c\(index)\nmark :\(index + 1)\n"
            stream += "committer Pod <pod@example.com> \(1_000_000 + index) +0000\ndata 1\nc\n"
            if index > 0 { stream += "from :\(index)\n" }
            for file in 0..<(index == 0 ? files : index <= edits ? 1 : 0) {
                let text = "file \(file) in commit \(index)"
                stream += "M 100644 inline file\(file)\ndata \(text.utf8.count)\n\(text)\n"
            }
            stream += "\n"
        }
        return Array(stream.utf8)
    }

    @Test(
        "of more objects than it may have is left to git, and is whole before", arguments: 97...100)
    func limit(edits: Int) throws {
        let empty = 5
        let receivers = try Receivers(line(files: 1, edits: edits, count: edits + 1 + empty))
        let repository = try Repository(path: receivers.source)
        let ids = try receivers.ids()
        let limits = ThinPack.Limits(objects: 300)
        for more in 0...empty {
            let tip = ids[edits + more]
            let pack = try ThinPack.bytes(
                of: [tip], hiding: [ids[0]], in: repository, within: limits)
            let isSmall = 3 * edits + more <= limits.objects
            #expect((pack != nil) == isSmall, "\(edits) edits and \(more) empty commits")
            guard let pack else { continue }
            let flaw = try receivers.flaw(pack, [tip], [ids[0]])
            #expect(flaw == nil, "\(edits) edits and \(more) empty commits: \(flaw ?? "")")
        }
    }

    @Test("holds a few hundred bytes for one file changed among five thousand")
    func size() throws {
        let receivers = try Receivers(line(files: 5000, edits: 1, count: 2))
        let repository = try Repository(path: receivers.source)
        let ids = try receivers.ids()
        let pack = try #require(
            try ThinPack.bytes(of: [ids[1]], hiding: [ids[0]], in: repository))
        #expect(pack.count < 400)
        #expect(try receivers.flaw(pack, [ids[1]], [ids[0]]) == nil)
        #expect(try ThinPack.bytes(of: [ids[0]], hiding: [], in: repository) == nil)
    }

    @Test("has empty folders, which git's index does not know")
    func emptyFolders() throws {
        let receivers = try Receivers(line(files: 1, edits: 0, count: 1))
        let home = receivers.home
        func tree(_ lines: String) throws -> String {
            try home.attempt(["mktree"], at: receivers.source, input: Array(lines.utf8)).check()
                .output
        }
        let empty = try tree("")
        let folder = try tree("040000 tree \(empty)\tempty\n")
        let root = try receivers.ids()[0].description
        var ids = [root]
        for tree in [folder, empty, folder, try tree("040000 tree \(folder)\tempty\n")] {
            ids.append(
                try home.git(
                    "commit-tree", tree, "-m", "c", "-p", ids[ids.count - 1], at: receivers.source))
        }
        let repository = try Repository(path: receivers.source)
        let made = ids.compactMap { ObjectID($0) }
        for start in 0..<made.count - 1 {
            let (tips, hidden) = ([made[made.count - 1]], [made[start]])
            let pack = try #require(try ThinPack.bytes(of: tips, hiding: hidden, in: repository))
            #expect(try receivers.flaw(pack, tips, hidden) == nil, "from commit \(start)")
        }
    }

    @Test("of a merge of more than two is left to git")
    func octopus() throws {
        let receivers = try Receivers(line(files: 1, edits: 3, count: 4))
        let ids = try receivers.ids()
        let tree = try receivers.home.git("rev-parse", "c3^{tree}", at: receivers.source)
        let parents = ids.prefix(3).flatMap { ["-p", $0.description] }
        let merge = try receivers.home.attempt(
            ["commit-tree", tree, "-m", "c"] + parents, at: receivers.source
        ).check().output
        let repository = try Repository(path: receivers.source)
        let tip = try #require(ObjectID(merge))
        #expect(try ThinPack.bytes(of: [tip], hiding: [ids[0]], in: repository) == nil)
    }

    @Test("of more new files than it may have is left to git", arguments: [300, 301])
    func unlike(files: Int) throws {
        // The folder that they are in is as new as they are.
        let receivers = try Receivers(line(files: files - 1, edits: 0, count: 1))
        let ids = try receivers.ids()
        let pack = try ThinPack.bytes(
            of: ids, hiding: [], in: try Repository(path: receivers.source))
        #expect((pack != nil) == (files <= ThinPack.Limits().unlike))
        if let pack { #expect(try receivers.flaw(pack, ids, []) == nil) }
    }

    @Test("of a thousand commits is whole")
    func thousand() throws {
        let receivers = try Receivers(line(files: 1, edits: 1000, count: 1001))
        let ids = try receivers.ids()
        let (tips, hidden) = ([ids[1000]], [ids[0]])
        let pack = try #require(
            try ThinPack.bytes(
                of: tips, hiding: hidden, in: try Repository(path: receivers.source)))
        #expect(try receivers.flaw(pack, tips, hidden) == nil)
    }

    @Test("of more bytes than it may have is left to git")
    func bytes() throws {
        var stream = line(files: 1, edits: 0, count: 1)
        let limits = ThinPack.Limits(content: 1 << 20)
        let size = limits.content - 500
        for (index, count) in [size, 600].enumerated() {
            stream += Array(
                """
                commit refs/heads/c\(index + 1)
                mark :\(index + 2)
                committer Pod <pod@example.com> 1 +0000
                data 1
                c
                from :\(index + 1)
                M 100644 inline large\(index)
                data \(count)

                """.utf8)
            stream += [UInt8](repeating: 7, count: count) + [10]
        }
        let receivers = try Receivers(stream)
        let repository = try Repository(path: receivers.source)
        let ids = try receivers.ids()
        let pack = try #require(
            try ThinPack.bytes(of: [ids[1]], hiding: [ids[0]], in: repository, within: limits))
        #expect(try receivers.flaw(pack, [ids[1]], [ids[0]]) == nil)
        let large = try ThinPack.bytes(
            of: [ids[2]], hiding: [ids[0]], in: repository, within: limits)
        #expect(large == nil)
    }
}

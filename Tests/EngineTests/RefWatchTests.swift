// A watch on refs that git, or anybody, moves: what it tells of, and that it misses nothing.

import Model
import POSIX
import TestSupport
import Testing

@testable import Engine

@Suite("A watch on refs")
struct RefWatchTests {
    private func fixture() throws -> (PodFixture, RefWatch, String) {
        let pod = try PodFixture()
        let gitdir = realPath(pod.gitdir) ?? pod.gitdir
        return (pod, try RefWatch(gitdir: gitdir), gitdir)
    }

    /// What it tells until it tells of `name`, or of everything.
    private func tells(_ watch: RefWatch, _ name: String) throws -> Bool {
        let ref = try #require(RefName(branch: name))
        return try eventually(within: .seconds(20)) {
            switch try watch.changes() {
            case .everything: true
            case .refs(let names): names.contains(ref)
            case nil: false
            }
        }
    }

    @Test("tells nothing when nothing happens, nor of a ref that is only locked")
    func silence() throws {
        let (pod, watch, gitdir) = try fixture()
        #expect(try watch.changes() == nil)
        try writeFile("\(gitdir)/refs/heads/main.lock", "")
        try run(["rm", "\(gitdir)/refs/heads/main.lock"]).check()
        try pod.home.git("update-ref", "refs/pod/x", "main", at: gitdir)
        try pod.home.git("tag", "t", "main", at: gitdir)
        #expect(try watch.changes() == nil)
    }

    @Test("tells of a branch that is moved, deleted, and made below folders that were not there")
    func branches() throws {
        let (pod, watch, gitdir) = try fixture()
        try pod.home.git("update-ref", "refs/heads/main", "main~1", at: gitdir)
        #expect(try tells(watch, "main"))
        try pod.home.git("branch", "a/b/c/d", "main", at: gitdir)
        #expect(try tells(watch, "a/b/c/d"))
        try pod.home.git("branch", "-D", "a/b/c/d", at: gitdir)
        #expect(try tells(watch, "a/b/c/d"))
        for _ in 1...5 {
            try pod.home.git("branch", "a/b/c/d", "main", at: gitdir)
            try pod.home.git("branch", "-D", "a/b/c/d", at: gitdir)
        }
        try pod.home.git("branch", "a/b/c/d", "main", at: gitdir)
        #expect(try tells(watch, "a/b/c/d"))
        _ = try watch.changes()
        try pod.home.git("update-ref", "refs/heads/a/b/c/d", "main~1", at: gitdir)
        #expect(try tells(watch, "a/b/c/d"))
    }

    @Test("tells of everything when refs are packed or HEAD moves, and goes on after")
    func packed() throws {
        let (pod, watch, gitdir) = try fixture()
        try pod.home.git("pack-refs", "--all", "--prune", at: gitdir)
        #expect(try watch.changes() == .everything)
        try pod.home.git("update-ref", "refs/heads/main", "main~1", at: gitdir)
        #expect(try tells(watch, "main"))
        try pod.home.git("symbolic-ref", "HEAD", "refs/heads/else", at: gitdir)
        #expect(try watch.changes() == .everything)
    }

    @Test("follows a folder of branches that is moved away and in again")
    func moved() throws {
        let (pod, watch, gitdir) = try fixture()
        try pod.home.git("branch", "a/b/c", "main", at: gitdir)
        _ = try tells(watch, "a/b/c")
        try rename("\(gitdir)/refs/heads/a", to: "\(gitdir)/refs/heads/z")
        #expect(try tells(watch, "z/b/c"))
        _ = try watch.changes()
        try pod.home.git("update-ref", "refs/heads/z/b/c", "main~1", at: gitdir)
        #expect(try tells(watch, "z/b/c"))
        _ = try watch.changes()
        try pod.home.git("branch", "a/b/c", "main", at: gitdir)
        #expect(try tells(watch, "a/b/c"))
    }

    @Test("tells of everything when refs/heads is taken away and comes again")
    func heads() throws {
        let (pod, watch, gitdir) = try fixture()
        try rename("\(gitdir)/refs/heads", to: "\(gitdir)/refs/away")
        let isTold = try eventually(within: .seconds(20)) { try watch.changes() == .everything }
        #expect(isTold)
        try rename("\(gitdir)/refs/away", to: "\(gitdir)/refs/heads")
        _ = try watch.changes()
        try watch.repair()
        try pod.home.git("update-ref", "refs/heads/main", "main~1", at: gitdir)
        #expect(try tells(watch, "main"))
    }

    @Test("misses no branch of many that are made and deleted at once")
    func many() throws {
        let (pod, watch, gitdir) = try fixture()
        let tip = try pod.tip(of: "refs/heads/main", in: gitdir) ?? ""
        var known: Set<RefName> = []
        for round in 0..<20 {
            let names = (0..<20).map { "n\(round % 3)/\($0 % 4)/\($0)" }
            let input = names.map { "update refs/heads/\($0) \(tip)\n" }.joined()
            try pod.home.attempt(["update-ref", "--stdin"], at: gitdir, input: Array(input.utf8))
                .check()
            if case .refs(let told) = try watch.changes() { known.formUnion(told) }
            let wanted = Set(names.compactMap { RefName(branch: $0) })
            #expect(known.isSuperset(of: wanted), "round \(round)")
            known = []
            let output = names.map { "delete refs/heads/\($0)\n" }.joined()
            try pod.home.attempt(["update-ref", "--stdin"], at: gitdir, input: Array(output.utf8))
                .check()
            _ = try watch.changes()
        }
    }
}

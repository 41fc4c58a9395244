// What we bring stays until refs lead to it, whatever the application has git clean up meanwhile.

import Model
import POSIX
import TestSupport
import Testing

@testable import Git

@Suite("A pack that no ref leads to yet")
struct KeptPackTests {
    private func marks(_ path: String) -> [String] {
        (directoryEntries("\(path)/objects/pack") ?? []).filter { $0.hasSuffix(".keep") }
    }

    @Test("outlives a git repack -ad and a git gc, and is a pack as any other afterwards")
    func outlives() throws {
        let fork = try ForkedBranch()
        try fork.commit("ours", ["ours": "1\n"])
        var repository: Repository? = try Repository(path: fork.path)
        let tip: ObjectID
        do {
            let replayer = Replayer(
                try #require(repository), upstream: fork.origin, onto: fork.origin,
                committer: fork.engine)
            #expect(try replayer.add(commitsUpTo: fork.tip) == .clean)
            try replayer.store()
            tip = replayer.tip
        }
        #expect(marks(fork.path).count == 1)
        try fork.git("update-ref", "refs/heads/main", "\(fork.tip)")
        try fork.git("repack", "-adq")
        try fork.git("gc", "--prune=now", "-q")
        try fork.git("cat-file", "-e", "\(tip)")
        repository = nil
        #expect(marks(fork.path).isEmpty)
        try fork.git("gc", "--prune=now", "-q")
        #expect(throws: Failure.self) { try fork.git("cat-file", "-e", "\(tip)") }
    }

    @Test("of a killed process goes at the next start, and not what somebody else keeps")
    func clears() throws {
        let fork = try ForkedBranch()
        let folder = "\(fork.path)/objects/pack"
        try writeFile("\(folder)/pack-1.keep", "git-pod\n")
        try writeFile("\(folder)/pack-2.keep", "fetch-pack 123 on host\n")
        try writeFile("\(folder)/pack-3.keep", "")
        ScratchRepository.clear(besides: fork.path)
        #expect(Set(marks(fork.path)) == ["pack-2.keep", "pack-3.keep"])
    }

    @Test("comes in through no link that somebody puts in the place of its folder")
    func swapped() throws {
        let fork = try ForkedBranch()
        try fork.git("update-ref", "refs/heads/main", "\(fork.origin)")
        try fork.git("repack", "-adq")
        let folder = "\(fork.path)/objects/pack"
        let names = (directoryEntries(folder) ?? []).filter {
            $0.hasSuffix(".pack") || $0.hasSuffix(".idx")
        }
        let victim = try TemporaryDirectory()
        let file = names[0]
        for name in ["sub/id_key", "pack/\(file)"] {
            try run(["mkdir", "-p", victim.file(name).parentFolder]).check()
            try writeFile(victim.file(name), "secret")
        }
        let incoming = try IncomingObjects(for: fork.repository)
        let scratch = try #require(
            directoryEntries(fork.path)?.first { $0.hasPrefix(ScratchFolder.prefix) })
        try rename("\(fork.path)/\(scratch)", to: "\(fork.path)/aside")
        try makeLink(to: victim.path, at: "\(fork.path)/\(scratch)")
        for name in names { try rename("\(folder)/\(name)", to: "\(incoming.path)/pack/\(name)") }
        try writeFile("\(incoming.path)/pack/other", "no part of a pack")
        try incoming.takeIn()
        try fork.git("fsck", "--connectivity-only")
        #expect(Set(directoryEntries(folder) ?? []).isSuperset(of: names))
        #expect(!exists("\(folder)/other"))
        for name in ["sub/id_key", "pack/\(file)"] {
            #expect(contents(victim.file(name)) == "secret")
        }
    }
}

// What a replay makes of files, one rule at a time, each beside git rebase: renames, attributes,
// modes, submodules.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("Replayed files")
struct ReplayedFilesTests {
    private func lines(_ changed: [Int: String] = [:]) -> String {
        (1...20).map { changed[$0] ?? "line \($0)" }.joined(separator: "\n") + "\n"
    }

    @Test("an edit follows a file that origin renamed")
    func renames() throws {
        let branch = try ForkedBranch(
            base: ["old": lines()], theirs: ["old": nil, "new": lines([2: "theirs"])])
        try branch.commit("edit", ["old": lines([18: "ours"])])
        let replayed = try branch.replay()
        #expect(try branch.files(in: replayed.tip) == "new")
        #expect(
            try branch.show("new", in: replayed.tip) + "\n" == lines([2: "theirs", 18: "ours"]))
    }

    @Test("a file added to a folder that origin renamed is a conflict, as git has it by default")
    func folderRenames() throws {
        let branch = try ForkedBranch(
            base: ["dir/a": lines(), "dir/b": lines([1: "b"])],
            theirs: ["dir/a": nil, "dir/b": nil, "to/a": lines(), "to/b": lines([1: "b"])])
        try branch.commit("add", ["dir/c": "c\n"])
        try branch.replay(.conflict(at: branch.tip, paths: ["to/c"]))
    }

    @Test("both sides' lines are kept where merge=union is set")
    func union() throws {
        let branch = try ForkedBranch(
            base: [".gitattributes": "*.txt merge=union\n", "a.txt": "base\n"],
            theirs: ["a.txt": "theirs\n"])
        try branch.commit("ours", ["a.txt": "ours\n"])
        let replayed = try branch.replay()
        #expect(try branch.show("a.txt", in: replayed.tip) == "theirs\nours")
    }

    @Test("folders of attributes may have names that are no UTF-8, from one merge to the next")
    func attributesInOddFolders() throws {
        let branch = try ForkedBranch(
            base: ["a.txt": "base\n"],
            theirs: [".gitattributes": "*.txt merge=union\n", "a.txt": "theirs\n"])
        try branch.commit(
            "folder", changes: "M 644 inline \"f\\351/.gitattributes\"\ndata 2\n#\n\n")
        try branch.commit("ours", ["a.txt": "ours\n"])
        try branch.commit("gone", changes: "D \"f\\351/.gitattributes\"\n")
        try branch.commit("more", ["a.txt": "more\n"])
        let replayed = try branch.replay()
        #expect(try branch.show("a.txt", in: replayed.tip).contains("more"))
    }

    @Test("the gitdir's own attributes count, too")
    func gitdirAttributes() throws {
        let branch = try ForkedBranch(base: ["a.txt": "base\n"], theirs: ["a.txt": "theirs\n"])
        try makeFolder("\(branch.path)/info")
        try writeFile("\(branch.path)/info/attributes", "a.txt merge=union\n")
        try branch.commit("ours", ["a.txt": "ours\n"])
        let replayed = try branch.replay()
        #expect(try branch.show("a.txt", in: replayed.tip) == "theirs\nours")
    }

    @Test(
        "a file that is not to be merged conflicts where its lines would not",
        arguments: ["binary", "-merge", "merge=binary", "mine"])
    func notMerged(attribute: String) throws {
        let rules = "[attr]mine -merge\n*.txt \(attribute)\n"
        let branch = try ForkedBranch(
            base: [".gitattributes": rules, "a.txt": lines()],
            theirs: ["a.txt": lines([2: "theirs"])])
        try branch.commit("ours", ["a.txt": lines([18: "ours"])])
        try branch.replay(.conflict(at: branch.tip, paths: ["a.txt"]))
    }

    @Test("text and eol leave what is committed alone", arguments: ["text=auto", "text eol=lf"])
    func lineEnds(attribute: String) throws {
        let dos = { (text: String) in text.split(separator: "\n").joined(separator: "\r\n") + "\r\n"
        }
        let branch = try ForkedBranch(
            base: [".gitattributes": "*.txt \(attribute)\n", "a.txt": dos(lines())],
            theirs: ["a.txt": dos(lines([2: "theirs"]))])
        try branch.commit("ours", ["a.txt": dos(lines([18: "ours"]))])
        // A worktree would hold a.txt for changed before the rebase begins.
        try makeFolder("\(branch.path)/info")
        try writeFile("\(branch.path)/info/attributes", "* -text\n")
        let replayed = try branch.replay()
        let blob = try #require(ObjectID(try branch.git("rev-parse", "\(replayed.tip):a.txt")))
        #expect(
            try branch.repository.object(blob).content
                == Array(dos(lines([2: "theirs", 18: "ours"])).utf8))
    }

    @Test("a merge that git calls clean, with conflict markers in a file, is a conflict")
    func markersInACleanMerge() throws {
        let branch = try ForkedBranch(
            base: ["old": "the same line\nx = 1\n", "x": "x\n"],
            theirs: ["old": "the same line\n\n", "new": "the same line\n"])
        try branch.commit("moved", ["old": nil, "new": "the same line\n"])
        // The other way round git writes none.
        try branch.replay()
        let merged = try branch.repository.merge(
            branch.tip, with: branch.origin, message: "m\n", author: branch.engine,
            committer: branch.engine)
        #expect(merged == .conflict(paths: ["new"]))
        let git = try branch.git("merge-tree", "--write-tree", "\(branch.tip)", "\(branch.origin)")
        #expect(try branch.git("show", "\(git):new").contains("<<<<<<<"), "git's own is \(git)")
    }

    @Test("a mode changed here and content changed there come together; so does a link")
    func modes() throws {
        let branch = try ForkedBranch(
            base: ["run": lines()], theirs: ["run": lines([3: "theirs"])])
        let content = lines()
        try branch.commit(
            "executable",
            changes: "M 755 inline run\ndata \(content.utf8.count)\n\(content)\n"
                + "M 120000 inline link\ndata 3\nrun\n")
        let replayed = try branch.replay()
        let modes = try branch.git("ls-tree", "\(replayed.tip)").split(separator: "\n")
            .map { $0.prefix(6) }
        #expect(modes == ["120000", "100755"])
        #expect(try branch.show("run", in: replayed.tip) + "\n" == lines([3: "theirs"]))
    }

    @Test("a submodule's entry is taken over, and two other ones conflict")
    func submodules() throws {
        let entry = { (digit: String) in
            "M 160000 \(String(repeating: digit, count: 40)) sub\n"
        }
        let branch = try ForkedBranch()
        try branch.commit("add", changes: entry("1"))
        try branch.commit("move", changes: entry("2"))
        let replayed = try branch.replay()
        #expect(
            try branch.git("rev-parse", "\(replayed.tip):sub") == String(repeating: "2", count: 40))
        let upstream = branch.tip
        branch.tip = try #require(try branch.parent(of: upstream))
        try branch.commit("otherwise", changes: entry("3"))
        try branch.replay(upstream: upstream, .conflict(at: branch.tip, paths: ["sub"]))
    }

    @Test("objects are read as they are: what stands in for them in refs/replace does not count")
    func replaceRefs() throws {
        let branch = try ForkedBranch()
        try branch.commit("other", ["mine": "replaced\n"])
        let other = branch.tip
        branch.tip = branch.base
        try branch.commit("mine", ["mine": "1\n"])
        try branch.git("replace", "\(branch.tip)", "\(other)")
        let replayer = try branch.replayer()
        #expect(try replayer.add(commitsUpTo: branch.tip) == .clean)
        try replayer.store()
        #expect(try branch.show("mine", in: replayer.tip) == "1")
    }

    @Test("an empty folder, which git never writes, stays where neither side touched it")
    func emptyFolders() throws {
        let branch = try ForkedBranch()
        let made = try branch.home.attempt(
            ["mktree", "--missing"], at: branch.path,
            input: Array(
                (try branch.git("ls-tree", "\(branch.tip)") + "\n"
                    + "040000 tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\tempty\n").utf8))
        let tree = try #require(ObjectID(made.output))
        try branch.commit(
            bytes: Array("author A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nempty\n".utf8),
            tree: tree)
        let replayer = try branch.replayer()
        #expect(try replayer.add(commitsUpTo: branch.tip) == .clean)
        try replayer.store()
        #expect(try branch.git("ls-tree", "\(replayer.tip)").contains("\tempty"))
        #expect(try branch.show("theirs", in: replayer.tip) == "theirs")
    }

    @Test("without a git program renames, conflicts and what origin has are found all the same")
    func withoutGit() throws {
        let branch = try ForkedBranch(
            base: ["old": lines(), "base": "base\n"], theirs: ["base": "new\n"])
        try branch.commitTheirs(
            "taken back, and moved",
            [
                "base": "base\n", "old": nil, "new": lines([2: "theirs"]),
            ])
        try branch.commit("the same", ["base": "new\n"])
        try branch.commit("edit", ["old": lines([18: "ours"])])
        let replayed = try branch.replayWithoutGit()
        let tip = try #require(ObjectID(replayed.output.split(separator: " ").last ?? ""))
        #expect(try branch.subjects(tip) == ["edit"])
        #expect(try branch.files(in: tip) == "base\nnew")
        #expect(try branch.show("new", in: tip) + "\n" == lines([2: "theirs", 18: "ours"]))
        #expect(try branch.git("fsck", "--full", "--strict", "--no-dangling") == "")
        try branch.commit("clash", ["old": lines([2: "ours"])])
        let refused = try branch.replayWithoutGit()
        #expect(refused.errors.contains("conflict at \(branch.tip)"))
        #expect(refused.errors.contains("new"))
    }
}

extension ForkedBranch {
    /// The replay in a process of its own that finds no program called git.
    fileprivate func replayWithoutGit() throws -> Finished {
        try git("update-ref", "refs/heads/ours", "\(tip)")
        try git("update-ref", "refs/heads/theirs", "\(origin)")
        return try run(
            [
                Products.tool("replay-fuzz"), "replay", path, "refs/heads/theirs",
                "refs/heads/ours",
            ], environment: ["PATH=/nonexistent"])
    }
}

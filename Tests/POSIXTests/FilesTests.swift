// Small files, and what is put in their place to hang or mislead us.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Files")
struct FilesTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    @Test("a file is read whole, up to the limit and no further")
    func reads() throws {
        let text = String(repeating: "0123456789", count: 5000)
        try writeFile(folder.file("f"), text)
        #expect(try readFile(folder.file("f")) == Array(text.utf8))
        #expect(try readFile(folder.file("f"), limit: 50_000).count == 50_000)
        let failure = #expect(throws: Failure.self) {
            try readFile(folder.file("f"), limit: 49_999)
        }
        #expect(failure?.message.contains("larger than 49999 bytes") == true)
        #expect(try readFile("/dev/null").isEmpty)
        #expect(throws: Failure.self) { try readFile("/dev/zero", limit: 1 << 20) }
    }

    @Test("a file that is not there, or is a folder, is refused with its path and reason")
    func missing() {
        for path in [folder.file("none"), folder.path] {
            let failure = #expect(throws: Failure.self) { try readFile(path) }
            #expect(failure?.kind == .failed)
            #expect(failure?.message.hasPrefix("cannot read") == true)
        }
    }

    @Test("a named pipe is refused at once, with or without a writer", arguments: [false, true])
    func pipes(hasWriter: Bool) throws {
        try run(["mkfifo", folder.file("p")]).check()
        let writer = try ChildProcess(["sh", "-c", "exec 1<>'\(folder.file("p"))'; echo; exec cat"])
        defer { writer.end(grace: .milliseconds(200)) }
        if !hasWriter { writer.end(grace: .milliseconds(200)) }
        let failure = #expect(throws: Failure.self) { try readFile(folder.file("p")) }
        #expect(failure?.message == "cannot read \(folder.file("p")): it is no plain file")
    }

    @Test("a line is appended, in a file that is made with the mode asked for")
    func appends() throws {
        try appendToFile(folder.file("log"), "one\n", mode: 0o600)
        try appendToFile(folder.file("log"), "two\n", mode: 0o644)
        #expect(contents(folder.file("log")) == "one\ntwo\n")
        #expect(fileStatus(folder.file("log"))?.mode == 0o600)
    }

    @Test("nothing is appended through a symbolic link, whole or dangling")
    func links() throws {
        try writeFile(folder.file("victim"), "safe")
        for target in ["victim", "nothing"] {
            try run(["ln", "-sf", folder.file(target), folder.file("link")]).check()
            #expect(throws: Failure.self) {
                try appendToFile(folder.file("link"), "x", mode: 0o600)
            }
        }
        #expect(contents(folder.file("victim")) == "safe")
        #expect(!exists(folder.file("nothing")))
    }

    @Test("appending to a pipe that nobody reads, to a folder or nowhere fails at once")
    func appendRefused() throws {
        try run(["mkfifo", folder.file("p")]).check()
        for path in [folder.file("p"), folder.path, folder.file("no/file"), "/dev/full"] {
            #expect(throws: Failure.self) { try appendToFile(path, "x", mode: 0o600) }
        }
    }

    @Test("what a path is, is told after its links; whether it exists, before them")
    func status() throws {
        try writeFile(folder.file("f"), "12345", mode: 0o640)
        try run(["ln", "-s", folder.file("f"), folder.file("l")]).check()
        try run(["ln", "-s", folder.file("none"), folder.file("d")]).check()
        let status = try #require(fileStatus(folder.file("l")))
        #expect(status.kind == .file && status.size == 5 && status.mode == 0o640)
        #expect(status.owner == currentUser())
        #expect(fileStatus(folder.path)?.kind == .directory)
        #expect(fileStatus("/dev/null")?.kind == .other)
        #expect(fileStatus(folder.file("d")) == nil && exists(folder.file("d")))
        #expect(!exists(folder.file("none")))
        #expect(fileStatus(descriptor: -1) == nil)
        #expect(realPath(folder.file("l")) == realPath(folder.path).map { $0 + "/f" })
        #expect(realPath(folder.file("d")) == nil)
    }

    @Test("a name that is no text leads to no real path")
    func noText() throws {
        try run(["sh", "-c", "mkdir \"$1/$(printf 'a\\377')\"", "sh", folder.path]).check()
        try run(["sh", "-c", "cd \"$1\" && ln -sfn a* l", "sh", folder.path]).check()
        #expect(fileStatus(folder.file("l"))?.kind == .directory)
        #expect(realPath(folder.file("l")) == nil)
    }

    @Test("a rename takes the place of what was there")
    func renames() throws {
        try writeFile(folder.file("a"), "new")
        try writeFile(folder.file("b"), "old")
        try rename(folder.file("a"), to: folder.file("b"))
        #expect(contents(folder.file("b")) == "new" && !exists(folder.file("a")))
        #expect(throws: Failure.self) { try rename(folder.file("a"), to: folder.file("b")) }
    }

    @Test("a folder's names are listed, and its own two left out")
    func entries() throws {
        try writeFile(folder.file(".hidden"), "")
        try folder.folder("sub")
        #expect(directoryEntries(folder.path)?.sorted() == [".hidden", "sub"])
        #expect(directoryEntries(folder.file("none")) == nil)
    }

    @Test("a folder is made for its owner alone, and left as it is if it is there")
    func folders() throws {
        try makeFolder(folder.file("new"))
        #expect(fileStatus(folder.file("new"))?.mode == 0o700)
        try makeFolder(folder.file("new"))
        #expect(throws: Failure.self) { try makeFolder(folder.file("no/parent")) }
    }

    @Test("a program is the first executable file of its name along PATH")
    func programs() throws {
        for name in ["a", "b", "c"] { try folder.folder(name) }
        try folder.folder("a/tool")
        try writeFile(folder.file("b/tool"), "", mode: 0o644)
        try writeFile(folder.file("c/tool"), "", mode: 0o755)
        let path = "\(folder.file("a")):\(folder.file("b")):\(folder.file("c"))"
        #expect(isExecutable(folder.file("c/tool")) && !isExecutable(folder.file("b/tool")))
        #expect(findProgram("tool", path: path) == folder.file("c/tool"))
        #expect(findProgram("tool", path: folder.file("b")) == nil)
        #expect(findProgram("sh") != nil)
    }

    @Test("a folder goes with names in it that are no UTF-8")
    func removesAnyName() throws {
        let tree = folder.file("tree")
        try makeNewFolder(tree)
        try writeFiles(below: tree, [([[0x61, 0xe9], [0xff]], [1]), ([Array("b".utf8)], [])])
        try removeTree(tree)
        #expect(!exists(tree))
    }
}

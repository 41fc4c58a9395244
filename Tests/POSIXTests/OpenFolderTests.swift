// A folder that is held open: no path leads elsewhere from it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An open folder")
struct OpenFolderTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
        try folder.folder("there")
        try writeFile(folder.file("there/file"), "x")
        try run(["ln", "-s", folder.file("there"), folder.file("link")]).check()
    }

    @Test("tells a folder, a link and a file apart, and follows no link")
    func kinds() throws {
        let open = try OpenFolder(folder.path)
        #expect(open.kind(of: .init("there")) == .folder)
        #expect(open.kind(of: .init("link")) == .link)
        #expect(open.kind(of: .init("there/file")) == .other)
        #expect(open.kind(of: .init("nothing")) == nil)
        #expect(Set(try open.names().map(\.shown)) == ["there", "link"])
        #expect(open.owners(of: .init("nothing")).isEmpty)
        #expect(open.owners(of: .init(".")) == [currentUser(), currentUser()])
        let isGone = try open.folder(.init("nothing")) == nil
        #expect(isGone)
        #expect(throws: Failure.self) { _ = try open.folder(.init("link")) }
        #expect(throws: Failure.self) { _ = try OpenFolder(folder.file("link")) }
    }

    @Test("stays the same one when its path is given to another")
    func swapped() throws {
        let open = try OpenFolder(folder.file("there"))
        try rename(folder.file("there"), to: folder.file("aside"))
        try run(["ln", "-s", "/", folder.file("there")]).check()
        #expect(try open.names().map(\.shown) == ["file"])
    }
}

// Folders of trial work: those of the dead are cleared away, those of the living are not.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("A folder of trial work")
struct ScratchTests {
    @Test("outlives another git-pod's start while its owner lives, and no longer")
    func living() throws {
        let scene = try Scene.inSync()
        let repository = try Repository(path: scene.gitdir)
        let dead = try run(["sh", "-c", "echo $$"]).output
        let left = "\(scene.gitdir)/\(ScratchRepository.prefix)\(dead)-1"
        try makeFolder(left)
        var scratch: ScratchRepository? = try ScratchRepository(beside: repository)
        let path = try #require(scratch?.path)
        let name = String(path.dropFirst(scene.gitdir.count + 1))
        #expect(try scene.reconcile().outcome == "in-sync")
        #expect(exists(path) && ScratchRepository.isInUse(name))
        #expect(!exists(left))
        scratch = nil
        #expect(!exists(path) && !ScratchRepository.isInUse(name))
    }
}

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
        let left = "\(scene.gitdir)/\(ScratchFolder.prefix)1-1"
        try makeFolder(left)
        let pack = "\(scene.gitdir)/objects/pack/tmp_pack_pod1-1"
        try writeFile(pack, "PACK")
        var scratch: ScratchRepository? = try ScratchRepository(beside: repository)
        let path = try #require(scratch?.path)
        #expect(try scene.reconcile().outcome == "in-sync")
        #expect(exists(path))
        #expect(!exists(left) && !exists(pack))
        withExtendedLifetime(scratch) {}
        scratch = nil
        #expect(!exists(path))
    }

    @Test("is cleared away from where a gitdir that others may write in has it")
    func elsewhere() throws {
        let scene = try Scene.inSync()
        let place = try TemporaryDirectory()
        try run(["chmod", "g+w", scene.gitdir]).check()
        let left = place.file("\(ScratchFolder.prefix)1-1")
        try makeFolder(left)
        let other = place.file("other")
        try makeFolder(other)
        let arguments = ["reconcile", "--repo", scene.gitdir, "--origin", scene.origin.path]
        let ended = try run(
            [Products.path("git-pod")] + arguments,
            environment: scene.home.environment(["TMPDIR": place.path]))
        #expect(ended.succeeded, "\(ended.errors)")
        #expect(!exists(left) && exists(other))
    }

    @Test(
        "leaves nothing of a fetch that was killed, or that a peer has cut off",
        arguments: [TestOrigin.Kind.path, .ssh])
    func killedFetch(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        try commitLarge(scene)
        func packs() -> [String] { directoryEntries("\(scene.gitdir)/objects/pack") ?? [] }
        let before = packs().sorted()
        func incoming() -> [String] {
            (directoryEntries(scene.gitdir) ?? []).filter { $0.hasPrefix("git-pod-") }
                .flatMap { directoryEntries("\(scene.gitdir)/\($0)/pack") ?? [] }
        }
        let running = try RunningCommand(
            [Products.path("git-pod"), "reconcile", "--repo", scene.gitdir] + scene.access,
            environment: scene.home.environment())
        #expect(eventually { incoming().contains { $0.contains("pack") } })
        running.child.signal(Signals.kill)
        #expect(try running.finish().status == ExitStatus.signalled(9))
        #expect(packs().sorted() == before)
        #expect(try scene.reconcile().outcome == "fast-forwarded")
        #expect(incoming().isEmpty)
        #expect(
            !(directoryEntries(scene.gitdir) ?? []).contains { $0.hasPrefix("git-pod-scratch") })
    }

    /// So much that a test can see it being received.
    private func commitLarge(_ scene: Scene) throws {
        let script = """
            blob=$(head -c 24000000 /dev/urandom | git hash-object -w --stdin)
            tree=$(printf '100644 blob %s\\tlarge\\n' $blob | git mktree)
            git update-ref refs/heads/main $(git commit-tree -p main -m large $tree)
            """
        try run(
            ["sh", "-ec", script],
            environment: scene.home.environment(["GIT_DIR": scene.origin.path])
        ).check()
    }
}

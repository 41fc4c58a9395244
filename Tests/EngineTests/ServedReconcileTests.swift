// A service whose branch was reconciled under it goes on with what the reconcile has left.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A service after a reconcile")
struct ServedReconcileTests {
    @Test(
        "sends the commits that are made on the replayed ones, which lie in a pack that is new to it"
    )
    func goesOn() throws {
        let scene = try Scene.inSync()
        let service = try RunningCommand(
            [
                Products.path("git-pod"), "serve", "--repo", scene.gitdir, "--origin",
                scene.origin.url, "--drain-quiet", "10ms",
            ] + scene.origin.flags, environment: scene.home.environment())
        #expect(try service.readErrors(until: " reconcile: in-sync"))
        try scene.commit("ours.txt", "first\n")
        #expect(try flush(scene).code == .done)
        try scene.commitToOrigin("theirs.txt", "theirs\n")
        let replaced = try scene.commit("ours.txt", "second\n")
        #expect(try scene.answer(["reconcile", "--repo", scene.gitdir]).code == .done)
        let next = try scene.commit("ours.txt", "third\n")
        let answer = try flush(scene)
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(answer.json["durableCommit"]?.string == next)
        #expect(try scene.origin.tip() == next)
        #expect(next != replaced)
        service.child.signal(Signals.terminate)
        #expect(try service.finish().succeeded)
    }

    private func flush(_ scene: Scene) throws -> Answer {
        try scene.answer(["flush", "--repo", scene.gitdir, "--timeout", "20s", "--json"])
    }
}

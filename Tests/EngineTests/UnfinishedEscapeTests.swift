// An escape that was killed before the branch moved, and an application that went on meanwhile.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An escape that was cut off")
struct UnfinishedEscapeTests {
    private static let name = "conflicts/2026-03-01T04-05-06Z"

    @Test(
        "is ended with what the application added since, on the same conflict branch",
        arguments: [true, false])
    func goesOn(isPending: Bool) throws {
        let scene = try Scene.inSync()
        try scene.commitToOrigin("both.txt", "theirs")
        let kept = try scene.commit("both.txt", "ours")
        for ref in ["refs/heads/\(Self.name)"]
            + (isPending ? ["refs/pod/pending/\(Self.name)"] : [])
        {
            try scene.home.git("update-ref", ref, kept, at: scene.gitdir)
        }
        let line = "escape refs/heads/main refs/heads/\(Self.name)\n"
        try writeNewFile("\(scene.gitdir)/git-pod-journal", Array(line.utf8), mode: 0o600)
        let last = try scene.commit("later.txt", "later")

        let answer = try scene.reconcile()
        #expect(answer.code == .escaped, "\(answer.errors)")
        #expect(answer.conflictBranch == Self.name)
        #expect(try scene.tip("refs/heads/\(Self.name)") == last)
        #expect(try scene.tip("refs/heads/\(Self.name)", in: scene.origin.path) == last)
        #expect(try scene.refs("refs/pod/pending").isEmpty)
    }
}

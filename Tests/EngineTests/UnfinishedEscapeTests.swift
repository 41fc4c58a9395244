// An escape that was killed before the branch moved, and an application that went on meanwhile.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An escape that was cut off")
struct UnfinishedEscapeTests {
    private static let name = "conflicts/2026-03-01T04-05-06Z"

    @Test(
        "is ended with what the application added since, on the same conflict branch if origin has none",
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
        // One that origin has confirmed and has no more was deleted there.
        #expect((answer.conflictBranch == Self.name) == isPending)
        let name = "refs/heads/\(answer.conflictBranch ?? "")"
        #expect(try scene.tip(name) == last)
        #expect(try scene.tip(name, in: scene.origin.path) == last)
        #expect(
            try scene.tip("refs/heads/\(Self.name)", in: scene.origin.path)
                == (isPending ? last : nil))
        #expect(try scene.refs("refs/pod/pending").isEmpty)
    }

    @Test("behind the branch's move gets another name where origin does not take its own")
    func renamed() throws {
        let scene = try Scene.inSync()
        try scene.commitToOrigin("both.txt", "theirs")
        let kept = try scene.commit("both.txt", "ours")
        try scene.origin.refuse()
        let name = try #require(try scene.reconcile().conflictBranch)
        try removeFile("\(scene.origin.path)/hooks/pre-receive")
        let line = "escape refs/heads/main refs/heads/\(name)\n"
        try writeNewFile("\(scene.gitdir)/git-pod-journal", Array(line.utf8), mode: 0o600)
        try scene.home.git("update-ref", "refs/heads/conflicts", "main", at: scene.origin.path)

        let answer = try scene.push()
        #expect(answer.code == .done, "\(answer.errors)")
        let branches = try scene.refs("refs/heads/", in: scene.origin.path)
        #expect(branches.contains { $0.value == kept }, "\(branches)")
        #expect(try scene.refs("refs/pod/pending").isEmpty)
    }

    @Test("only in its journal is not gone on with by the next incident")
    func ended() throws {
        let scene = try Scene.inSync()
        let kept = try scene.commit("both.txt", "ours")
        let theirs = try scene.commitToOrigin("both.txt", "theirs")
        let first = try #require(try scene.reconcile().conflictBranch)
        let line = "escape refs/heads/main refs/heads/\(first)\n"
        try writeNewFile("\(scene.gitdir)/git-pod-journal", Array(line.utf8), mode: 0o600)
        #expect(try scene.reconcile().outcome == "in-sync")

        // Somebody joins both on origin, and has no more use for the conflict branch.
        let joined = try scene.home.git(
            "commit-tree", "-p", theirs, "-p", kept, "-m", "Join", "\(theirs)^{tree}",
            at: scene.origin.path)
        try scene.rewindOrigin(to: joined)
        try scene.home.git("update-ref", "-d", "refs/heads/\(first)", at: scene.origin.path)
        #expect(try scene.reconcile().outcome == "fast-forwarded")
        let later = try scene.commit("both.txt", "ours again")
        try scene.commitToOrigin("both.txt", "theirs again")

        let answer = try scene.reconcile()
        #expect(answer.code == .escaped, "\(answer.errors)")
        #expect(answer.conflictBranch != first)
        #expect(try scene.tip("refs/heads/\(first)") == kept)
        #expect(try scene.tip("refs/heads/\(first)", in: scene.origin.path) == nil)
        #expect(try scene.isKept(later))
    }
}

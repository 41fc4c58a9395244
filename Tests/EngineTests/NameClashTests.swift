// Refs whose names leave no room for each other, and refs that stand for others.

import Model
import TestSupport
import Testing

@Suite("Names of refs that are in each other's way")
struct NameClashTests {
    @Test(
        "a branch below the name of one that is gone is reconciled, and what that was is kept",
        arguments: [true, false])
    func below(isPacked: Bool) throws {
        let scene = try Scene.inSync()
        let last = try scene.commit("gone.txt", "gone", branch: "topic")
        for name in ["refs/pod/seen/topic", "refs/remotes/origin/topic"] {
            try scene.home.git("update-ref", name, last, at: scene.gitdir)
        }
        try scene.home.git("update-ref", "-d", "refs/heads/topic", at: scene.gitdir)
        if isPacked { try scene.home.git("pack-refs", "--all", at: scene.gitdir) }
        let main = try #require(try scene.origin.tip())
        for repository in [scene.gitdir, scene.origin.path] {
            try scene.home.git("update-ref", "refs/heads/topic/new", main, at: repository)
        }
        let ours = try scene.commit("ours.txt", "ours", branch: "topic/new")
        let answer = try scene.reconcile("--branch", "topic/new")
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(answer.isPushed)
        #expect(try scene.tip("refs/pod/seen/topic/new") == ours)
        #expect(try scene.isKept(last))

        // And back again.
        for repository in [scene.gitdir, scene.origin.path] {
            try scene.home.git("update-ref", "-d", "refs/heads/topic/new", at: repository)
            try scene.home.git("update-ref", "refs/heads/topic", main, at: repository)
        }
        #expect(try scene.reconcile("--branch", "topic").outcome == "in-sync")
        #expect(try scene.tip("refs/pod/seen/topic") == main)
        #expect(try scene.isKept(ours))
    }

    @Test("a branch called conflicts on origin leaves room beside it", arguments: [true, false])
    func conflictsOnOrigin(byPush: Bool) throws {
        let scene = try Scene.inSync()
        let main = try #require(try scene.origin.tip())
        try scene.home.git("update-ref", "refs/heads/conflicts", main, at: scene.origin.path)
        let ours = try scene.commit("both.txt", "ours")
        let name: String
        if byPush {
            for ref in ["refs/heads/", "refs/pod/pending/"] {
                try scene.home.git(
                    "update-ref", "\(ref)conflicts/2026-03-01T04-05-06Z", ours, at: scene.gitdir)
            }
            let answer = try scene.push()
            #expect(answer.code == .done, "\(answer.errors)")
            #expect(answer.isPushed)
            name = try #require(
                try scene.home.git(
                    "for-each-ref", "--format=%(refname)", "refs/heads/conflicts-*",
                    at: scene.origin.path
                ).split(separator: "\n").first.map(String.init))
        } else {
            try scene.commitToOrigin("both.txt", "theirs")
            let answer = try scene.reconcile()
            #expect(answer.code == .escaped, "\(answer.errors)")
            // Of the round that escaped, not of the one that sent it under another name.
            #expect(answer.json["ahead"]?.text == "1" && answer.json["behind"]?.text == "1")
            name = "refs/heads/" + (answer.conflictBranch ?? "")
        }
        #expect(name.hasPrefix("refs/heads/conflicts-"))
        #expect(try scene.tip(name, in: scene.origin.path) == ours)
        #expect(try scene.refs("refs/pod/pending").isEmpty)
        #expect(try scene.tip("refs/heads/conflicts", in: scene.origin.path) == main)
    }

    @Test("a branch that is a symbolic ref is refused, and neither of the two moves")
    func symbolicBranch() throws {
        let scene = try Scene.inSync()
        let tip = try #require(try scene.tip())
        try scene.commitToOrigin("theirs.txt", "theirs")
        try scene.home.git("branch", "real", "main", at: scene.gitdir)
        try scene.home.git("symbolic-ref", "refs/heads/main", "refs/heads/real", at: scene.gitdir)
        let answer = try scene.reconcile("--branch", "main")
        #expect(answer.code == .configuration)
        #expect(answer.error.contains("refs/heads/main is a symbolic ref"))
        #expect(try scene.tip("refs/heads/real") == tip)
    }

    @Test("a tracking ref that is a symbolic ref is named, not tried for ever")
    func symbolicTracking() throws {
        let scene = try Scene.inSync()
        try scene.commitToOrigin("theirs.txt", "theirs")
        try scene.home.git(
            "symbolic-ref", "refs/remotes/origin/main", "refs/remotes/origin/other",
            at: scene.gitdir)
        let answer = try scene.reconcile()
        #expect(answer.code == .configuration)
        #expect(answer.error.contains("symbolic-ref -d refs/remotes/origin/main"))
    }
}

// A gitdir of another user, who tries to have the engine run something, read something or go
// somewhere: a canary in every place where git would take a command from.

import Model
import POSIX
import TestSupport
import Testing

@Suite(
    "A gitdir of another user",
    .enabled(if: currentUser() == 0, "only root can give a gitdir to another user"))
struct TrustTests {
    private static let stranger = "65534"

    private static let commands = [
        "core.sshCommand", "core.fsmonitor", "core.gitProxy", "core.askPass", "core.pager",
        "core.editor", "core.alternateRefsCommand", "credential.helper", "diff.external",
        "diff.evil.command", "diff.evil.textconv", "merge.evil.driver", "merge.default",
        "filter.evil.smudge", "filter.evil.clean", "filter.evil.process", "gpg.program",
        "remote.origin.uploadpack", "remote.origin.receivepack", "remote.origin.vcs",
        "uploadpack.packObjectsHook", "gc.recentObjectsHook", "sequence.editor",
        "alias.merge-tree", "alias.fetch", "alias.push", "pod.tokenFile", "pod.deployKey",
        "pod.knownHosts", "pod.origin",
    ]

    private static let hooks = [
        "reference-transaction", "pre-push", "post-merge", "post-rewrite", "post-commit",
        "pre-rebase", "update", "pre-receive", "post-receive", "pre-auto-gc", "fsmonitor-watchman",
        "pod-reconciled", "post-index-change", "proc-receive",
    ]

    @Test("says how git is told to trust an origin that is another user's")
    func originOfAnother() throws {
        let scene = try Scene()
        try run(["chown", "-R", Self.stranger, scene.origin.path]).check()
        let answer = try scene.reconcile()
        #expect(answer.code == .failed, "\(answer.errors)")
        #expect(
            answer.error.hasSuffix(
                "; say that you trust it: git config --global --add safe.directory "
                    + scene.origin.path), "\(answer.error)")
        try scene.home.git("config", "--global", "--add", "safe.directory", scene.origin.path)
        let trusted = try scene.reconcile()
        #expect(trusted.code == .done, "\(trusted.errors)")
    }

    /// A divergence whose merge wants attributes, with bait all over the gitdir.
    private func bait(_ kind: TestOrigin.Kind = .path) throws -> (Scene, TemporaryDirectory) {
        let scene = try Scene.inSync(kind)
        let touched = try TemporaryDirectory()
        try scene.commit(".gitattributes", "*.txt merge=evil filter=evil diff=evil text eol=crlf\n")
        let lines = (1...20).map { "line \($0)\n" }
        try scene.commit("both.txt", lines.joined())
        guard try scene.reconcile().outcome == "pushed-ahead" else {
            throw Failure(.failed, "the bait was not laid")
        }
        try scene.commitToOrigin("both.txt", "first\n" + lines.joined())
        try scene.commit("both.txt", lines.joined() + "last\n")
        for key in Self.commands {
            let canary = try canary(key, touched)
            try scene.home.git("config", key, canary, at: scene.gitdir)
        }
        let included = touched.file("included")
        let command = try canary("included", touched)
        try writeFile(included, "[core]\n\tsshCommand = \(command)\n[user]\n\tname = Included\n")
        try scene.home.git("config", "include.path", included, at: scene.gitdir)
        try scene.home.git(
            "config", "url.ext::\(try canary("insteadOf", touched)).insteadOf", "/",
            at: scene.gitdir)
        try scene.home.git("config", "protocol.ext.allow", "always", at: scene.gitdir)
        for hook in Self.hooks {
            let script = try canary("hook-\(hook)", touched)
            try run(["cp", script, "\(scene.gitdir)/hooks/\(hook)"]).check()
        }
        try run(["chown", "-R", Self.stranger, scene.gitdir]).check()
        return (scene, touched)
    }

    private func canary(_ place: String, _ folder: TemporaryDirectory) throws -> String {
        let path = folder.file("canary-\(place)")
        try writeFile(
            path, "#!/bin/sh\n: >'\(folder.path)'/touched-\"${0##*/}\"\nexit 1\n", mode: 0o755)
        return path
    }

    private func alarms(_ folder: TemporaryDirectory) -> [String] {
        (directoryEntries(folder.path) ?? []).filter { $0.hasPrefix("touched-") }.sorted()
    }

    @Test(
        "has none of it run, and its branch is reconciled all the same",
        arguments: TestOrigin.Kind.allCases)
    func nothingRuns(kind: TestOrigin.Kind) throws {
        let (scene, touched) = try bait(kind)
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rebased", "\(answer.errors)")
        #expect(answer.isPushed)
        #expect(alarms(touched).isEmpty)
        let text = try scene.content(of: "both.txt", in: scene.origin.path)
        #expect(text.hasPrefix("first\n") && text.hasSuffix("last"))
        let committer = try scene.home.git(
            "log", "-1", "--format=%cn", "main", at: scene.origin.path)
        #expect(!committer.contains("Included"))
        #expect(try scene.branchStatus()["local"]?.string == scene.origin.tip())
        #expect(try scene.push().code == .done)
        #expect(alarms(touched).isEmpty)
    }

    @Test("has a warning for each setting that is not followed, and the way to have it followed")
    func warnings() throws {
        let (scene, _) = try bait()
        let lines = try scene.reconcile().errors.split(separator: "\n")
        for key in [
            "pod.deploykey", "pod.knownhosts", "pod.tokenfile", "pod.origin", "include.path",
        ] {
            #expect(lines.filter { $0.contains("warning: \(key) ") }.count == 1, "\(key)")
        }
        #expect(lines.allSatisfy { $0.contains("trustOwner = \(Self.stranger)") })
    }

    @Test("is not asked where origin is, unless its owner is trusted")
    func trustOwner() throws {
        let scene = try Scene.inSync()
        try scene.home.git("config", "remote.origin.url", scene.origin.path, at: scene.gitdir)
        let own = ["reconcile", "--repo", scene.gitdir, "--json"]
        #expect(try scene.answer(own).outcome == "in-sync")
        try run(["chown", Self.stranger, "\(scene.gitdir)/config"]).check()
        let refused = try scene.answer(own)
        #expect(refused.code == .unreachable || refused.code == .configuration, "\(refused.errors)")
        #expect(refused.errors.contains("--origin URL"))
        let trusting = try scene.answer(own + ["--trust-owner", Self.stranger])
        #expect(trusting.outcome == "in-sync", "\(trusting.errors)")
    }

    @Test("lends nobody else's objects: a folder of them that is a link is refused")
    func linkedObjects() throws {
        let scene = try Scene.inSync()
        let secret = try TemporaryDirectory()
        try scene.home.git("init", "--bare", "-q", secret.path, at: scene.gitdir)
        let commit = try scene.commit("secret", "secret", to: secret.path, orphan: true)
        let folder = "objects/\(commit.prefix(2))"
        try run(["mkdir", "-p", "\(secret.path)/\(folder)"]).check()
        try run(["rm", "-rf", "\(scene.gitdir)/\(folder)"]).check()
        try run(["ln", "-s", "\(secret.path)/\(folder)", "\(scene.gitdir)/\(folder)"]).check()
        try run(["chown", "-hR", Self.stranger, scene.gitdir]).check()
        let answer = try scene.push()
        #expect(answer.code == .refused)
        #expect(answer.error.contains("\(folder) of "))
        let index = "objects/pack/pack-\(commit).idx"
        try run(["rm", "\(scene.gitdir)/\(folder)"]).check()
        try run(["ln", "-s", "/etc/hostname", "\(scene.gitdir)/\(index)"]).check()
        #expect(try scene.push().error.contains("\(index) of "))
        try run(["rm", "\(scene.gitdir)/\(index)"]).check()
        #expect(try scene.push().code == .done)
        // A name that is no UTF-8 is one that libgit2 opens all the same.
        try run([
            "sh", "-c", "ln -s /etc/hostname \"$0/objects/pack/pack-$(printf '\\377').idx\"",
            scene.gitdir,
        ]).check()
        #expect(try scene.push().code == .refused)
    }

    @Test(
        "has nothing written elsewhere: a link among its refs and logs is refused",
        arguments: [
            "refs/remotes/origin", "refs/pod", "logs/refs/heads/main", "logs", "packed-refs",
        ])
    func linkedRefs(name: String) throws {
        let scene = try Scene.inSync()
        let other = try TemporaryDirectory()
        let path = "\(scene.gitdir)/\(name)"
        let isFile = name.hasSuffix("main") || name == "packed-refs"
        if isFile { try writeFile(other.file("target"), "ours\n") }
        try run(["rm", "-rf", path]).check()
        try run(["mkdir", "-p", path.parentFolder]).check()
        try run(["ln", "-s", isFile ? other.file("target") : other.path, path]).check()
        try scene.home.git("config", "core.logAllRefUpdates", "always", at: scene.gitdir)
        try run(["chown", "-hR", Self.stranger, scene.gitdir]).check()
        try scene.commitToOrigin("theirs", "1")
        let tip = try scene.tip()
        for answer in [try scene.reconcile(), try scene.push()] {
            #expect(answer.code == .refused, "\(answer.errors)")
            #expect(answer.error.contains("\(name) of "), "\(answer.errors)")
        }
        #expect(try scene.tip() == tip)
        #expect(directoryEntries(other.path) == (isFile ? ["target"] : []))
        if isFile { #expect(contents(other.file("target")) == "ours\n") }
    }

    @Test(
        "in our own gitdir can put nothing that leads out of it",
        arguments: ["refs/remotes/origin", "objects/info/alternates"])
    func guest(name: String) throws {
        let scene = try Scene.inSync()
        let other = try TemporaryDirectory()
        let path = "\(scene.gitdir)/\(name)"
        try run(["rm", "-rf", path]).check()
        if name.hasPrefix("objects") {
            try writeFile(path, "\(other.path)\n")
        } else {
            try run(["ln", "-s", other.path, path]).check()
        }
        // What we have put there is ours to follow.
        #expect(try scene.reconcile().code == .done)
        try run(["chown", "-h", Self.stranger, path]).check()
        let answer = try scene.reconcile()
        #expect(answer.code == .refused, "\(answer.errors)")
        #expect(answer.error.contains("\(name) of \(scene.gitdir)"), "\(answer.errors)")
        #expect(answer.error.contains("it belongs to user \(Self.stranger)"), "\(answer.errors)")
    }

    @Test("cannot have us write logs of its refs, whatever its config says")
    func reflogs() throws {
        let scene = try Scene.inSync()
        try scene.home.git("config", "core.logAllRefUpdates", "always", at: scene.gitdir)
        try run(["chown", "-R", Self.stranger, scene.gitdir]).check()
        try scene.commitToOrigin("theirs", "1")
        #expect(try scene.reconcile().outcome == "fast-forwarded")
        #expect(directoryEntries("\(scene.gitdir)/logs") == nil)
    }

    @Test("with a link of a stranger in our own folder counts as the stranger's")
    func linkedConfig() throws {
        let scene = try Scene.inSync()
        let path = "\(scene.gitdir)/config.worktree"
        try run(["ln", "-s", "\(scene.gitdir)/config", path]).check()
        try run(["chown", "-h", Self.stranger, path]).check()
        try scene.home.git("config", "pod.deployKey", "/nowhere", at: scene.gitdir)
        let answer = try scene.reconcile()
        #expect(answer.errors.contains("pod.deploykey in the gitdir's config is not followed"))
        #expect(answer.errors.contains("config.worktree belongs to user \(Self.stranger)"))
    }

    @Test("even ours runs no hook of its own for our refs: they are git's to run for writers")
    func ownHooks() throws {
        let (scene, touched) = try bait()
        try run(["chown", "-R", "0", scene.gitdir]).check()
        try scene.home.git("config", "--unset", "include.path", at: scene.gitdir)
        let rewriting = try scene.home.git(
            "config", "--name-only", "--get-regexp", "^url\\.", at: scene.gitdir)
        try scene.home.git("config", "--unset", rewriting, at: scene.gitdir)
        for key in ["pod.tokenFile", "pod.deployKey", "pod.knownHosts", "pod.origin"] {
            try scene.home.git("config", "--unset", key, at: scene.gitdir)
        }
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rebased", "\(answer.errors)")
        #expect(alarms(touched).filter { $0.contains("hook-") }.isEmpty)
    }
}

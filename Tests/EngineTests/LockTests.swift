// One git-pod at a time on a gitdir, and lock files that nobody holds any more.

import Model
import POSIX
import TestSupport
import Testing

@Suite("The gitdir's lock")
struct LockTests {
    @Test("keeps a reconcile waiting while a command runs, whose exit code is the lock's")
    func command() throws {
        let scene = try Scene.inSync()
        let git = Products.path("git-pod")
        let inner =
            "\(git) reconcile --repo '\(scene.gitdir)' --origin '\(scene.origin.path)' "
            + "--lock-timeout 100ms; echo $?; exit 7"
        let ended = try run(
            [git, "lock", "--repo", scene.gitdir, "--", "sh", "-c", inner],
            environment: scene.home.environment())
        #expect(ended.status == .exited(7))
        #expect(ended.output == "1")
        #expect(ended.errors.contains("is locked by another git-pod"))
        #expect(try scene.reconcile().code == .done)
    }

    @Test("is flock(2)'s: another program can hold it, and a killed holder gives it back")
    func flock() throws {
        let scene = try Scene.inSync()
        let holder = try RunningCommand([
            "flock", "--no-fork", "\(scene.gitdir)/git-pod.lock", "sleep", "600",
        ])
        let isHeld = eventually {
            (try? scene.reconcile("--lock-timeout", "10ms").code) == .failed
        }
        #expect(isHeld)
        holder.child.signal(9)
        #expect(try scene.reconcile("--lock-timeout", "60s").code == .done)
    }

    @Test("is waited for with a count of seconds on a terminal, and without a word elsewhere")
    func counted() throws {
        let scene = try Scene.inSync()
        let holder = try RunningCommand([
            "flock", "--no-fork", "\(scene.gitdir)/git-pod.lock", "sleep", "600",
        ])
        defer { holder.child.signal(9) }
        #expect(
            eventually { (try? scene.reconcile("--lock-timeout", "10ms").code) == .failed })
        let command = "\(Products.path("git-pod")) lock --repo '\(scene.gitdir)' "
        let waiting = command + "--lock-timeout 2500ms -- true"
        let environment = scene.home.environment(["SHELL": "/bin/sh"])
        let shown = try run(["script", "-qec", waiting, "/dev/null"], environment: environment)
        #expect(shown.output.contains("git-pod: lock: 1 s"), "\(shown.output)")
        let quiet = try run(["sh", "-c", waiting], environment: environment)
        #expect(!quiet.errors.contains("lock: 1 s"))
        #expect(quiet.errors.contains("is locked by another git-pod"))
    }

    @Test("lets two reconciles at once both end well, one after the other")
    func two() throws {
        let scene = try Scene.inSync()
        try scene.commit("ours.txt", "ours")
        try scene.commitToOrigin("theirs.txt", "theirs")
        let arguments = [
            Products.path("git-pod"), "reconcile", "--repo", scene.gitdir, "--origin",
            scene.origin.url, "--json", "--lock-timeout", "60s",
        ]
        let runs = try (0..<4).map { _ in
            try RunningCommand(arguments, environment: scene.home.environment())
        }
        let ended = try RunningCommand.finish(runs, timeout: .seconds(120))
        #expect(ended.allSatisfy { $0.status == .exited(0) }, "\(ended.map(\.errors))")
        let outcomes = ended.compactMap { JSON(parsing: $0.bytes)?["outcome"]?.string }.sorted()
        #expect(outcomes == ["in-sync", "in-sync", "in-sync", "rebased"])
    }
}

@Suite("Lock files of git's")
struct GitLockTests {
    @Test("a branch that somebody holds is waited for, and named if that takes too long")
    func blocked() throws {
        let scene = try Scene.inSync()
        try scene.commitToOrigin("theirs.txt", "theirs")
        let lock = "\(scene.gitdir)/refs/heads/main.lock"
        try writeFile(lock, "")
        let tip = try scene.tip()
        let answer = try scene.reconcile()
        #expect(answer.code == .failed)
        #expect(answer.error.contains(lock))
        #expect(answer.outcome == "failed", "nothing has moved")
        #expect(answer.newCommit == tip)
        #expect(try scene.tip() == tip)
        #expect(exists(lock), "it may be somebody's")
        #expect(try scene.branchStatus()["blockedByLock"]?["path"]?.string == lock)
        try run(["rm", lock]).check()
        #expect(try scene.reconcile().outcome == "fast-forwarded")
    }

    @Test("one that our journal names is taken away at a start", arguments: [true, false])
    func journalled(hasValue: Bool) throws {
        let scene = try Scene.inSync()
        let theirs = try scene.commitToOrigin("theirs.txt", "theirs")
        let lock = "\(scene.gitdir)/refs/heads/main.lock"
        try writeFile(lock, hasValue ? "\(theirs)\n" : "")
        try writeFile("\(scene.gitdir)/git-pod-journal", "update refs/heads/main \(theirs)\n")
        let answer = try scene.reconcile()
        #expect(answer.outcome == "fast-forwarded", "\(answer.errors)")
        #expect(!exists("\(scene.gitdir)/git-pod-journal"))
    }

    @Test("one that holds another value than our journal names is a git's that lives")
    func livingGit() throws {
        let scene = try Scene.inSync()
        let theirs = try scene.commitToOrigin("theirs.txt", "theirs")
        let tip = try #require(try scene.tip())
        let lock = "\(scene.gitdir)/refs/heads/main.lock"
        try writeFile(lock, "\(tip)\n")
        try writeFile("\(scene.gitdir)/git-pod-journal", "update refs/heads/main \(theirs)\n")
        #expect(try scene.reconcile().code == .failed)
        #expect(exists(lock))
    }

    @Test("one on packed refs from before our journal's entry is a git's that packs")
    func packingGit() throws {
        let scene = try Scene.inSync()
        let lock = "\(scene.gitdir)/packed-refs.lock"
        let entry = "update refs/pod/pending/x \(ObjectID.zero)\n"
        for isOurs in [false, true] {
            try writeFile(lock, "")
            try writeFile("\(scene.gitdir)/packed-refs.new", "half")
            if !isOurs { try run(["touch", "-d", "1 hour ago", lock]).check() }
            try writeFile("\(scene.gitdir)/git-pod-journal", entry)
            if isOurs { try run(["touch", lock]).check() }
            #expect(try scene.reconcile().outcome == "in-sync")
            #expect(exists(lock) == !isOurs)
            #expect(exists("\(scene.gitdir)/packed-refs.new") == !isOurs)
        }
    }

    @Test("a journal that is nonsense stops nothing")
    func nonsense() throws {
        let scene = try Scene.inSync()
        try writeFile(
            "\(scene.gitdir)/git-pod-journal",
            "update ../../etc/passwd x\n\u{0}\nescape a\nupdate\n")
        #expect(try scene.reconcile().outcome == "in-sync")
    }
}

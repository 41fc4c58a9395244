// An engine that cannot do its work ends, or goes on: none looks alive and pushes nothing.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An engine that cannot work")
struct ServeUnableTests {
    @Test("ends and says why if the system has no room for its threads")
    func noThread() throws {
        let scene = try Scene()
        // No address space has room for such a stack.
        let ended = try TestSupport.run(
            [
                "sh", "-c", "ulimit -s 200000000000 && exec \"$@\"", "sh",
                Products.path("git-pod"), "serve", "--repo", scene.gitdir, "--origin",
                scene.origin.path,
            ], environment: scene.home.environment())
        #expect(ended.status == .exited(1), "\(ended.errors)")
        #expect(ended.errors.contains("cannot start a thread"), "\(ended.errors)")
        #expect(!exists("\(scene.gitdir)/git-pod.sock"))
    }

    @Test("goes on while nobody reads its log, and ends when it is told to")
    func unreadLog() throws {
        let scene = try Scene.inSync()
        let pipe = scene.origin.pod.folder.file("log")
        let script = """
            mkfifo "$1"; exec 2<>"$1"; head -c 65536 /dev/zero >&2; shift; exec "$@"
            """
        let engine = try RunningCommand(
            [
                "sh", "-c", script, "sh", pipe, Products.path("git-pod"), "serve", "--repo",
                scene.gitdir, "--verbose", "--drain-quiet", "10ms",
            ] + scene.access, environment: scene.home.environment(["GIT_POD_LISTEN": "none"]))
        #expect(eventually { exists("\(scene.gitdir)/git-pod.sock") })
        for number in 1...3 {
            let tip = try scene.commit("ours", "\(number)")
            let flush = try scene.answer(["flush", "--repo", scene.gitdir])
            #expect(flush.code == .done, "\(flush)")
            #expect(try scene.origin.tip() == tip)
        }
        engine.child.signal(Signals.terminate)
        #expect(try engine.finish().status == .exited(0))
    }

    @Test("reconciles once the lock is free that kept it from its first reconcile")
    func locked() throws {
        let scene = try Scene()
        try scene.commitToOrigin("theirs", "1")
        let free = scene.origin.pod.folder.file("free")
        let holder = try ChildProcess(
            [
                Products.path("git-pod"), "lock", "--repo", scene.gitdir, "--", "sh", "-c",
                "touch '\(free).held'; while [ ! -e '\(free)' ]; do sleep 0.05; done",
            ], environment: scene.home.environment(), error: .null)
        defer { holder.end(grace: .zero) }
        #expect(eventually { exists("\(free).held") })
        let engine = try Serving(
            scene, "--lock-timeout", "50ms", "--origin-check", "100ms", "--save-stuck", "false")
        #expect(
            eventually {
                engine.said("reconcile").contains {
                    $0["message"]?.string?.contains("is locked") == true
                }
            }, "\(engine.words)")
        try writeFile(free, "")
        #expect(
            eventually {
                engine.said("reconcile").contains {
                    $0["report"]?["outcome"]?.string == "rebased"
                }
            }, "\(engine.words)")
        #expect(try engine.flush().code == .done)
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }
}

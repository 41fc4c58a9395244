// A hook that another user puts into a trusted gitdir, while the service runs.

import Model
import POSIX
import TestSupport
import Testing

@Suite(
    "A hook of another user in a trusted gitdir",
    .enabled(if: currentUser() == 0, "only root can give a file to another user"))
struct StrangersHookTests {
    @Test("is not run, though it came after the service had begun", arguments: [false, true])
    func later(isStrangers: Bool) throws {
        let scene = try Scene.inSync()
        let service = try RunningCommand(
            [
                Products.path("git-pod"), "serve", "--repo", scene.gitdir, "--origin",
                scene.origin.url, "--drain-quiet", "10ms",
            ] + scene.origin.flags, environment: scene.home.environment())
        #expect(try service.readErrors(until: " reconcile: "))
        let folder = try TemporaryDirectory()
        let hook = "\(scene.gitdir)/hooks/pod-pushed"
        try run(["mkdir", "-p", "\(scene.gitdir)/hooks"]).check()
        try writeFile(hook, "#!/bin/sh\ncat >'\(folder.file("told"))'\n", mode: 0o755)
        if isStrangers { try run(["chown", "65534", hook]).check() }
        let commit = try scene.commit("later.txt", "later\n")
        service.child.signal(Signals.terminate)
        let ended = try service.finish()
        #expect(ended.succeeded, "\(ended.errors)")
        #expect(try scene.origin.tip() == commit)
        // The one that may run is waited for at the service's end.
        #expect((fileStatus(folder.file("told")) != nil) == !isStrangers)
    }
}

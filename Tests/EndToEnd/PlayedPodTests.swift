// Two containers on one emptyDir, by `podman kube play`: commits reach origin, whichever is killed.

import Model
import POSIX
import TestSupport
import Testing

@Suite(
    "A pod played by podman",
    .enabled(if: Podman.problem == nil, "podman cannot run a container here"))
struct PlayedPodTests {
    @Test("loses nothing of what its application commits, whichever container is killed")
    func killed() throws {
        let pod = try PlayedPod()
        try #require(eventually { try pod.probe("/readyz") == 200 }, "\(pod.log)")
        #expect(try pod.originHas(pod.commit("From the application")))

        let before = try pod.commit("The last words")
        try pod.kill("application")
        #expect(try pod.originHas(before))
        #expect(try pod.probe("/readyz") == 200)
        try pod.start("application")

        try pod.kill("git-pod")
        #expect(try pod.probe("/livez") == nil)
        let meanwhile = try pod.commit("While nobody watches")
        #expect(try pod.origin.tip() == before)
        try pod.start("git-pod")
        #expect(try pod.originHas(meanwhile))
        #expect(try eventually { try pod.probe("/readyz") == 200 })

        try pod.stop()
        let last = try pod.origin.pod.home.git(
            "log", "-1", "--format=%s", "main", at: pod.origin.path)
        #expect(last == "last")
    }
}

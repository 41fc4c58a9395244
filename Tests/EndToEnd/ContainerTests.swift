// A pod in a real container, reached by `podman exec` as it would be by `kubectl exec`.

import Model
import POSIX
import TestSupport
import Testing

@Suite(
    "A pod in a container is fetched from by a command that enters it",
    .enabled(if: Podman.problem == nil, "podman cannot run a container here"))
struct ContainerTests {
    private func contained() throws -> (PodFixture, Podman) {
        let pod = try PodFixture()
        let podman = try Podman(for: pod)
        try appendToFile(
            pod.home.configuration,
            """
            [pod "contained"]
            \ttransport = command
            \tcommand = \(podman.exec)
            \tpath = /data/repo.git

            """, mode: 0o644)
        return (pod, podman)
    }

    @Test("it is cloned whole, in every protocol version", arguments: [0, 1, 2])
    func clone(version: Int) throws {
        let (pod, podman) = try contained()
        try pod.addBulk(megabytes: 5, to: pod.gitdir)
        let copy = pod.folder.file("copy")
        let cloned = try pod.home.attempt(
            [
                "-c", "protocol.version=\(version)", "clone", "-q", "--mirror", "pod://contained",
                copy,
            ], environment: podman.environment)
        #expect(cloned.succeeded, "\(cloned.errors)")
        let own = try pod.refs(in: pod.gitdir, below: "refs/heads/")
        #expect(try pod.refs(in: copy, below: "refs/heads/") == own)
        #expect(try pod.home.attempt(["fsck", "--full"], at: copy).succeeded)
    }

    @Test("a container that has gone is said to be, in podman's own words")
    func gone() throws {
        let (pod, podman) = try contained()
        try podman.kill()
        let listed = try pod.home.attempt(
            ["ls-remote", "pod://contained"], environment: podman.environment)
        #expect(!listed.succeeded)
        #expect(listed.errors.contains("git-remote-pod: "))
        #expect(listed.errors.contains("container"), "\(listed.errors)")
    }

    @Test("a container without a bridge is served by plain git, and the operator is told")
    func noBridge() throws {
        let (pod, podman) = try contained()
        try pod.home.configure("pod.contained.remoteCommand", "no-such-bridge")
        let listed = try pod.home.attempt(
            ["ls-remote", "pod://contained"], environment: podman.environment)
        #expect(listed.succeeded, "\(listed.errors)")
        #expect(listed.errors.contains("no no-such-bridge: using plain git"), "\(listed.errors)")
    }

    @Test("plain git in the container serves as well", arguments: [0, 2])
    func plainGit(version: Int) throws {
        let (pod, podman) = try contained()
        try pod.home.configure("pod.contained.remoteCommand", "git")
        let listed = try pod.home.attempt(
            ["-c", "protocol.version=\(version)", "ls-remote", "pod://contained", "main"],
            environment: podman.environment.merging(["GIT_TRACE_PACKET": "1"]) { $1 })
        #expect(listed.succeeded, "\(listed.errors)")
        #expect(listed.errors.contains("< version 2") == (version == 2))
    }

    @Test("nothing goes on running in it when the helper is killed")
    func killed() throws {
        let (pod, podman) = try contained()
        let idle = try podman.processes()
        // One that has its last answer before it is stopped leaves nothing to see.
        var caught: (fetch: RunningCommand, helper: Int32)?
        for _ in 1...10 where caught == nil {
            let fetch = try pod.home.start(
                ["fetch", "-q", "pod://contained"], at: pod.clone,
                environment: podman.environment.merging(["GIT_TRACE_PACKET": "2"]) { $1 })
            #expect(try fetch.readErrors(until: "fetch< version 2"))
            guard let helper = fetch.stoppedHelper() else { continue }
            if try podman.processes().count > idle.count {
                caught = (fetch, helper)
            } else {
                Processes.end(helper)
            }
        }
        let (fetch, helper) = try #require(caught)
        Processes.end(helper)
        let ended = try eventually { try podman.processes() == idle }
        #expect(ended)
        fetch.child.signal(Signals.kill)
        _ = try fetch.finish()
    }
}

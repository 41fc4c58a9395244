// Fetching less than everything, and the services beside fetching.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Git's less common ways of fetching work with a pod")
struct PartialTests {
    @Test("a shallow clone can be deepened and made whole", arguments: Way.allCases)
    func shallow(way: Way) throws {
        let served = try ServedPod()
        let home = served.pod.home
        let copy = served.pod.folder.file("shallow")
        try home.git("clone", "-q", "--depth", "1", "pod://\(way)", copy)
        #expect(try home.git("rev-list", "--count", "HEAD", at: copy) == "1")
        try home.git("fetch", "-q", "--deepen", "1", at: copy)
        #expect(try home.git("rev-list", "--count", "HEAD", at: copy) == "2")
        try home.git("fetch", "-q", "--unshallow", at: copy)
        #expect(try home.git("rev-list", "--count", "HEAD", at: copy) == "4")
        #expect(try home.git("rev-parse", "--is-shallow-repository", at: copy) == "false")
    }

    @Test("a clone without blobs fetches them when they are looked at", arguments: Way.allCases)
    func lazily(way: Way) throws {
        let served = try ServedPod()
        let home = served.pod.home
        let copy = served.pod.folder.file("partial")
        try home.git("clone", "-q", "--bare", "--filter=blob:none", "pod://\(way)", copy)
        #expect(try missing(home, copy) > 0)
        #expect(try home.git("show", "main~1:main.txt", at: copy) == "Note what the pod saw")
        #expect(try home.git("show", "main:main.txt", at: copy) == "Note what came of it")
        try home.git("log", "-p", "--all", at: copy)
        #expect(try missing(home, copy) == 0)
    }

    private func missing(_ home: GitHome, _ repository: String) throws -> Int {
        try home.git("rev-list", "--objects", "--all", "--missing=print", at: repository)
            .split(separator: "\n").count { $0.hasPrefix("?") }
    }

    @Test("--upload-pack may name git-upload-pack and nothing else", arguments: Way.allCases)
    func uploadPack(way: Way) throws {
        let served = try ServedPod()
        try served.git("fetch", "--upload-pack", "git-upload-pack", way.rawValue)
        let mark = served.pod.folder.file("mark")
        for program in ["touch \(mark); git-upload-pack", "touch", "/usr/bin/git-upload-pack"] {
            let refused = try served.attempt("fetch", "--upload-pack", program, way.rawValue)
            #expect(!refused.succeeded)
            #expect(fileStatus(mark) == nil)
        }
    }

    @Test("a submodule is fetched only where protocol.pod.allow says so")
    func submodules() throws {
        let served = try ServedPod()
        let home = served.pod.home
        let work = served.pod.folder.file("work")
        try home.git("clone", "-q", served.pod.gitdir, work)
        try home.git(
            "-c", "protocol.pod.allow=always", "submodule", "--quiet", "add", "-b",
            PodFixture.conflictBranch, "pod://libssh2\(served.pod.gitdir)", "part", at: work)
        try home.git("commit", "-q", "-m", "Add a part", at: work)
        try home.git("push", "-q", "origin", "HEAD:refs/heads/whole", at: work)

        let clone = ["clone", "-q", "--recurse-submodules", "-b", "whole", "pod://libssh2"]
        let refused = try home.attempt(clone + [served.pod.folder.file("one")])
        #expect(!refused.succeeded)
        #expect(refused.errors.contains("transport 'pod' not allowed"))
        let allowed = ["-c", "protocol.pod.allow=always"] + clone
        try home.attempt(allowed + [served.pod.folder.file("two")]).check()
        let part = served.pod.folder.file("two/part")
        #expect(
            try served.pod.tip(of: "HEAD", in: part) == served.branches()[PodFixture.conflictBranch]
        )
    }

    @Test("git archive --remote is answered where the bridge allows it", arguments: Way.ssh)
    func archive(way: Way) throws {
        let served = try ServedPod(bridge: ["--allow-archive"])
        let archive = try served.pod.home.attempt(
            ["archive", "--remote=pod://\(way)", "main"], at: served.pod.clone)
        let names = try run(["tar", "-t"], input: archive.check().bytes).lines
        #expect(names == ["main.txt"])
    }

    @Test("git archive --remote is refused where the bridge does not", arguments: Way.ssh)
    func noArchive(way: Way) throws {
        let served = try ServedPod()
        let refused = try served.attempt("archive", "--remote=pod://\(way)", "main")
        #expect(!refused.succeeded)
        #expect(refused.bytes.isEmpty)
        let helper = try served.helper("pod://\(way)", service: "git-upload-archive")
        #expect(helper.status == .exited(ExitCode.refused.rawValue))
        #expect(helper.errors.contains("archive"))
    }

    @Test("a pod without our bridge, where plain git answers", arguments: Way.allCases, [0, 1, 2])
    func plainGit(way: Way, version: Int) throws {
        let served = try ServedPod()
        let server = try SSHServer(lines: ["AcceptEnv GIT_PROTOCOL"])
        try server.authorize(served.key.publicLine)
        try appendToFile(served.knownHosts, try server.knownHosts(), mode: 0o600)
        try served.name(
            "plain", way: way, port: server.port, settings: ["remoteCommand": "git"])
        let fetched = try served.attempt(
            "-c", "protocol.version=\(version)", "fetch", "plain",
            environment: ["GIT_TRACE_PACKET": "1"])
        #expect(fetched.succeeded, "\(fetched.errors)")
        #expect(fetched.errors.contains("fetch< version \(version)") == (version > 0))
        let fetchedBranches = try served.pod.refs(
            in: served.pod.clone, below: "refs/remotes/plain/")
        #expect(try fetchedBranches == served.branches())
    }
}

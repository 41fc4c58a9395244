// What an operator does every day, each way to the pod.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An operator fetches from a pod")
struct FetchTests {
    @Test("and has every branch, conflict branches too, and the tags", arguments: Way.allCases)
    func everything(way: Way) throws {
        let served = try ServedPod()
        try served.git("fetch", way.rawValue)
        #expect(try served.branches(of: way) == served.branches())
        #expect(try served.branches(of: way)[PodFixture.conflictBranch] != nil)
        let news = try served.git("log", "--format=%s", "origin/main..\(way)/main")
        #expect(news == "Note what came of it\nNote what the pod saw")
        let tag = try served.pod.tip(of: "refs/tags/v1", in: served.pod.clone)
        #expect(try tag == served.pod.tip(of: "refs/tags/v1", in: served.pod.gitdir))
    }

    @Test("and the next fetch brings what is new, and only that", arguments: Way.allCases)
    func next(way: Way) throws {
        let served = try ServedPod()
        try served.git("fetch", way.rawValue)
        try served.pod.commit(to: served.pod.gitdir, "main", ["Note one thing more"])
        let fetched = try served.attempt(
            "fetch", way.rawValue, environment: ["GIT_TRACE_PACKET": "1"])
        #expect(fetched.errors.contains("main       -> \(way)/main"))
        #expect(fetched.errors.contains("have "))
        #expect(try served.branches(of: way) == served.branches())
        #expect(try served.git("fetch", way.rawValue).isEmpty)
    }

    @Test("and what the pod has deleted goes with --prune", arguments: Way.allCases)
    func prune(way: Way) throws {
        let served = try ServedPod()
        try served.git("fetch", way.rawValue)
        try served.pod.home.git(
            "branch", "-q", "-D", PodFixture.conflictBranch, at: served.pod.gitdir)
        try served.git("fetch", way.rawValue)
        #expect(try served.branches(of: way)[PodFixture.conflictBranch] != nil)
        try served.git("fetch", "--prune", way.rawValue)
        #expect(try Set(served.branches(of: way).keys) == ["main"])
    }

    @Test("and a branch that went another way is followed, and said to be", arguments: Way.allCases)
    func forced(way: Way) throws {
        let served = try ServedPod()
        try served.git("fetch", way.rawValue)
        try served.pod.home.git(
            "update-ref", "refs/heads/main", "main~1", at: served.pod.gitdir)
        try served.pod.commit(to: served.pod.gitdir, "main", ["Think better of it"])
        let fetched = try served.attempt("fetch", way.rawValue)
        #expect(fetched.succeeded)
        #expect(fetched.errors.contains("(forced update)"))
        #expect(try served.branches(of: way) == served.branches())
    }

    @Test(
        "ls-remote lists what the pod has, and not what it knows of origin", arguments: Way.allCases
    )
    func listRemote(way: Way) throws {
        let served = try ServedPod()
        let listed = try served.git("ls-remote", way.rawValue)
        let own = try served.pod.home.git("show-ref", "--head", "-d", at: served.pod.gitdir)
        let expected = own.split(separator: "\n").filter { !$0.contains("refs/remotes/") }
            .map { String($0.replacing(" ", with: "\t")) }
        #expect(Set(listed.split(separator: "\n").map(String.init)) == Set(expected))
    }

    @Test("a clone is whole", arguments: Way.allCases)
    func clone(way: Way) throws {
        let served = try ServedPod()
        let copy = served.pod.folder.file("copy")
        try served.pod.home.git("clone", "-q", "pod::\(way)", copy)
        try served.pod.home.git("fsck", "--full", "--strict", at: copy)
        #expect(
            try served.pod.tip(of: "HEAD", in: copy)
                == served.pod.tip(of: "main", in: served.pod.gitdir))
        #expect(try served.pod.home.git("status", "--porcelain", at: copy).isEmpty)
    }

    @Test("by an address alone, without a section")
    func address() throws {
        let served = try ServedPod()
        try served.git("remote", "add", "pod", served.address)
        try served.git("fetch", "pod")
        let fetched = try served.pod.refs(in: served.pod.clone, below: "refs/remotes/pod/")
        #expect(try fetched == served.branches())
    }

    @Test("by a short name that insteadOf makes an address of")
    func insteadOf() throws {
        let served = try ServedPod()
        try served.git("config", "url.pod://libssh2/.insteadOf", "shop:")
        let listed = try served.git("ls-remote", "shop:\(served.pod.gitdir.dropFirst())", "main")
        #expect(try listed.hasPrefix(served.branches()["main"] ?? "no main"))
    }

    @Test("an empty pod is no error", arguments: Way.allCases)
    func empty(way: Way) throws {
        let served = try ServedPod()
        try run(["rm", "-rf", served.pod.gitdir]).check()
        try served.pod.home.git("init", "-q", "--bare", served.pod.gitdir)
        #expect(try served.attempt("fetch", way.rawValue).succeeded)
        #expect(try served.git("ls-remote", way.rawValue).isEmpty)
    }
}

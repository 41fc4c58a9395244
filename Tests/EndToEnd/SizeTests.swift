// Much at once: a large pack, many refs, many operators. bin/soak makes them larger.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Much can be fetched at once")
struct BigFetchTests {
    /// bin/soak asks for the whole of it.
    static let isSoak = environmentVariable("GIT_POD_SOAK") != nil
    static let megabytes = isSoak ? 500 : 60

    @Test("a pack of many megabytes arrives whole", arguments: Way.allCases)
    func bigPack(way: Way) throws {
        let served = try ServedPod()
        try served.pod.addBulk(megabytes: Self.megabytes, to: served.pod.gitdir)
        let fetched = try served.attempt("fetch", "-q", way.rawValue, timeout: .seconds(300))
        #expect(fetched.succeeded, "\(fetched.errors)")
        #expect(try served.branches(of: way) == served.branches())
        let checked = try served.attempt("fsck", "--full", timeout: .seconds(300))
        #expect(checked.succeeded, "\(checked.errors)")
    }

    @Test("fifty thousand refs arrive, all of them", arguments: Way.allCases)
    func manyRefs(way: Way) throws {
        let served = try ServedPod()
        let tip = try #require(try served.branches()["main"])
        try served.pod.home.git("pack-refs", "--all", at: served.pod.gitdir)
        let packed = "\(served.pod.gitdir)/packed-refs"
        let more = (0..<50_000).map { "\(tip) refs/heads/z/\($0 + 100_000)\n" }.joined()
        // Before the tags, as git sorts them.
        let old = contents(packed).split(separator: "\n", omittingEmptySubsequences: false)
        let (heads, rest) = (
            old.prefix { !$0.contains("refs/remotes") },
            old.drop { !$0.contains("refs/remotes") }
        )
        try writeFile(
            packed, heads.joined(separator: "\n") + "\n" + more + rest.joined(separator: "\n"))
        let copy = served.pod.folder.file("copy")
        try served.pod.home.git("clone", "-q", "--bare", "pod://\(way)", copy)
        let count = try served.pod.refs(in: copy, below: "refs/heads/").count
        #expect(count == 50_002)
    }

    @Test("ten operators fetch at the same time", arguments: Way.allCases)
    func ten(way: Way) throws {
        let served = try ServedPod()
        let home = served.pod.home
        let copies = (0..<10).map { served.pod.folder.file("copy\($0)") }
        let running = try copies.map {
            try home.start(["clone", "-q", "--bare", "pod://\(way)", $0])
        }
        for (copy, cloned) in zip(copies, try RunningCommand.finish(running)) {
            #expect(cloned.succeeded, "\(cloned.errors)")
            #expect(try served.pod.refs(in: copy, below: "refs/heads/") == served.branches())
        }
    }
}

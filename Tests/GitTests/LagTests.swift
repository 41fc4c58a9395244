// What lies between a branch and origin: counted, weighed and dated, at the cost of that alone.

import Model
import TestSupport
import Testing

@testable import Git

@Suite("The lag between two tips")
struct LagTests {
    /// What git itself says that these commits hold and those do not, unpacked.
    private func weight(_ fork: ForkedBranch, _ range: String) throws -> Int64 {
        let objects = try fork.git("rev-list", "--objects", range).split(separator: "\n")
            .map { $0.prefix(40) }
        return try objects.reduce(0) { sum, id in
            try sum + Int64(fork.git("cat-file", "-s", String(id)))!
        }
    }

    @Test("counts commits, the bytes that each brought, and the oldest one's time")
    func counts() throws {
        let fork = try ForkedBranch(base: ["a/b/c": "1\n", "d": "2\n"])
        try fork.commit("first", ["a/b/c": "other\n"])
        try fork.commit("second", ["a/new/file": "a longer text\n", "d": nil])
        try fork.commit("third", [:])
        let lag = try fork.repository.lag(of: fork.tip, behind: [fork.base])
        #expect(lag.commits == 3)
        #expect(lag.bytes == (try weight(fork, "\(fork.base)..\(fork.tip)")))
        let times = try fork.git("log", "--format=%ct", "\(fork.base)..\(fork.tip)")
            .split(separator: "\n").compactMap { Int64($0) }
        #expect(lag.oldest == times.min())
        #expect(try fork.repository.lag(of: fork.base, behind: [fork.tip]) == Lag())
    }

    @Test("is the same when it is measured in two steps, and when both sides have gone on")
    func steps() throws {
        let fork = try ForkedBranch()
        try fork.commit("first", ["a": "1\n"])
        let half = fork.tip
        try fork.commit("second", ["b/c": "2\n"])
        let whole = try fork.repository.lag(of: fork.tip, behind: [fork.origin])
        let first = try fork.repository.lag(of: half, behind: [fork.origin])
        let second = try fork.repository.lag(of: fork.tip, behind: [fork.origin, half])
        #expect(whole.commits == 2)
        #expect(first + second == whole)
        #expect(whole.bytes == (try weight(fork, "\(fork.origin)..\(fork.tip)")))
    }

    @Test(
        "goes once through a tree that another holds many times, and so does who looks for what is missing"
    )
    func bomb() throws {
        let fork = try ForkedBranch()
        var id = try fork.git("rev-parse", "\(fork.tip)^{tree}")
        for _ in 1...12 {
            let lines = (0..<10).map { "040000 tree \(id)\t\($0)\n" }.joined()
            id = try fork.home.attempt(["mktree"], at: fork.path, input: Array(lines.utf8))
                .check().output
        }
        let commit = try fork.git("commit-tree", "-p", "\(fork.tip)", "-m", "bomb", id)
        let tip = try #require(ObjectID(commit))
        #expect(try fork.repository.lag(of: tip, behind: [fork.tip]).commits == 1)
        try fork.repository.checkPresent(tip, hiding: [fork.tip])
    }

    @Test("leaves out what is not here of the other side")
    func absent() throws {
        let fork = try ForkedBranch()
        try fork.commit("first", ["a": "1\n"])
        let elsewhere = try #require(ObjectID(String(repeating: "1", count: 40)))
        let lag = try fork.repository.lag(of: fork.tip, behind: [elsewhere, fork.base])
        #expect(lag.commits == 1)
    }

    @Test("reads nothing that lies behind what origin has")
    func cost() throws {
        let fork = try ForkedBranch()
        for number in 1...30 { try fork.commit("behind", ["f\(number)": "1\n"]) }
        let known = fork.tip
        let behind = try fork.git("rev-parse", "\(known)~20", "\(known)~20^{tree}")
        try fork.commit("new", ["new": "1\n"])
        for id in behind.split(separator: "\n") {
            try Self.lose(String(id), of: fork)
        }
        #expect(try fork.repository.lag(of: fork.tip, behind: [known]).commits == 1)
        #expect(throws: GitError.self) { try fork.repository.lag(of: fork.tip, behind: []) }
    }

    /// Takes an object away, which must be a file of its own.
    private static func lose(_ id: String, of fork: ForkedBranch) throws {
        try run(["rm", "\(fork.path)/objects/\(id.prefix(2))/\(id.dropFirst(2))"]).check()
    }
}

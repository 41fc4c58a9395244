// A pod's repository and its origin, opened by what is under test.

import Git
import Model
import POSIX
import TestSupport

/// One origin and an ``Origin`` on it.
final class OriginAtWork {
    let there: TestOrigin
    let repository: Repository
    var settings: OriginSettings

    static let main = RefName("refs/heads/main")!

    var pod: PodFixture { there.pod }
    var origin: Origin { Origin(repository: repository, settings: settings) }

    init(_ kind: TestOrigin.Kind, sshd lines: [String] = []) throws {
        ignoreBrokenPipes()
        there = try TestOrigin(kind, sshd: lines)
        repository = try Repository(path: there.pod.gitdir)
        settings = OriginSettings(
            url: try OriginURL(there.url), environment: Self.environment(there.pod.home))
        settings.deployKey = there.deployKey
        settings.knownHosts = there.knownHosts
        settings.tokenFile = there.tokenFile
    }

    /// A person's environment, without an agent.
    static func environment(_ home: GitHome, _ extra: [String: String] = [:]) -> Environment {
        Environment(
            home.environment(extra), accountHome: home.directory.path, accountName: "nobody")
    }

    /// The tip of a ref of the pod.
    func own(_ ref: String = "refs/heads/main") throws -> ObjectID? {
        try pod.tip(of: ref, in: pod.gitdir).flatMap { ObjectID($0) }
    }

    /// The tip of a ref of origin.
    func theirs(_ ref: String = "refs/heads/main") throws -> ObjectID? {
        try there.tip(ref).flatMap { ObjectID($0) }
    }

    /// The push that a pod which is ahead makes.
    func ahead() throws -> RefUpdate {
        RefUpdate(Self.main, from: try theirs(), to: try own() ?? .zero)
    }

    /// Pushes what is ahead, and says what came of main.
    func pushAhead() throws -> PushResult? { try origin.push([try ahead()])[Self.main] }

    /// Every ref of the pod, by name.
    func refs() throws -> [String: String] { try pod.refs(in: pod.gitdir, below: "") }

    /// git's own opinion of the pod's objects, as if these ids were refs.
    func isWhole(_ tips: [ObjectID]) throws -> Bool {
        try pod.home.attempt(
            ["rev-list", "--objects", "--quiet"] + tips.map(\.description), at: pod.gitdir
        ).succeeded
    }

    var logins: Int { there.logins }

    /// The server's processes for connections.
    var sessions: [Int32] {
        there.server.map { server in
            Processes.below(server.process).filter {
                Processes.arguments(of: $0).first?.hasPrefix("sshd") == true
            }
        } ?? []
    }
}

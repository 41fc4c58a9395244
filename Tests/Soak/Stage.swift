// Where a soak takes place: a pod's gitdir, an origin behind a real sshd, and a proxy between that can
// stall. Nothing on it belongs to one thread.

import Model
import POSIX
import TestSupport

final class Stage: Sendable {
    let origin: TestOrigin
    let server: SSHServer
    let proxy: LagProxy
    let tally = Locked(Tally())
    /// How often the engine has begun to send something: mishaps like that moment.
    let sends = Locked(0)
    private let over = Locked(false)
    private let flags: [String]

    var home: GitHome { origin.pod.home }
    var gitdir: String { origin.pod.gitdir }
    /// All that engines have said.
    var log: String { origin.pod.folder.file("serve.log") }

    /// Threads that see this true end.
    var isOver: Bool { over.with { $0 } }
    func end() { over.with { $0 = true } }

    /// - Parameter lag: what the network takes in each direction.
    init(lag: Duration) throws(Failure) {
        origin = try TestOrigin(.ssh)
        guard let server = origin.server, let key = origin.deployKey else {
            throw Failure(.failed, "an origin without a server")
        }
        self.server = server
        proxy = try LagProxy(to: server.port, oneWay: lag)
        let hosts = origin.pod.folder.file("known_hosts_of_proxy")
        try writeFile(hosts, server.knownHosts(port: proxy.port))
        flags = [
            "--origin", origin.url(port: proxy.port), "--deploy-key", key, "--known-hosts", hosts,
        ]
        try writeFile(origin.pod.folder.file("serve.log"), "")
    }

    /// Starts an engine whose waits suit a soak; `extra` flags overrule them.
    func serve(_ extra: [String] = [], line: @escaping @Sendable (String) -> Void)
        throws(Failure) -> EngineLife
    {
        let command = [Products.path("git-pod"), "serve", "--repo", gitdir] + flags
        let waits = [
            "--log-format", "json", "--verbose", "--retry-first", "50ms", "--retry-cap", "1s",
            "--connect-timeout", "3s", "--idle-timeout", "2s", "--origin-check", "2s",
            "--drain-timeout", "60s", "--lock-timeout", "30s",
        ]
        let log = log
        return try EngineLife(command + waits + extra, environment: home.environment()) { text in
            try? appendToFile(log, text + "\n", mode: 0o644)
            line(text)
        }
    }

    /// Runs a verb of git-pod on the gitdir, as a user does.
    func verb(_ words: [String], timeout: Duration = longEnough) throws(Failure) -> Finished {
        try run(
            [Products.path("git-pod"), words[0], "--repo", gitdir, "--json"] + words.dropFirst(),
            environment: home.environment(), timeout: timeout)
    }
}

// What the suites of a serving engine in trouble share: an origin whose way, keys and words a test
// replaces while the engine runs.

import Model
import POSIX
import TestSupport
import Testing

/// An origin reached with files that a test can replace, by way of a proxy it can replace.
final class TroubleStage {
    let scene: Scene
    /// The file of the key in use, or of the token.
    let key: String
    let hosts: String
    let port: UInt16
    /// The port of origin itself.
    private let target: UInt16
    var proxy: LagProxy?

    init(_ kind: TestOrigin.Kind = .ssh) throws {
        scene = try Scene(kind)
        let folder = scene.origin.pod.folder
        (key, hosts) = (folder.file("key_in_use"), folder.file("hosts_in_use"))
        target = try #require(scene.origin.server?.port ?? scene.origin.web?.port)
        let proxy = try LagProxy(to: target)
        (port, self.proxy) = (proxy.port, proxy)
        try useRightKey()
        try useRightHosts()
    }

    func use(key file: String?) throws {
        try writeFile(key + ".new", contents(file ?? ""), mode: 0o600)
        try rename(key + ".new", to: key)
    }

    func useRightKey() throws {
        try use(key: scene.origin.deployKey ?? scene.origin.tokenFile)
    }

    func use(hosts text: String) throws {
        try writeFile(hosts + ".new", text)
        try rename(hosts + ".new", to: hosts)
    }

    func useRightHosts() throws {
        try use(hosts: scene.origin.server?.knownHosts(port: port) ?? "")
    }

    /// Puts another proxy in the place of the one there is; nil: nobody listens there.
    func use(_ faults: LagProxy.Faults?, to other: UInt16? = nil) throws {
        proxy = nil
        guard let faults else { return }
        let target = other ?? target
        // Somebody's own end of a connection may have the port for a moment.
        _ = eventually {
            proxy = try? LagProxy(to: target, faults: faults, port: port)
            return proxy != nil
        }
        _ = try #require(proxy)
    }

    /// Ends every connection to origin.
    func cut() throws { try use(LagProxy.Faults()) }

    /// An engine that has brought all there is to origin.
    func serve(_ flags: String...) throws -> Serving {
        let way =
            scene.origin.kind == .https
            ? ["--token-file", key] : ["--deploy-key", key, "--known-hosts", hosts]
        let engine = try Serving(
            scene, flags: ["--idle-timeout", "2s"] + flags,
            access: ["--origin", scene.origin.url(port: port)] + way)
        try engine.begin()
        guard try engine.isDurable(scene.tip()) else {
            throw Failure(.failed, "no push: \(engine.words)")
        }
        return engine
    }

    /// Commits, sees the engine name the trouble and try again, mends it, and sees it end.
    ///
    /// - Parameters:
    ///   - words: what the failure's text has in it.
    ///   - loud: how often it is to be said as an error.
    func endures(
        _ engine: Serving, _ reason: String, _ words: String, loud: Int, mend: () throws -> Void
    ) throws {
        let tip = try scene.commit("trouble", reason)
        #expect(
            eventually { engine.said("retry", reason: reason).count >= 3 },
            "\(engine.words)")
        let trouble = try engine.mark()["lastFailure"]
        #expect(trouble?["reason"]?.string == reason, "\(engine.words)")
        #expect(trouble?["text"]?.string?.contains(words) == true, "\(engine.words)")
        #expect(try engine.mark()["durable"]?.string != tip)
        #expect(try engine.mark()["state"]?.string != "in-sync")
        // One try is one failure.
        let attempts = engine.said("retry").compactMap { Int($0["attempt"]?.text ?? "") }
        #expect(attempts == Array(1...max(1, attempts.count)), "\(engine.words)")
        #expect(engine.said("error").count == loud, "\(engine.words)")
        #expect(engine.said("error", reason: reason).count == loud, "\(engine.words)")
        try mend()
        #expect(try engine.isDurable(tip), "\(engine.words)")
        #expect(try engine.flush().code == .done, "\(engine.words)")
        #expect(try engine.mark()["state"]?.string == "in-sync")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    /// Sends `signal` to sshd and to all that it has started. Returns those.
    @discardableResult
    func send(_ signal: String) throws -> [Int32] {
        let server = try #require(scene.origin.server).process
        let below = Processes.below(server)
        _ = try run(["kill", "-\(signal)"] + ([server] + below).map { "\($0)" })
        return below
    }

    /// A commit of so much that a test can see it being received.
    func commitLarge() throws -> String {
        let script = """
            blob=$(head -c \(Self.large) /dev/urandom | git hash-object -w --stdin)
            tree=$({ git ls-tree main; printf '100644 blob %s\\tlarge-%s\\n' $blob $blob; } | git mktree)
            commit=$(git commit-tree -p main -m large $tree)
            git update-ref refs/heads/main $commit
            echo $commit
            """
        return try run(
            ["sh", "-ec", script], environment: scene.home.environment(["GIT_DIR": scene.gitdir])
        ).check().output
    }

    private static let large = 24 << 20

    /// Waits until origin receives the pack of `tip`. False if it had all of it before that was seen.
    func isReceiving(_ tip: String) throws -> Bool {
        let sawIt = try eventually {
            try !incoming.isEmpty || scene.origin.tip() == tip
        }
        return try sawIt && scene.origin.tip() != tip
    }

    /// Where origin puts what it receives.
    private var incoming: [String] {
        let objects = "\(scene.origin.path)/objects"
        return (directoryEntries(objects) ?? []).filter { $0.hasPrefix("tmp_objdir-incoming") }
            .map { "\(objects)/\($0)" }
    }

    /// Kills all that sshd has started, and takes away what is half there.
    func killConnections() throws {
        let server = try #require(scene.origin.server).process
        let (below, half) = (Processes.below(server), incoming)
        below.forEach(Processes.end)
        _ = eventually { !below.contains(where: Processes.isRunning) }
        try run(["rm", "-rf"] + half).check()
    }
}

// The engine that is fuzzed: a real `git pod serve` with a gitdir, an origin and all its addresses.

import Model
import POSIX
import TestSupport

final class FuzzedEngine {
    let origin: TestOrigin
    let secret = "a secret of a fuzzer"
    let loopback: UInt16
    let anywhere: UInt16
    private let child: ChildProcess
    private let log: String

    var process: Int32 { child.process }
    var isRunning: Bool { child.pollStatus() == nil }

    init() throws(Failure) {
        origin = try TestOrigin(.path)
        let folder = origin.pod.folder
        try writeFile(folder.file("secret"), secret, mode: 0o600)
        log = folder.file("serve.log")
        try writeFile(log, "")
        child = try ChildProcess(
            [
                "sh", "-c", "log=$1; shift; exec \"$@\" 2>>\"$log\"", "sh", log,
                Products.path("git-pod"), "serve", "--repo", origin.pod.gitdir, "--origin",
                origin.path,
                "--log-format", "json", "--listen", "127.0.0.1:0", "--listen-public", "127.0.0.1:0",
                "--webhook-secret-file", folder.file("secret"), "--drain-quiet", "200ms",
            ], environment: origin.pod.home.environment(), error: .null)
        loopback = try Self.port(in: log, isPublic: false)
        anywhere = try Self.port(in: log, isPublic: true)
        let port = loopback
        guard
            eventually({ (try? http("GET", "/readyz", port: port))?.status == 200 })
        else { throw Failure(.failed, "it does not serve: \(contents(log))") }
    }

    deinit { child.end(grace: .zero) }

    private static func port(in log: String, isPublic: Bool) throws(Failure) -> UInt16 {
        var port: UInt16?
        _ = eventually {
            port = contents(log).split(separator: "\n").compactMap { JSON(parsing: Array($0.utf8)) }
                .first { $0["event"]?.string == "listening" && $0["public"]?.bool == isPublic }
                .flatMap { $0["address"]?.string?.split(separator: ":").last }.flatMap {
                    UInt16($0)
                }
            return port != nil
        }
        guard let port else { throw Failure(.failed, "it does not listen: \(contents(log))") }
        return port
    }

    func connect(_ way: FuzzedRequest.Way) throws(Failure) -> FileDescriptor {
        switch way {
        case .loopback: return try Loopback.connection(to: loopback)
        case .anywhere: return try Loopback.connection(to: anywhere)
        case .socket:
            guard
                let socket = try connectUnix(
                    "git-pod.sock", in: origin.pod.gitdir, until: .longEnough)
            else { throw Failure(.failed, "nobody listens on the socket") }
            return socket
        }
    }

    /// Whether it still does its work: a commit is made and becomes durable.
    func works() throws(Failure) -> Bool {
        let gitdir = origin.pod.gitdir
        try origin.pod.load(
            "commit refs/heads/main\ncommitter A <a@example.com> 1767323045 +0000\ndata 1\nx"
                + "from refs/heads/main^0\n\n", into: gitdir)
        let tip = try origin.pod.tip(of: "refs/heads/main", in: gitdir)
        let answer = try http("POST", "/v1/push?wait=60s", port: loopback)
        let there = try origin.tip()
        return answer.json["exitCode"] == .integer(0) && there == tip
    }

    /// Whether its log holds the secret, or the words of a crash.
    var complaint: String? {
        let words = contents(log)
        return [secret, "Fatal error", "Crash"].first { words.contains($0) }
    }
}

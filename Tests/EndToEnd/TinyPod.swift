// The smallest pod worth a fetch, behind a carrier that can be told where to break.

import Model
import POSIX
import TestSupport

/// Two commits and two branches, and `fault-pipe` between the helper and the bridge.
final class TinyPod: Sendable {
    let folder: TemporaryDirectory
    let home: GitHome
    /// Where the forced command of ``serve()`` reads its faults.
    private var faults: String { folder.file("faults") }
    private var gitdir: String { folder.file("root/r") }
    private var template: String { folder.file("empty") }
    /// Every ref that a whole fetch has.
    let refs: [String: String]

    init() throws(Failure) {
        folder = try TemporaryDirectory()
        home = try GitHome()
        try folder.folder("root")
        try home.git("init", "-q", "--bare", "--template=", folder.file("root/r"))
        try home.git("init", "-q", "--bare", "--template=", folder.file("empty"))
        let stream = """
            commit refs/heads/a
            committer A <a@b> 1 +0000
            data 1
            a
            M 100644 inline f
            data 1
            a

            commit refs/heads/b
            committer A <a@b> 2 +0000
            data 1
            b
            from refs/heads/a
            M 100644 inline f
            data 1
            b

            """
        let repository = folder.file("root/r")
        try home.attempt(
            ["fast-import", "--quiet"], at: repository, input: Array(stream.utf8)
        ).check()
        let listing = try home.git("show-ref", at: repository)
        refs = Dictionary(
            uniqueKeysWithValues: listing.split(separator: "\n").map { line in
                let words = line.split(separator: " ").map(String.init)
                return (words[1], words[0])
            })
        try writeFile(
            home.configuration,
            """
            [pod "cut"]
            \ttransport = command
            \tpath = \(repository)
            \tidleTimeout = 2m
            [core]
            \tfsync = none

            """)
    }

    /// An sshd whose forced command is the bridge behind a `fault-pipe`, and `[pod "cut"]` to it.
    func serve(by way: Way) throws(Failure) -> SSHServer {
        let server = try SSHServer()
        let key = try SSHKey(.ed25519, at: folder.file("key"))
        let pipe = "\(Products.tool("fault-pipe")) $(cat \(faults)) --"
        let bridge = "\(Products.path("git-pod")) bridge --root \(folder.file("root"))"
        try server.authorize(key.publicLine, options: SSHServer.forced("\(pipe) \(bridge)"))
        try writeFile(folder.file("known_hosts"), server.knownHosts())
        for (name, value) in [
            ("transport", "ssh"), ("host", "127.0.0.1"), ("port", "\(server.port)"),
            ("user", server.user), ("identityFile", key.path), ("sshBackend", way.rawValue),
            ("knownHosts", folder.file("known_hosts")),
        ] { try home.configure("pod.cut.\(name)", value) }
        return server
    }

    /// Fetches everything into a new repository at `target`, with `options` for `fault-pipe`.
    func fetch(into target: String, version: Int, faults options: [String]) throws(Failure)
        -> Finished
    {
        try run(["cp", "-r", template, target]).check()
        try writeFile(faults, options.joined(separator: " "))
        let pipe = ([Products.tool("fault-pipe")] + options + ["--"]).joined(separator: " ")
        return try home.attempt(
            [
                "-c", "pod.cut.command=\(pipe)", "-c", "protocol.version=\(version)", "fetch", "-q",
                "pod://cut", "+refs/heads/*:refs/heads/*",
            ], at: target)
    }

    /// The bytes of an unbroken fetch, up and down.
    func record(version: Int) throws -> (up: [UInt8], down: [UInt8]) {
        let record = folder.file("record\(version)")
        try fetch(
            into: folder.file("whole\(version)"), version: version, faults: ["--record", record]
        ).check()
        return (Self.bytes(contents("\(record).up")), Self.bytes(contents("\(record).down")))
    }

    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }

    /// Fetches with a fault. Returns what is wrong: a hang, or something between all and nothing.
    func problem(version: Int, fault: String, at offset: Int) throws -> String? {
        let target = folder.file("t-\(version)\(fault)-\(offset)")
        defer { _ = try? run(["rm", "-rf", target]) }
        let fetched = try fetch(into: target, version: version, faults: [fault, "\(offset)"])
        let place = "v\(version) \(fault) \(offset)"
        if fetched.timedOut { return "\(place): hangs" }
        guard fetched.succeeded else {
            let written = directoryEntries("\(target)/refs/heads") ?? []
            let isPacked = fileStatus("\(target)/packed-refs") != nil
            if fetched.errors.isEmpty {
                return "\(place): git fails without a word, with \(fetched.status)"
            }
            return written.isEmpty && !isPacked ? nil : "\(place): git fails and left \(written)"
        }
        for (name, tip) in refs {
            let found = contents("\(target)/\(name)")
            if found != tip + "\n" { return "\(place): git succeeds and \(name) is \(found)" }
        }
        let checked = try home.attempt(["fsck", "--connectivity-only"], at: target)
        return checked.succeeded ? nil : "\(place): git succeeds and \(checked.errors)"
    }
}

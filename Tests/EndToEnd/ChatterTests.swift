// Far sides that talk without end and say nothing: no wait of ours runs out by itself then.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A far side that never stops talking is given up in time")
struct ChatterTests {
    private static let patience = ["connectTimeout": "500ms", "idleTimeout": "500ms"]

    private func expectGivenUp(_ helper: Finished) {
        #expect(!helper.timedOut)
        #expect(helper.status == .exited(ExitCode.unreachable.rawValue), "\(helper.errors)")
    }

    @Test("with lines ahead of its SSH banner")
    func banner() throws {
        let served = try ServedPod()
        let server = try ChatteringServer()
        try served.name("chatter", way: .libssh2, port: server.port, settings: Self.patience)
        expectGivenUp(try served.helper("pod://chatter"))
    }

    @Test("with complaints, before it serves or while", arguments: ["", "advertises"])
    func complaints(first: String) throws {
        let served = try ServedPod()
        let carrier = served.pod.folder.file("carrier")
        let tip = try #require(try served.branches()["main"])
        let advertisement = first.isEmpty ? "" : "printf '003d\(tip) refs/heads/main\\n0000'\n"
        try writeFile(
            carrier,
            "#!/bin/sh\n\(advertisement)while :; do echo and another thing; done >&2\n",
            mode: 0o755)
        try served.name(
            "chatter", way: .command,
            settings: Self.patience.merging(["command": carrier]) { $1 })
        let words = packetLine("want \(tip)\n") + "0000" + packetLine("done\n")
        let helper = try served.startHelper("pod://chatter", saying: words)
        expectGivenUp(try helper.finish())
    }

    @Test("and no carrier that does not end by itself stays behind")
    func orphan() throws {
        let served = try ServedPod()
        let carrier = served.pod.folder.file("carrier")
        let note = served.pod.folder.file("process")
        try writeFile(carrier, "#!/bin/sh\necho $$ >\(note)\nexec sleep 300\n", mode: 0o755)
        let problem = try withMoreTime { time in
            let patience = "\(time.components.seconds)s"
            try served.name(
                "chatter", way: .command,
                settings: [
                    "command": carrier, "connectTimeout": patience, "idleTimeout": patience,
                ])
            expectGivenUp(try served.helper("pod://chatter"))
            guard let process = Int32(contents(note).split(separator: "\n").first ?? "") else {
                return "it was given up before it ran"
            }
            return eventually { !Processes.isRunning(process) } ? nil : "\(process) goes on"
        }
        #expect(problem == nil)
    }

    @Test("with complaints over SSH, before it serves or while", arguments: ["", "advertises"])
    func complaintsOverSSH(first: String) throws {
        let tip = String(repeating: "1", count: 40)
        let served = try ServedPod()
        let advertisement = first.isEmpty ? "" : "printf '003c\(tip) refs/heads/main0000'; "
        let name = try flooding(served, "\(advertisement)exec cat /dev/zero >&2")
        let words = packetLine("want \(tip)\n") + "0000" + packetLine("done\n")
        expectGivenUp(try served.startHelper("pod://\(name)", saying: words).finish())
    }

    @Test("but not while it serves: a fetch among its complaints comes to its end")
    func complaintsAmongBytes() throws {
        let served = try ServedPod()
        try served.pod.addBulk(megabytes: 8, to: served.pod.gitdir)
        let name = try flooding(
            served,
            "(exec head -c 30000000 /dev/zero >&2) & exec git upload-pack '\(served.pod.gitdir)'",
            ["idleTimeout": "2m", "connectTimeout": "2m"])
        let fetched = try served.attempt("fetch", "-q", name, "bulk")
        #expect(fetched.succeeded, "\(fetched.errors.suffix(300))")
    }

    /// The name of a pod whose sshd runs the shell `command`, whatever it is asked for.
    private func flooding(
        _ served: ServedPod, _ command: String, _ settings: [String: String] = patience
    ) throws -> String {
        let key = try SSHKey(.ed25519, at: served.pod.folder.file("flood_key"))
        try served.server.authorize(key.publicLine, options: SSHServer.forced(command))
        try served.name(
            "flood", way: .libssh2, settings: settings.merging(["identityFile": key.path]) { $1 })
        return "flood"
    }
}

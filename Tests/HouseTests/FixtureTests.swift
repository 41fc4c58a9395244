// The fixtures of TestSupport do what they say: the tests that stand on them need to be sure.

import Model
import POSIX
import TestSupport
import Testing

@Suite("The fixtures")
struct FixtureTests {
    @Test("a pod has two commits that origin lacks, a tag and a conflict branch")
    func pod() throws {
        let pod = try PodFixture()
        let news = try pod.home.git("log", "--format=%s", "origin/main..main", at: pod.gitdir)
        #expect(news == "Note what came of it\nNote what the pod saw")
        let refs = try pod.refs(in: pod.gitdir, below: "refs/")
        let names = ["heads/main", "heads/\(PodFixture.conflictBranch)", "remotes/origin/main"]
        #expect(Set(refs.keys) == Set(names + ["tags/v1"]))
        #expect(try pod.tip(of: "origin/main", in: pod.clone) == refs["remotes/origin/main"])
    }

    @Test("an sshd lets a key in and runs its forced command", arguments: SSHKey.Kind.allCases)
    func server(kind: SSHKey.Kind) throws {
        let folder = try TemporaryDirectory()
        let server = try SSHServer(hostKeys: [kind])
        let key = try SSHKey(kind, at: folder.file("key"))
        try server.authorize(key.publicLine, options: SSHServer.forced("echo \"forced\""))
        try writeFile(folder.file("known_hosts"), server.knownHosts(hashed: true))
        let answer = try run([
            "ssh", "-F", "none", "-p", "\(server.port)", "-i", key.path,
            "-o", "UserKnownHostsFile=\(folder.file("known_hosts"))", "-o", "BatchMode=yes",
            "\(server.user)@127.0.0.1", "true",
        ])
        #expect(answer.output == "forced", "\(answer.errors)")
    }

    @Test("an sshd is gone once its fixture is")
    func serverEnds() throws {
        var server: SSHServer? = try SSHServer()
        let process = try #require(server?.process)
        #expect(Processes.isRunning(process))
        server = nil
        #expect(!Processes.isRunning(process))
    }

    @Test("an agent holds the keys that it was given")
    func agent() throws {
        let folder = try TemporaryDirectory()
        let key = try SSHKey(.ed25519, at: folder.file("key"))
        let agent = try SSHAgent([key])
        let keys = try run(["ssh-add", "-L"], environment: ["SSH_AUTH_SOCK=\(agent.socket)"])
        #expect(keys.output.hasPrefix(key.publicLine))
    }

    @Test("a proxy's bytes arrive unchanged and late")
    func lag() throws {
        let server = try SSHServer()
        let proxy = try LagProxy(to: server.port, oneWay: .milliseconds(40))
        let start = monotonicNanoseconds()
        let scan = try run(["ssh-keyscan", "-t", "ed25519", "-p", "\(proxy.port)", "127.0.0.1"])
        let elapsed = Int(monotonicNanoseconds() - start) / 1_000_000
        #expect(scan.output == (try server.knownHosts(port: proxy.port)).dropLast())
        // The banner is one way, the key exchange two round trips more.
        #expect(elapsed >= 180)
        #expect(proxy.traffic.roundTrips >= 2)
    }

    @Test("a proxy cuts a connection at a byte, toward either side")
    func cuts() throws {
        let server = try SSHServer()
        let down = try LagProxy(to: server.port, faults: .init(cutDown: 4))
        let banner = try run(["bash", "-c", "cat < /dev/tcp/127.0.0.1/\(down.port)"])
        #expect(banner.output == "SSH-")
        let up = try LagProxy(to: server.port, faults: .init(cutUp: 0))
        #expect(try run(["bash", "-c", "cat < /dev/tcp/127.0.0.1/\(up.port)"]).output.isEmpty)
    }

    @Test("a proxy freezes a connection and keeps it open")
    func freezes() throws {
        let server = try SSHServer()
        for (faults, seen) in [
            (LagProxy.Faults(freezeDown: 4), "SSH-"), (LagProxy.Faults(silent: true), ""),
        ] {
            let proxy = try LagProxy(to: server.port, faults: faults)
            let problem = try withMoreTime([.milliseconds(300), .seconds(3), .seconds(15)]) {
                let read = try run(
                    ["bash", "-c", "cat < /dev/tcp/127.0.0.1/\(proxy.port)"], timeout: $0)
                #expect(read.timedOut)
                return read.output == seen ? nil : read.output
            }
            #expect(problem == nil)
        }
    }

    @Test("a fault pipe cuts what a command writes, and claims success")
    func faultPipe() throws {
        let cut = try run([Products.tool("fault-pipe"), "--cut-down", "3", "--", "echo", "abcdef"])
        #expect(cut.output == "abc")
        #expect(cut.succeeded)
        let whole = try run(
            [Products.tool("fault-pipe"), "--", "sh", "-c", "cat; exit 3"], input: [65])
        #expect(whole.output == "A")
        #expect(whole.status == .exited(3))
    }
}

// The socket in the gitdir: who may use it, what it replaces, and what it leaves behind.

import Model
import POSIX
import TestSupport
import Testing

@testable import ControlAPI

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What an engine leaves that was killed: a socket that nobody listens on.
func leaveStaleSocket(_ path: String) throws {
    let script = "IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die $!"
    try run(["perl", "-MIO::Socket::UNIX", "-e", script, path]).check()
}

@Suite("The socket")
struct SocketTests {
    @Test("it is for its owner and the gitdir's group")
    func permissions() throws {
        let folder = try TemporaryDirectory()
        let group: UInt32 = currentUser() == 0 ? 4321 : getgid()
        #expect(unsafe chown(folder.path, uid_t.max, group) == 0)
        let server = try Served.serve(folder.path)
        let status = try #require(fileStatus(folder.file(ControlServer.socketName)))
        #expect(status.kind == .socket)
        #expect(status.mode == 0o660)
        #expect(status.group == group)
        #expect(status.owner == currentUser())
        server.stop()
    }

    @Test("a socket that a killed engine left is replaced")
    func stale() throws {
        let folder = try TemporaryDirectory()
        try leaveStaleSocket(folder.file(ControlServer.socketName))
        let server = try Served.serve(folder.path)
        let client = ControlClient(gitdir: folder.path)
        let response = try client.send(ControlRequest(.get, "/echo"), until: .longEnough)
        #expect(response?.status == 200)
        server.stop()
        #expect(directoryEntries(folder.path) == [])
    }

    @Test("a second engine on the same gitdir is refused, and the first goes on")
    func live() throws {
        let served = try Served()
        let failure = #expect(throws: Failure.self) { try Served.serve(served.gitdir) }
        #expect(
            failure?.message == "cannot listen on \(served.path): another process answers there")
        #expect(failure?.hint?.contains("fuser") == true)
        #expect(try served.send(ControlRequest(.get, "/echo"))?.status == 200)
    }

    @Test("of many engines that find a stale socket at once, one gets it")
    func race() throws {
        for _ in 0..<10 {
            let folder = try TemporaryDirectory()
            try leaveStaleSocket(folder.file(ControlServer.socketName))
            let servers = Locked<[ControlServer]>([])
            let refusals = Locked(0)
            var threads: [JoinedThread] = []
            for _ in 0..<4 {
                let path = folder.path
                threads.append(
                    try JoinedThread {
                        if let server = try? Served.serve(path) {
                            servers.with { $0.append(server) }
                        } else {
                            refusals.with { $0 += 1 }
                        }
                    })
            }
            threads = []
            #expect(servers.with { $0.count } == 1)
            #expect(refusals.with { $0 } == 3)
            servers.with { $0.first?.stop() }
        }
    }

    @Test(
        "what is no socket is neither replaced nor asked",
        arguments: ["touch git-pod.sock", "mkdir git-pod.sock", "ln -s other git-pod.sock"])
    func noSocket(command: String) throws {
        let folder = try TemporaryDirectory()
        let other = try Served.serve(folder.folder("far"))
        try run([
            "sh", "-c", "cd \"$0\" && ln -s far/git-pod.sock other && \(command)", folder.path,
        ])
        .check()
        let refused = #expect(throws: Failure.self) { try Served.serve(folder.path) }
        #expect(refused?.message.contains("something that is no socket has this name") == true)
        #expect(throws: Failure.self) {
            try ControlClient(gitdir: folder.path)
                .send(ControlRequest(.get, "/echo"), until: .longEnough)
        }
        #expect(exists(folder.file("git-pod.sock")))
        other.stop()
    }

    @Test("at the end another's socket of the same name is left alone")
    func replacedMeanwhile() throws {
        let served = try Served()
        try removeFile(served.path)
        let second = try Served.serve(served.gitdir)
        served.server.stop()
        #expect(exists(served.path))
        second.stop()
        #expect(!exists(served.path))
    }

    @Test(
        "who is neither root, our user, the owner nor of the group is refused",
        .enabled(if: currentUser() == 0, "only root can become others"),
        arguments: [
            ("--reuid=4001 --regid=4001 --clear-groups", 403),
            ("--reuid=4000 --regid=4001 --clear-groups", 200),
            ("--reuid=4001 --regid=4321 --clear-groups", 200),
            ("--reuid=4001 --regid=4001 --groups=4001,4321", 200),
            ("--reuid=0 --regid=0 --clear-groups", 200),
        ])
    func peers(identity: String, status: Int) throws {
        let folder = try TemporaryDirectory()
        try run(["chown", "4000:4321", folder.path]).check()
        let server = try Served.serve(folder.path)
        // Everybody may connect, so that it is the server that refuses.
        let path = folder.file(ControlServer.socketName)
        try run(["chmod", "777", folder.path, path]).check()
        let script = """
            my $socket = IO::Socket::UNIX->new($ARGV[0]) or die $!;
            print $socket "GET /echo HTTP/1.0\\r\\n\\r\\n"; print <$socket>
            """
        let asked = try run(
            ["setpriv"] + identity.split(separator: " ").map(String.init)
                + ["perl", "-MIO::Socket::UNIX", "-e", script, path])
        #expect(asked.output.hasPrefix("HTTP/1.1 \(status) "), "\(asked.output)\(asked.errors)")
        server.stop()
    }
}

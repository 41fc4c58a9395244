import Model
import POSIX
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("One request, served")
struct ServingTests {
    let pod: PodFixture

    init() throws { pod = try PodFixture() }

    private func packet(_ text: String) -> [UInt8] {
        let digits = String(text.utf8.count + 4, radix: 16)
        return Array((String(repeating: "0", count: 4 - digits.count) + digits + text).utf8)
    }

    /// A whole request for the tip of main, in version 0 or 2.
    private func wholeRequest(version: Int) throws -> [UInt8] {
        let tip = try #require(try pod.tip(of: "refs/heads/main", in: pod.gitdir))
        guard version == 2 else {
            return packet("want \(tip) ofs-delta\n") + Array("0000".utf8) + packet("done\n")
        }
        return packet("command=fetch\n") + Array("0001".utf8) + packet("want \(tip)\n")
            + packet("done\n") + Array("0000".utf8)
    }

    private func start(_ options: [String] = []) throws -> ChildProcess {
        try ChildProcess(
            [BridgeCommand.program, "bridge", "--root", pod.root] + options
                + ["git-upload-pack", pod.gitdir], environment: [])
    }

    private func audit() -> [String] {
        contents("\(pod.root)/git-pod-audit.log").split(separator: "\n").compactMap {
            JSON(parsing: Array($0.utf8))?["result"]?.string
        }
    }

    /// Whether git still serves this pod's gitdir.
    private var isServing: Bool {
        !Processes.withArgument(containing: pod.gitdir).isEmpty
    }

    @Test("is answered whole when its client has closed its side already", arguments: [0, 2])
    func halfClose(version: Int) throws {
        let bridge = BridgeCommand(options: ["--root", pod.root])
        let run = try bridge.exec(
            ["--protocol=\(version)", "git-upload-pack", pod.gitdir],
            input: try wholeRequest(version: version))
        #expect(run.status == .exited(0), "\(run.errors)")
        #expect(run.bytes.firstRange(of: Array("PACK".utf8)) != nil)
        #expect(audit() == ["served"])
    }

    @Test("speaks the version that the request or else the environment asks for")
    func versions() throws {
        var bridge = BridgeCommand(options: ["--root", pod.root])
        func isVersion2(_ words: [String]) throws -> Bool {
            let run = try bridge.exec(
                words + ["git-upload-pack", pod.gitdir], input: Array("0000".utf8))
            return run.output.contains("version 2")
        }
        #expect(try !isVersion2([]))
        #expect(try isVersion2(["--protocol=2"]))
        bridge.environment = ["GIT_PROTOCOL": "version=2"]
        #expect(try isVersion2([]))
        #expect(try !isVersion2(["--protocol=0"]))
        bridge.environment = ["GIT_PROTOCOL": "version=2:x"]
        #expect(try !isVersion2([]))
    }

    @Test("hides refs/remotes besides what the repository hides, and gives filters and any id")
    func advertisement() throws {
        try pod.home.git("config", "transfer.hideRefs", "refs/heads/conflicts", at: pod.gitdir)
        let bridge = BridgeCommand(options: ["--root", pod.root])
        let run = try bridge.exec(["git-upload-pack", pod.gitdir], input: Array("0000".utf8))
        for word in ["refs/heads/main", "refs/tags/v1", " filter", " allow-reachable-sha1-in-want"]
        {
            #expect(run.output.contains(word), "\(word)")
        }
        #expect(!run.output.contains("refs/remotes") && !run.output.contains("conflicts"))
    }

    @Test(
        "is served from a gitdir of another user",
        .enabled(if: currentUser() == 0, "only root can give files away"))
    func otherOwner() throws {
        try TestSupport.run(["chown", "-R", "12345", pod.gitdir]).check()
        let bridge = BridgeCommand(
            options: ["--root", pod.root, "--allow-archive"])
        let fetch = try bridge.exec(["git-upload-pack", pod.gitdir], input: Array("0000".utf8))
        #expect(fetch.status == .exited(0), "\(fetch.errors)")
        let archive = try bridge.exec(
            ["git-upload-archive", pod.gitdir], input: Array("0011argument main0000".utf8))
        #expect(archive.status == .exited(0), "\(archive.errors)")
    }

    @Test("is one of so many at a time; a killed one leaves its place")
    func places() throws {
        let held = [try start(["--max-requests", "2"]), try start(["--max-requests", "2"])]
        for bridge in held {
            let output = try #require(bridge.outputDescriptor)
            #expect(try wait(for: output, reading: true, until: .longEnough))
        }
        let bridge = BridgeCommand(options: ["--root", pod.root, "--max-requests", "2"])
        let full = try bridge.ssh("git-upload-pack '\(pod.gitdir)'")
        #expect(full.status == .exited(4))
        #expect(full.errors == "git-pod: 2 requests are being served already; try again\n")
        #expect(full.bytes.isEmpty)
        held[0].signal(SIGKILL)
        #expect(
            try eventually {
                try bridge.exec(["git-upload-pack", pod.gitdir], input: Array("0000".utf8)).status
                    == .exited(0)
            })
        for bridge in held { bridge.end(grace: .milliseconds(100)) }
        #expect(eventually { !isServing })
    }

    @Test("that takes too long is ended, and git with it")
    func maximumTime() throws {
        let bridge = try start(["--max-time", "300ms"])
        defer { bridge.end(grace: .milliseconds(100)) }
        let status = bridge.waitForExit(until: .longEnough)
        #expect(status == .exited(4))
        let buffer = ByteBuffer(capacity: 4096)
        _ = try read(try #require(bridge.errorDescriptor), into: buffer)
        let line = String(decoding: buffer.takeAll(), as: UTF8.self)
        #expect(line == "git-pod: the request took longer than 300 ms\n")
        #expect(eventually { !isServing })
        #expect(audit() == ["timed-out"])
    }

    @Test("leaves no git behind that hangs and hears no signal")
    func stoppedGit() throws {
        let problem = try withMoreTime([.milliseconds(300), .seconds(3), .seconds(15)]) { time in
            let bridge = try start(["--max-time", "\(time.milliseconds)ms"])
            defer { bridge.end(grace: .milliseconds(100)) }
            var git: pid_t?
            _ = eventually {
                git = Processes.below(bridge.process).first {
                    words(of: $0).contains("upload-pack")
                }
                return git != nil || !Processes.isRunning(bridge.process)
            }
            guard let git, kill(git, SIGSTOP) == 0 else { return "it ended before it was stopped" }
            #expect(bridge.waitForExit(until: .longEnough) == .exited(4))
            #expect(eventually { !Processes.isRunning(git) })
            return nil
        }
        #expect(problem == nil)
    }

    private func words(of process: pid_t) -> [String] { Processes.arguments(of: process) }

    @Test("whose client goes away in the middle is given up, and git with it")
    func clientVanishes() throws {
        var numbers = SeededNumbers(seed: 7)
        let noise = String(decoding: numbers.bytes(3 << 20), as: UTF8.self)
        try pod.load(
            "commit refs/heads/main\ncommitter Pod <pod@example.com> 1767323045 +0000\n"
                + "data 1\nx\nfrom refs/heads/main^0\n"
                + "M 100644 inline noise\ndata \(noise.utf8.count)\n\(noise)\n", into: pod.gitdir)
        let bridge = try start()
        let request = ByteBuffer(capacity: 1024)
        let bytes = try wholeRequest(version: 0)
        _ = unsafe try request.fill { memory throws(Failure) in
            unsafe memory.copyBytes(from: bytes)
            return .bytes(bytes.count)
        }
        _ = try write(try #require(bridge.inputDescriptor), from: request)
        let answer = ByteBuffer(capacity: 1 << 20)
        let output = try #require(bridge.outputDescriptor)
        #expect(
            try eventually {
                if try wait(for: output, reading: true, until: .longEnough) {
                    _ = try read(output, into: answer)
                }
                return answer.takeAll().firstRange(of: Array("PACK".utf8)) != nil
            })
        bridge.closeOutput()
        #expect(bridge.waitForExit(until: .longEnough) == .exited(1))
        #expect(eventually { !isServing })
        #expect(audit() == ["gave-up"])
        bridge.end(grace: .milliseconds(100))
    }

    @Test("whose bridge is killed leaves no git behind")
    func bridgeKilled() throws {
        let bridge = try start()
        let output = try #require(bridge.outputDescriptor)
        #expect(try wait(for: output, reading: true, until: .longEnough))
        #expect(isServing)
        bridge.signal(SIGKILL)
        #expect(bridge.waitForExit(until: .longEnough) == .signalled(SIGKILL))
        #expect(eventually { !isServing })
        bridge.end(grace: .milliseconds(100))
    }

    @Test(
        "that is cut off as the pod goes down is given up, and written down",
        arguments: [SIGTERM, SIGHUP, SIGINT])
    func toldToEnd(signal: Int32) throws {
        let bridge = try start()
        let output = try #require(bridge.outputDescriptor)
        #expect(try wait(for: output, reading: true, until: .longEnough))
        bridge.signal(signal)
        #expect(bridge.waitForExit(until: .longEnough) == .exited(ExitCode.unreachable.rawValue))
        #expect(eventually { !isServing })
        #expect(audit() == ["stopped"])
        bridge.end(grace: .milliseconds(100))
    }

    @Test("whose answer has no place to go says where it was to go")
    func fullOutput() throws {
        let words = [BridgeCommand.program, "bridge", "--root", pod.root, "git-upload-pack"]
        let command = (words + [pod.gitdir]).map(ShellWords.quote).joined(separator: " ")
        let run = try TestSupport.run(["sh", "-c", "exec \(command) >/dev/full"])
        #expect(run.status == .exited(1))
        // git may say something of its own before.
        #expect(
            run.errors.hasSuffix(
                "git-pod: cannot write to standard output: No space left on device; "
                    + "free some space on that volume\n"),
            "\(run.errors)")
        #expect(audit() == ["failed"])
    }

    @Test("that git cannot serve ends with 1 and git's own words")
    func broken() throws {
        try TestSupport.run(["rm", "-rf", "\(pod.gitdir)/objects"]).check()
        try pod.folder.folder("pod/repo.git/objects")
        let bridge = BridgeCommand(options: ["--root", pod.root])
        let run = try bridge.exec(
            ["git-upload-pack", pod.gitdir],
            input: packet("want \(String(repeating: "1", count: 40))"))
        #expect(run.status == .exited(1))
        #expect(run.errors.contains("not our ref") || run.errors.contains("fatal"))
        #expect(audit() == ["failed"])
    }
}

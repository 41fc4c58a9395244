import Model
import POSIX
import TestSupport
import Testing

@Suite("The audit")
struct AuditTests {
    let pod: PodFixture

    init() throws { pod = try PodFixture() }

    private static let flush = Array("0000".utf8)

    private func records(_ path: String) -> [JSON] {
        contents(path).split(separator: "\n").compactMap { JSON(parsing: Array($0.utf8)) }
    }

    /// Options that serve the pod, with the audit in `log`.
    private func bridge(_ log: String, _ more: [String] = []) -> BridgeCommand {
        BridgeCommand(options: ["--root", pod.root, "--audit-log", log] + more)
    }

    @Test("has who asked for what, and what came of it")
    func fields() throws {
        let log = pod.folder.file("audit.log")
        let ssh = try bridge(log, ["--actor", "ada@laptop"]).fakeSSH(in: pod.folder)
        try pod.home.attempt(
            [
                "clone", "-q", "--depth=2", "--filter=blob:none", "--no-checkout",
                "ssh://pod\(pod.gitdir)", pod.folder.file("shallow"),
            ], environment: ["GIT_SSH": ssh, "GIT_SSH_VARIANT": "ssh"]
        ).check()
        let record = try #require(records(log).first)
        #expect(record["who"]?.string == "ada@laptop")
        #expect(record["service"]?.string == "git-upload-pack")
        #expect(record["protocol"]?.text == "2")
        #expect(record["repository"]?.string == realPath(pod.gitdir))
        #expect(record["commands"]?.text == #"["ls-refs","fetch"]"#)
        #expect(record["depth"]?.text == #"["deepen 2"]"#)
        #expect(record["filter"]?.string == "blob:none")
        #expect(record["result"]?.string == "served")
        let tip = try #require(try pod.tip(of: "refs/heads/main", in: pod.gitdir))
        #expect(record["firstWants"]?.elements.contains { $0.string == tip } == true)
        for name in ["wants", "bytesSent", "bytesReceived"] {
            #expect((Int(record[name]?.text ?? "") ?? 0) > 0, "\(name)")
        }
        let time = try #require(record["time"]?.string)
        let year = try TestSupport.run(["date", "-u", "+%Y-%m-%dT"]).check().output
        #expect(time.hasPrefix(year) && time.hasSuffix("Z") && time.utf8.count == 24)
        let seconds = try #require(record["seconds"]?.text.split(separator: "."))
        #expect(seconds.count == 2 && seconds[1].count == 3)
    }

    @Test("has the arguments of an archive")
    func archive() throws {
        let log = pod.folder.file("audit.log")
        let request = "git-upload-archive '\(pod.gitdir)'"
        let run = try bridge(log, ["--allow-archive"])
            .ssh(request, input: Array("0011argument main0000".utf8))
        #expect(run.status == .exited(0), "\(run.errors)")
        #expect(records(log).first?["arguments"]?.text == #"["main"]"#)
    }

    @Test("knows people by their actor, else by their key, else by their user id")
    func who() throws {
        let log = pod.folder.file("audit.log")
        let key = "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP\u{1b}[31m"
        try writeFile(pod.folder.file("auth"), "\(key)\npassword x\n")
        var command = bridge(log)
        _ = try command.exec(["git-upload-pack", pod.gitdir], input: Self.flush)
        command.environment = ["SSH_USER_AUTH": pod.folder.file("auth")]
        _ = try command.exec(["git-upload-pack", pod.gitdir], input: Self.flush)
        command.options += ["--actor", "ada"]
        _ = try command.exec(["git-upload-pack", pod.gitdir], input: Self.flush)
        #expect(
            records(log).map { $0["who"]?.string }
                == ["exec uid \(currentUser())", key.harmless, "ada"])
    }

    @Test("lies in the first root, else in the repository, for owner and group alone")
    func place() throws {
        let command = BridgeCommand(options: ["--root", pod.root])
        _ = try command.exec(["git-upload-pack", pod.gitdir], input: Self.flush)
        _ = try BridgeCommand().exec(["git-upload-pack", pod.gitdir], input: Self.flush)
        for folder in [pod.root, pod.gitdir] {
            let log = "\(folder)/git-pod-audit.log"
            #expect(records(log).count == 1)
            #expect((fileStatus(log)?.mode ?? 0o777) & 0o137 == 0)
        }
    }

    @Test("loses no line when many write while it is put aside, and keeps three")
    func rotation() throws {
        let log = pod.folder.file("audit.log")
        let line = "{\"old\":\"" + String(repeating: "x", count: 1013) + "\"}\n"
        try writeFile(log, String(repeating: line, count: 10 * 1024 + 1))
        for number in 1...3 { try writeFile("\(log).\(number)", "{\"number\":\(number)}\n") }
        var running: [RunningCommand] = []
        for _ in 0..<20 {
            running.append(
                try RunningCommand(
                    [BridgeCommand.program, "bridge"] + bridge(log).options
                        + ["git-upload-pack", pod.gitdir], environment: [], input: Self.flush))
        }
        for command in running { #expect(try command.finish().status == .exited(0)) }
        #expect(records(log).count == 20)
        #expect(fileStatus("\(log).1")?.size == Int64(line.utf8.count * (10 * 1024 + 1)))
        #expect(contents("\(log).2") == "{\"number\":1}\n")
        #expect(contents("\(log).3") == "{\"number\":2}\n")
        #expect(!exists("\(log).4"))
    }

    @Test("is put aside by nobody while another process writes")
    func puttingAsideIsLocked() throws {
        let log = pod.folder.file("audit.log")
        try writeFile(log, String(repeating: "x", count: 10 << 20))
        let holder = try LockFile(pod.folder.file("git-pod-bridge.lock"), mode: 0o640)
        #expect(try holder.tryLock(1 << 20))
        let run = try bridge(log).exec(["git-upload-pack", pod.gitdir], input: Self.flush)
        #expect(run.status == .exited(0))
        #expect(!exists("\(log).1"))
        #expect((fileStatus(log)?.size ?? 0) > 10 << 20)
        holder.unlock(1 << 20)
        _ = try bridge(log).exec(["git-upload-pack", pod.gitdir], input: Self.flush)
        #expect(exists("\(log).1"))
        #expect(records(log).count == 1)
    }

    @Test("that cannot be written does not stop a fetch, and no link is followed")
    func unwritable() throws {
        let target = pod.folder.file("target")
        try writeFile(target, "before\n")
        try TestSupport.run(["ln", "-s", target, pod.folder.file("link.log")]).check()
        try TestSupport.run(["mkfifo", pod.folder.file("fifo.log")]).check()
        try pod.folder.folder("folder.log")
        try pod.folder.folder("locked/git-pod-bridge.lock")
        for name in ["link.log", "fifo.log", "folder.log", "gone/x.log", "locked/x.log"] {
            let run = try bridge(pod.folder.file(name))
                .exec(["git-upload-pack", pod.gitdir], input: Self.flush)
            #expect(run.status == .exited(0), "\(name): \(run.errors)")
            #expect(run.errors.isEmpty, "\(name)")
        }
        #expect(contents(target) == "before\n")
        #expect(records(pod.folder.file("locked/x.log")).count == 1)
    }

    @Test("of a full volume has no half lines, and once there is room says how many are missing")
    func fullVolume() throws {
        let log = pod.folder.file("audit.log")
        let line = "{\"before\":\"" + String(repeating: "x", count: 450) + "\"}\n"
        try writeFile(log, line)
        let words = ([BridgeCommand.program, "bridge"] + bridge(log).options).map(ShellWords.quote)
        for _ in 0..<3 {
            let run = try TestSupport.run(
                [
                    // A file may grow to 512 bytes, and to write more is an error and no signal.
                    "sh", "-c",
                    "trap '' XFSZ; ulimit -f 1; exec \(words.joined(separator: " ")) git-upload-pack $0",
                    pod.gitdir,
                ], input: Self.flush)
            #expect(run.status == .exited(0), "\(run.errors)")
        }
        #expect(contents(log) == line)
        for _ in 0..<2 {
            _ = try bridge(log).exec(["git-upload-pack", pod.gitdir], input: Self.flush)
        }
        let after = Array(records(log).dropFirst())
        #expect(after.map { $0["unwritten"]?.text } == ["3", nil, nil])
        #expect(after.map { $0["result"]?.string } == [nil, "served", "served"])
        let since = try #require(after.first?["since"]?.string)
        let time = try #require(after.first?["time"]?.string)
        #expect(since < time && time == after[1]["time"]?.string)
    }
}

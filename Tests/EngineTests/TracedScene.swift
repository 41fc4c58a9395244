// A scene whose reconcile is watched by strace(1), or killed at the entry of one system call; and put
// back to where it was, for the next one.

import Model
import TestSupport

extension Scene {
    /// The calls that change something, or begin to.
    private static let calls =
        "openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,unlink,unlinkat,"
        + "mkdir,rmdir,flock,ftruncate,close,vfork,clone,clone3,execve"

    /// A reconcile.
    var command: [String] {
        [
            Products.path("git-pod"), "reconcile", "--repo", gitdir, "--origin", origin.url,
            "--json",
        ]
    }

    func snapshot() throws {
        let folder = origin.pod.folder
        try run(["cp", "-a", gitdir, folder.file("gitdir.snapshot")]).check()
        try run(["cp", "-a", origin.path, folder.file("origin.snapshot")]).check()
    }

    func restore() throws {
        let folder = origin.pod.folder
        try run(["rm", "-rf", gitdir, origin.path]).check()
        try run(["cp", "-a", folder.file("gitdir.snapshot"), gitdir]).check()
        try run(["cp", "-a", folder.file("origin.snapshot"), origin.path]).check()
    }

    private var log: String { origin.pod.folder.file("calls") }

    /// One system call of a reconcile.
    struct Call {
        let name: String
        /// Which of its name it is: strace counts each name apart.
        let number: Int
        /// As strace shows it.
        let line: String
    }

    /// The calls of a reconcile, in order.
    func tracedCalls() throws -> [Call] {
        let ended = try traced()
        guard ended.status == .exited(0) || ended.status == .exited(3) else {
            throw Failure(.failed, "strace must be allowed to trace: \(ended.errors)")
        }
        var counts: [String: Int] = [:]
        return contents(log).split(separator: "\n").compactMap { line in
            guard let end = line.firstIndex(of: "("), !line.hasPrefix("+++") else { return nil }
            let name = String(line[..<end])
            counts[name, default: 0] += 1
            return Call(name: name, number: counts[name] ?? 0, line: String(line))
        }
    }

    /// What a reconcile and its children name anew and have on disk, a line for each call, with the paths
    /// of descriptors.
    func syncs() throws -> [Substring] {
        _ = try run(
            [
                "strace", "-f", "-y", "-qq", "-o", log, "-e",
                "trace=fsync,fdatasync,rename,renameat,link,mkdir",
            ] + command, environment: home.environment(), timeout: .seconds(120))
        return contents(log).split(separator: "\n")
    }

    /// A reconcile under strace, killed as it makes `call`. Returns whether it was.
    func killed(at call: Call) throws -> Bool {
        let ended = try traced([
            "-e", "inject=\(call.name):signal=SIGKILL:when=\(call.number)",
        ])
        return ended.status != .exited(0) && ended.status != .exited(3)
    }

    private func traced(_ flags: [String] = []) throws -> Finished {
        try run(
            ["strace", "-qq", "-o", log, "-e", "trace=\(Self.calls)"] + flags + command,
            environment: home.environment(), timeout: .seconds(120))
    }
}

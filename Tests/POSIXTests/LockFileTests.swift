// Locks on bytes of a file, as the kernel lists them.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Lock files")
struct LockFileTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// The bytes of `path` that are locked, as /proc/locks has them.
    private func locked(_ path: String) throws -> Set<String> {
        let inode = try run(["stat", "-c", "%i", path]).check().output
        let lines = contents("/proc/locks").split(separator: "\n").map { $0.split(separator: " ") }
        return Set(
            lines.filter { $0.count >= 8 && $0[5].hasSuffix(":\(inode)") }.map { String($0[6]) })
    }

    @Test("a byte is locked until it is given back, others stay free")
    func bytes() throws {
        let lock = try LockFile(folder.file("l"), mode: 0o600)
        #expect(try lock.tryLock(3))
        #expect(try lock.lock(7, until: .after(.zero)))
        #expect(try locked(folder.file("l")) == ["3", "7"])
        lock.unlock(3)
        #expect(try locked(folder.file("l")) == ["7"])
    }

    @Test("a byte that another process holds is waited for until the deadline, and then had")
    func contention() throws {
        let script = """
            import fcntl, sys
            f = open(sys.argv[1], "r+")
            fcntl.lockf(f, fcntl.LOCK_EX, 1, 5)
            print("held", flush=True)
            sys.stdin.read()
            """
        let python = try #require(findProgram("python3"), "python3 is the other process")
        let lock = try LockFile(folder.file("l"), mode: 0o600)
        let holder = try ChildProcess([python, "-c", script, folder.file("l")])
        defer { holder.end(grace: .milliseconds(500)) }
        let output = try #require(holder.outputDescriptor)
        try #require(try wait(for: output, reading: true, until: .longEnough))
        #expect(try !lock.tryLock(5))
        #expect(try !lock.lock(5, until: .after(.milliseconds(20))))
        #expect(try lock.tryLock(6))
        holder.closeInput()
        #expect(try lock.lock(5, until: .longEnough))
    }

    @Test("a link, a pipe and a folder are no lock files")
    func refused() throws {
        try writeFile(folder.file("f"), "")
        try run(["ln", "-s", folder.file("f"), folder.file("l")]).check()
        try run(["mkfifo", folder.file("p")]).check()
        for path in [folder.file("l"), folder.file("p"), folder.path, folder.file("no/l")] {
            #expect(throws: Failure.self) { try LockFile(path, mode: 0o600) }
        }
    }
}

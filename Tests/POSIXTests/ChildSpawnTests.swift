// What a child is started with: arguments, environment, signals; and programs that are not there.

import Model
import POSIX
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Starting a child")
struct ChildSpawnTests {
    @Test("arguments arrive as they are: no shell has seen them")
    func arguments() throws {
        let words = ["a b", "", "$HOME", "`id`", "*", "it's", "\"", "a\nb", "é", ";", "-n"]
        let result = try runToEnd(["printf", "%s\\0"] + words, until: .longEnough)
        #expect(result.output == words.flatMap { Array($0.utf8) + [0] })
    }

    @Test("its environment is the one it was given, and ours if none was")
    func environment() throws {
        let given = try runToEnd(
            ["env"], environment: ["A=1", "B=", "C=x=y"], until: .longEnough)
        #expect(given.output == Array("A=1\nB=\nC=x=y\n".utf8))
        let ours = try runToEnd(["env", "-0"], until: .longEnough)
        let entries = ours.output.split(separator: 0).map { EnvironmentEntry(bytes: Array($0)) }
        #expect(Set(entries) == Set(currentEnvironment()))
    }

    @Test("a value that is no text arrives byte for byte")
    func bytes() throws {
        let entry = EnvironmentEntry(bytes: Array("HOME=/h".utf8) + [0xff, 0xc3])
        let environment = Environment([entry], accountHome: "/", accountName: "n")
        let kept = try #require(environment.entry("HOME"))
        let result = try runToEnd(["env"], environment: [kept], until: .longEnough)
        #expect(result.output == entry.bytes + Array("\n".utf8))
        #expect(environment["HOME"] == "/h\u{fffd}\u{fffd}")
    }

    @Test("a broken pipe ends a child though it does not end us")
    func brokenPipes() throws {
        ignoreBrokenPipes()
        let child = try ChildProcess(["sh", "-c", "kill -PIPE $$; exit 0"])
        #expect(child.waitForExit(until: .longEnough) == .signalled(SIGPIPE))
    }

    @Test("a program that is not there is a configuration error, with what to do")
    func missing() {
        let failure = #expect(throws: Failure.self) { try ChildProcess(["git-no-such-program"]) }
        #expect(failure?.kind == .configuration)
        #expect(failure?.message.contains("\"git-no-such-program\"") == true)
        #expect(failure?.hint == "install it, or put it on PATH")
    }

    @Test("a file that is no program is a configuration error")
    func noProgram() throws {
        let folder = try TemporaryDirectory()
        try writeFile(folder.file("plain"), "text", mode: 0o644)
        for path in [folder.file("plain"), folder.path] {
            let failure = #expect(throws: Failure.self) { try ChildProcess([path]) }
            #expect(failure?.kind == .configuration)
        }
    }

    @Test("a child that could not be started leaves no descriptor behind")
    func noLeftovers() throws {
        let before = directoryEntries("/proc/self/fd")?.count ?? 0
        for _ in 0..<200 { _ = try? ChildProcess(["git-no-such-program"]) }
        // Other tests run beside this one and open a few of their own.
        #expect((directoryEntries("/proc/self/fd")?.count ?? 0) < before + 150)
    }
}

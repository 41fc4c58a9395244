// The engine's own hooks: what they are told, that none holds it for long, and whose are run.

import Model
import POSIX
import TestSupport
import Testing

@testable import Engine

@Suite("The engine's hooks")
struct HooksTests {
    private let pod: PodFixture

    init() throws { pod = try PodFixture() }

    private func hooks(_ limit: String = "60s") throws -> Hooks {
        let settings = try Settings(
            flags: ["hookTimeout": limit], environment: .current(), gitdir: pod.gitdir)
        return Hooks(gitdir: pod.gitdir, settings, .current())
    }

    private func write(_ script: String, mode: UInt32 = 0o755) throws {
        try writeFile(
            "\(pod.gitdir)/hooks/pod-pushed", "#!/bin/sh\n\(script)\n", mode: mode)
    }

    private let told = JSON.object([("ref", .string("refs/heads/main"))])

    @Test("gets JSON on its standard input, the gitdir in GIT_DIR and nothing else of ours")
    func input() throws {
        let out = pod.folder.file("out")
        try write("cat >\(out); echo \"$GIT_DIR\" >>\(out); env >>\(out)")
        #expect(try hooks().run(.pushed, told) == nil)
        let lines = contents(out).split(separator: "\n").map(String.init)
        #expect(lines.prefix(2) == [told.text, pod.gitdir])
        #expect(!contents(out).contains("GIT_POD_"))
    }

    @Test("that is not there, or not executable, is no failure")
    func absent() throws {
        #expect(try hooks().run(.pushed, told) == nil)
        try write("exit 1", mode: 0o644)
        #expect(try hooks().run(.pushed, told) == nil)
    }

    @Test("that fails is told of with its own last words")
    func failing() throws {
        try write("seq 100 >&2; echo last words >&2; exit 3")
        let trouble = try hooks().run(.pushed, told) ?? ""
        #expect(trouble.contains("pod-pushed") && trouble.contains("exit status 3"), "\(trouble)")
        #expect(trouble.contains("last words"))
    }

    @Test("that cannot be run is told of")
    func unrunnable() throws {
        try writeFile(
            "\(pod.gitdir)/hooks/pod-pushed", "#!/no/such/interpreter\n", mode: 0o755)
        let trouble = try hooks().run(.pushed, told) ?? ""
        #expect(trouble.contains("pod-pushed") && trouble.contains("failed"), "\(trouble)")
    }

    @Test(
        "that hangs is ended with all that it has started",
        arguments: [
            "hang", "trap '' TERM; hang & hang; hang", "exec >/dev/null 2>&1; hang",
            "hang >/dev/null 2>&1 & hang",
        ])
    func hanging(script: String) throws {
        let pids = pod.folder.file("pid")
        try write("hang() { tail -f \(pids); }\necho $$ >\(pids)\n\(script)")
        let trouble = try hooks("300ms").run(.pushed, told) ?? ""
        #expect(trouble.contains("pod-pushed"), "\(trouble)")
        #expect(trouble.contains("did not end within"), "\(trouble)")
        let process = try #require(Int32(contents(pids).trimmingNewline))
        #expect(
            eventually {
                !Processes.isRunning(process) && Processes.withArgument(containing: pids).isEmpty
            })
    }

    @Test("that sends its output elsewhere is let go on to its end")
    func quiet() throws {
        let out = pod.folder.file("out")
        try write("exec >/dev/null 2>&1 </dev/null; sleep 0.3; echo done >\(out)")
        #expect(try hooks().run(.pushed, told) == nil)
        #expect(contents(out) == "done\n")
    }

    @Test("that reads nothing, or writes without end, holds nobody")
    func loud() throws {
        try write("exit 0")
        let long = JSON.object([("text", .string(String(repeating: "x", count: 1 << 20)))])
        #expect(try hooks().run(.pushed, long) == nil)
        try write("yes >&2 & yes & wait")
        #expect(try hooks("300ms").run(.pushed, told) != nil)
    }

    @Test(
        "of a stranger is not run",
        .enabled(if: currentUser() == 0, "only root can give a file to another user"),
        arguments: ["hooks", "hooks/pod-pushed", "."])
    func stranger(path: String) throws {
        let out = pod.folder.file("out")
        try write("echo ran >\(out)")
        #expect(try hooks().run(.pushed, told) == nil)
        #expect(contents(out) == "ran\n")
        try run(["rm", out]).check()
        try run(["chown", "65534", "\(pod.gitdir)/\(path)"]).check()
        #expect(try hooks().run(.pushed, told) == nil)
        #expect(try !hooks().isThere(.pushed))
        #expect(!exists(out))
    }
}

extension String {
    fileprivate var trimmingNewline: String { hasSuffix("\n") ? String(dropLast()) : self }
}

// The passphrase prompt on a real terminal, which `script` makes.

import Model
import POSIX
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("The passphrase prompt")
struct PromptTests {
    /// A shell with jobs, whose terminal is as a line editor has it until the fetch waits for it.
    private static let job = """
        set -m
        modes=$(stty -g)
        stty raw -echo
        git ls-remote pod://sealed HEAD &
        until read -r _ _ state _ </proc/$!/stat && [ "$state" = T ]; do sleep 0.05; done
        stty "$modes"
        fg
        echo "ended with $?"
        [ "$(stty -g)" = "$modes" ] && echo "modes are as they were"
        """

    /// A shell that looks at its terminal when the fetch has ended.
    private static let watched = """
        modes=$(stty -g)
        git ls-remote pod://sealed HEAD
        [ "$(stty -g)" = "$modes" ] && echo "modes are as they were" || echo "modes are others"
        """

    @Test("a signal that ends the fetch leaves the terminal as it was", arguments: [1, 2, 15])
    func signal(number: Int32) throws {
        let (served, key) = try sealed()
        let shell = try start(Self.watched, served)
        defer { shell.end(grace: .milliseconds(100)) }
        #expect(try read(shell, until: "Enter passphrase for key '\(key.path)': "))
        let helper = try #require(
            Processes.below(shell.process).first {
                Processes.arguments(of: $0).first?.hasSuffix("git-remote-pod") == true
            })
        #expect(kill(helper, number) == 0)
        #expect(try read(shell, until: "modes are as they were"))
        #expect(!Processes.isRunning(helper))
    }

    @Test(
        "a fetch in the background waits to be brought to the foreground, and leaves the terminal")
    func background() throws {
        let (served, key) = try sealed()
        let shell = try start(Self.job, served)
        defer { shell.end(grace: .milliseconds(100)) }
        #expect(try read(shell, until: "Enter passphrase for key '\(key.path)': "))
        let (input, output) = (
            try #require(shell.inputDescriptor), try #require(shell.outputDescriptor)
        )
        // Typed by a person: in a line editor's modes the first part would be taken for all of it.
        writeAll("open ", to: input)
        _ = try wait(for: output, reading: true, until: .after(.milliseconds(500)))
        writeAll("sesame\n", to: input)
        #expect(try read(shell, until: "ended with 0"))
        #expect(try read(shell, until: "modes are as they were"))
    }

    /// A pod, and an encrypted key that it lets in.
    private func sealed() throws -> (ServedPod, SSHKey) {
        let served = try ServedPod()
        let key = try SSHKey(
            .ed25519, at: served.pod.folder.file("sealed"), passphrase: "open sesame")
        try served.server.authorize(
            key.publicLine, options: SSHServer.forced(ServedPod.bridge(served.pod)))
        try served.name("sealed", way: .libssh2, settings: ["identityFile": key.path])
        return (served, key)
    }

    /// Has a shell run `script` on a terminal of its own.
    private func start(_ script: String, _ served: ServedPod) throws -> ChildProcess {
        let file = served.pod.folder.file("job")
        try writeFile(file, script)
        return try ChildProcess(
            ["script", "-qec", "bash --norc \(file)", "/dev/null"],
            environment: served.pod.home.environment(["SHELL": "/bin/sh"]), error: .inherit)
    }

    /// Reads what is written until `text` has come; false if that ends without it.
    private func read(_ child: ChildProcess, until text: String) throws -> Bool {
        let output = try #require(child.outputDescriptor)
        let buffer = ByteBuffer(capacity: 1)
        var heard: [UInt8] = []
        while heard.firstRange(of: Array(text.utf8)) == nil {
            guard try wait(for: output, reading: true, until: .longEnough),
                case .bytes = try POSIX.read(output, into: buffer)
            else {
                Issue.record("\(String(decoding: heard, as: UTF8.self))")
                return false
            }
            heard += buffer.takeAll()
        }
        return true
    }
}

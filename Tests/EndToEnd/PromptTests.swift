// The passphrase prompt on a real terminal, which `script` makes.

import Model
import POSIX
import TestSupport
import Testing

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

    @Test(
        "a fetch in the background waits to be brought to the foreground, and leaves the terminal")
    func background() throws {
        let served = try ServedPod()
        let key = try SSHKey(
            .ed25519, at: served.pod.folder.file("sealed"), passphrase: "open sesame")
        try served.server.authorize(
            key.publicLine, options: SSHServer.forced(ServedPod.bridge(served.pod)))
        try served.name("sealed", way: .libssh2, settings: ["identityFile": key.path])
        try writeFile(served.pod.folder.file("job"), Self.job)
        let shell = try ChildProcess(
            ["script", "-qec", "bash --norc \(served.pod.folder.file("job"))", "/dev/null"],
            environment: served.pod.home.environment(["SHELL": "/bin/sh"]), error: .inherit)
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

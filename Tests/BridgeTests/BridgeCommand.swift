// The real `git-pod bridge`, run as sshd's forced command or as an exec would run it.

import Model
import POSIX
import TestSupport

/// One way to call the bridge.
struct BridgeCommand {
    /// Options of the forced command.
    var options: [String] = []
    /// The environment besides PATH.
    var environment: [String: String] = [:]

    static let program = Products.path("git-pod")

    private func entries(_ more: [String: String] = [:]) -> [EnvironmentEntry] {
        ["PATH=/usr/local/bin:/usr/bin:/bin"]
            + environment.merging(more) { $1 }.map { "\($0.key)=\($0.value)" }
    }

    /// Runs it with `text` in SSH_ORIGINAL_COMMAND.
    func ssh(_ text: String, input: [UInt8] = []) throws(Failure) -> Finished {
        try TestSupport.run(
            [Self.program, "bridge"] + options,
            environment: entries(["SSH_ORIGINAL_COMMAND": text, "SSH_CONNECTION": "::1 1 ::1 2"]),
            input: input)
    }

    /// Runs it with its own arguments.
    func exec(_ arguments: [String], input: [UInt8] = []) throws(Failure) -> Finished {
        try TestSupport.run(
            [Self.program, "bridge"] + options + arguments, environment: entries(), input: input)
    }

    /// A folder with a program that git takes for `ssh` and that runs this bridge as a forced
    /// command. Set `GIT_SSH` to what this returns, and `GIT_SSH_VARIANT` to `ssh`.
    func fakeSSH(in directory: TemporaryDirectory) throws(Failure) -> String {
        let exports = environment.map { "export \($0.key)=\(ShellWords.quote($0.value))\n" }
        let words = ([Self.program, "bridge"] + options).map(ShellWords.quote)
        let path = directory.file("ssh")
        try writeFile(
            path,
            """
            #!/bin/sh
            while test $# -gt 2; do shift; done
            export SSH_CONNECTION='::1 1 ::1 2' SSH_ORIGINAL_COMMAND="$2"
            \(exports.joined())exec \(words.joined(separator: " "))

            """, mode: 0o755)
        return path
    }
}

extension Finished {
    /// Its standard error, line by line.
    var errorLines: [Substring] { errors.split(separator: "\n", omittingEmptySubsequences: false) }
}

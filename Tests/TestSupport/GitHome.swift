// git as one person runs it: own home, own configuration, and nothing of the machine's.

import Model
import POSIX

/// A person's home with a git and an ssh configuration, and git run in it.
///
/// Identity and dates are fixed, so equal commands make equal object ids. `ssh` takes a person's home
/// from the password file and not from `HOME`: a script of that name, ahead on `PATH`, has the real
/// one read the configuration here, and notes each call. A pod has more time to answer than a machine
/// under load takes; a test about less time says so.
public final class GitHome: Sendable {
    public let directory: TemporaryDirectory

    /// The file that `git config --global` reads and writes here.
    public var configuration: String { directory.file("gitconfig") }

    /// What `ssh` reads here (ssh_config(5)); empty at first.
    public var sshConfiguration: String { directory.file("ssh_config") }

    /// The command lines that `ssh` was called with, one each.
    public var sshCalls: [String] {
        contents(directory.file("ssh_calls")).split(separator: "\n").map(String.init)
    }

    public init() throws(Failure) {
        directory = try TemporaryDirectory()
        try directory.folder("bin")
        try writeFile(sshConfiguration, "")
        try writeFile(
            directory.file("bin/ssh"),
            """
            #!/bin/sh
            echo "$*" >>\(directory.file("ssh_calls"))
            exec \(findProgram("ssh") ?? "ssh") -F \(sshConfiguration) "$@"

            """, mode: 0o755)
        try writeFile(
            configuration,
            """
            [init]
            \tdefaultBranch = main
            [user]
            \tname = Ada Operator
            \temail = ada@example.com
            [core]
            \tfsync = none
            [gc]
            \tauto = 0
            [maintenance]
            \tauto = false
            [advice]
            \tdetachedHead = false
            [pod]
            \tconnectTimeout = 2m
            \tidleTimeout = 2m

            """)
    }

    /// The environment of this person's programs, with `extra` variables.
    public func environment(_ extra: [String: String] = [:]) -> [EnvironmentEntry] {
        let path = environmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
        var variables = [
            "PATH": "\(directory.file("bin")):\(Products.folder):\(path):/usr/sbin:/sbin",
            "HOME": directory.path,
            "TMPDIR": directory.path,
            "LC_ALL": "C",
            "TZ": "UTC",
            "GIT_CONFIG_GLOBAL": configuration,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            // Engines of tests run side by side.
            "GIT_POD_LISTEN": "none",
            "GIT_AUTHOR_DATE": "2026-01-02T03:04:05Z",
            "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z",
        ]
        variables.merge(extra) { $1 }
        return variables.map { "\($0.key)=\($0.value)" }
    }

    /// Sets a variable of the global configuration; an existing value is replaced.
    public func configure(_ name: String, _ value: String) throws(Failure) {
        try git("config", "--file", configuration, name, value)
    }

    /// Runs git and returns what it wrote to standard output.
    ///
    /// - Throws: ``Failure`` with its words if it does not succeed.
    @discardableResult
    public func git(_ arguments: String..., at repository: String? = nil) throws(Failure) -> String
    {
        try attempt(arguments, at: repository).check().output
    }

    /// Runs git, whatever comes of it.
    public func attempt(
        _ arguments: [String], at repository: String? = nil, environment: [String: String] = [:],
        input: [UInt8] = [], timeout: Duration = longEnough
    ) throws(Failure) -> Finished {
        let running = try start(arguments, at: repository, environment: environment, input: input)
        return try running.finish(timeout: timeout)
    }

    /// Starts git beside the test.
    public func start(
        _ arguments: [String], at repository: String? = nil, environment: [String: String] = [:],
        input: [UInt8] = []
    ) throws(Failure) -> RunningCommand {
        let place = repository.map { ["-C", $0] } ?? []
        return try RunningCommand(
            ["git"] + place + arguments, environment: self.environment(environment), input: input)
    }
}

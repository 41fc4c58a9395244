import Model
import POSIX
import TestSupport
import Testing

@Suite("A gitdir that names commands")
struct CanaryTests {
    /// A trap behind the bridge, which is behind the ssh of an operator's git.
    private struct Served {
        let trap: CanaryRepository
        private let ssh: String

        init() throws {
            trap = try CanaryRepository()
            let bridge = BridgeCommand(
                options: ["--root", trap.directory.file("root"), "--allow-archive"],
                environment: try trap.hostileEnvironment())
            ssh = try bridge.fakeSSH(in: trap.directory)
        }

        var url: String { "ssh://pod\(trap.gitdir)" }

        func attempt(_ arguments: [String], at repository: String? = nil) throws -> Finished {
            try trap.home.attempt(
                arguments, at: repository, environment: ["GIT_SSH": ssh, "GIT_SSH_VARIANT": "ssh"])
        }
    }

    @Test("would have them run by plain git, or this suite shows nothing")
    func baitIsTaken() throws {
        let trap = try CanaryRepository()
        _ = try trap.home.attempt(["archive", "HEAD"], at: trap.gitdir)
        for place in [
            "config-filter_evil_smudge", "config-filter_shell_process", "included-smudge",
            "conditional-smudge", "worktree-smudge",
        ] { #expect(trap.alarms.contains(place), "\(place) of \(trap.alarms)") }
        _ = try trap.home.attempt(["log", "--format=%G?"], at: trap.gitdir)
        #expect(trap.alarms.contains("config-gpg_openpgp_program"))
        _ = try trap.home.attempt(["archive", "--format=tgz", "HEAD"], at: trap.gitdir)
        #expect(trap.alarms.contains("config-tar_tgz_command"))
        try trap.loseBlob()
        _ = try trap.home.attempt(["cat-file", "-p", trap.missing], at: trap.gitdir)
        #expect(trap.alarms.contains { $0.hasPrefix("config-remote_evil") || $0 == "promisor-url" })
    }

    @Test("has none of them run, however it is fetched from, listed or archived")
    func nothingRuns() throws {
        let served = try Served()
        let (trap, url) = (served.trap, served.url)

        for version in ["0", "1", "2"] {
            let prefix = ["-c", "protocol.version=\(version)"]
            let listing = try served.attempt(prefix + ["ls-remote", url])
            #expect(listing.succeeded && listing.output.contains("refs/heads/main"), "\(listing)")
            for (number, options) in [[], ["--depth=1"], ["--filter=blob:none"]].enumerated() {
                let target = trap.directory.file("clone-\(version)-\(number)")
                let clone = try served.attempt(
                    prefix + ["clone", "-q"] + options + [url, target])
                #expect(clone.succeeded, "\(version) \(options): \(clone.errors)")
                #expect(contents("\(target)/lost.txt") == "lost\n")
            }
        }
        for format in ["tar", "zip", "tgz", "tar.gz"] {
            let archive = try served.attempt(
                ["archive", "--remote=\(url)", "--format=\(format)", "HEAD"])
            #expect(archive.succeeded && archive.bytes.count > 200, "\(format): \(archive.errors)")
        }
        let evil = try served.attempt(
            ["archive", "--remote=\(url)", "--format=evil", "HEAD"])
        #expect(!evil.succeeded)
        #expect(trap.alarms == [])
    }

    @Test("that lacks an object asks nobody for it")
    func promisor() throws {
        let served = try Served()
        let (trap, url) = (served.trap, served.url)
        try trap.loseBlob()
        for version in ["0", "2"] {
            let target = trap.directory.file("clone-\(version)")
            let prefix = ["-c", "protocol.version=\(version)"]
            let clone = try served.attempt(prefix + ["clone", "-q", url, target])
            #expect(!clone.succeeded)
            try trap.home.git("init", "-q", "--bare", target)
            let fetch = try served.attempt(
                prefix + ["fetch", "-q", url, trap.missing], at: target)
            #expect(!fetch.succeeded)
        }
        let archive = try served.attempt(["archive", "--remote=\(url)", "HEAD"])
        #expect(!archive.succeeded)
        #expect(trap.alarms == [])
    }
}

// The argument vector for an `ssh` child, and what its last words mean.

import Model
import POSIX
import TestSupport
import Testing

@testable import Transport

@Suite("An ssh child")
struct OpenSSHTests {
    private func plan(
        _ values: [String: String] = [:], address: String = "pod://git@pod.example:2222/r",
        own: [String]? = nil
    ) throws(Failure) -> SSHPlan {
        let address = try PodAddress(address)
        let keyed = Dictionary(
            uniqueKeysWithValues: values.map { ("pod.p.\($0.key.lowercased())", [$0.value]) })
        let settings = try PodSettings(name: "p", isSection: true, GitConfiguration(keyed))
        return try SSHPlan(
            SSHSettings(settings, at: address), ownCommand: own, fetchesEverything: false,
            environment: Environment(["HOME": "/h"], accountHome: "/a", accountName: "n"),
            until: .longEnough)
    }

    @Test("our policy goes along, and ssh asks nobody")
    func policy() throws {
        let arguments = try plan().openSSHArguments(command: "far", canAsk: false)
        #expect(arguments.first == "ssh")
        #expect(arguments.suffix(6) == ["-p", "2222", "-l", "git", "pod.example", "far"])
        for option in [
            "BatchMode=yes", "StrictHostKeyChecking=yes", "PasswordAuthentication=no",
            "ConnectTimeout=10", "ForwardAgent=no", "ClearAllForwardings=yes",
            "PermitLocalCommand=no",
        ] {
            let place = try #require(arguments.firstIndex(of: option), "\(option)")
            #expect(arguments[place - 1] == "-o")
        }
        #expect(!arguments.contains { $0.hasPrefix("UserKnownHostsFile") || $0 == "-i" })
    }

    @Test("somebody who can be asked is, and accept-new is what was configured")
    func asking() throws {
        let arguments = try plan([
            "strictHostKeyChecking": "accept-new", "connectTimeout": "1500ms",
        ])
        .openSSHArguments(command: "far", canAsk: true)
        #expect(arguments.contains("BatchMode=no"))
        #expect(arguments.contains("StrictHostKeyChecking=accept-new"))
        #expect(arguments.contains("ConnectTimeout=2"))
    }

    @Test("files keep their names: ssh expands no % and splits at no blank")
    func files() throws {
        let arguments = try plan([
            "knownHosts": "~/my hosts%h", "identityFile": "~/key%d it's",
        ]).openSSHArguments(command: "far", canAsk: false)
        #expect(arguments.contains("UserKnownHostsFile=\"/h/my hosts%%h\""))
        #expect(arguments.contains("GlobalKnownHostsFile=/dev/null"))
        let place = try #require(arguments.firstIndex(of: "-i"))
        #expect(arguments[place + 1] == "/h/key%%d it's")
    }

    @Test("a real ssh reads those names back")
    func realFiles() throws {
        var arguments = try plan(["knownHosts": "/k/my hosts%h"])
            .openSSHArguments(command: "far", canAsk: false)
        arguments.insert("-G", at: 1)
        let printed = try run(arguments).check()
        #expect(
            printed.lines.contains {
                $0.hasPrefix("userknownhostsfile") && $0.contains("my hosts%")
            })
    }

    @Test(
        "a file whose name ssh would read as something else is refused",
        arguments: [
            ("knownHosts", "/a\"b", "pod.p.knownHosts of p has a \" in"),
            ("knownHosts", "/k/${HOME}", "pod.p.knownHosts of p has a ${ in"),
            ("identityFile", "/k/${HOME}", "identityFile of p has a ${ in"),
        ])
    func unspeakable(setting: String, file: String, words: String) throws {
        let failure = #expect(throws: Failure.self) {
            try plan([setting: file]).openSSHArguments(command: "far", canAsk: false)
        }
        #expect(failure?.kind == .configuration)
        #expect(failure?.message.hasPrefix(words) == true)
    }

    @Test("a dollar alone is a letter like others")
    func dollar() throws {
        let arguments = try plan(["knownHosts": "/a$b{c}", "identityFile": "/k$HOME"])
            .openSSHArguments(command: "far", canAsk: false)
        #expect(arguments.contains("UserKnownHostsFile=\"/a$b{c}\""))
        #expect(arguments.contains("/k$HOME"))
    }

    @Test("the user's own command stays as it is")
    func own() throws {
        let arguments = try plan(["knownHosts": "/k"], own: ["plink", "-batch"])
            .openSSHArguments(command: "far", canAsk: false)
        #expect(
            arguments == ["plink", "-batch", "-p", "2222", "-l", "git", "pod.example", "far"])
    }

    @Test(
        "what ssh says when it ends with 255 has a meaning",
        arguments: [
            (
                [
                    "@@@@@@@", "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @",
                    "Host key for h has changed and you have requested strict checking.",
                    "Host key verification failed.",
                ], FailureKind.refused, "has changed and you have requested strict checking"
            ),
            (
                [
                    "No ED25519 host key is known for h and you have requested strict checking.",
                    "Host key verification failed.",
                ], .refused, "No ED25519 host key is known"
            ),
            (["Host key verification failed."], .refused, "Host key verification failed"),
            (["git@h: Permission denied (publickey)."], .refused, "none of our keys"),
            (
                ["ssh: connect to host h port 22: Connection refused"], .unreachable,
                "Connection refused"
            ),
            (["ssh: Could not resolve hostname h"], .unreachable, "Could not resolve"),
            (["kex_exchange_identification: Connection closed"], .unreachable, "closed"),
            ([], .unreachable, "it gave no reason"),
        ] as [([String], FailureKind, String)])
    func explain(lines: [String], kind: FailureKind, words: String) {
        let failure = SSHPlan.explain(
            lines, SSHSettings(name: "prod", host: "h", words: .pod)
        ).failure
        #expect(failure.kind == kind)
        #expect(failure.message.contains(words) && failure.message.contains("prod"))
        // ssh passes a far command's own 255 on, and ends with it where a signal ended that.
        #expect(failure.hint?.contains("ended with 255") == (kind == .unreachable))
    }
}

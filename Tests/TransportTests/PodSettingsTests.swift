// `[pod "NAME"]` over `[pod]`: each variable, and what it may not be.

import Model
import Testing

@testable import Transport

@Suite("Pod settings")
struct PodSettingsTests {
    private func settings(_ values: [String: String], isSection: Bool = true) throws(Failure)
        -> PodSettings
    {
        try PodSettings(
            name: "p", isSection: isSection, GitConfiguration(values.mapValues { [$0] }))
    }

    @Test("without a word the defaults hold")
    func defaults() throws {
        let settings = try settings([:])
        #expect(
            settings.carrier == .ssh && settings.backend == .auto
                && settings.kubernetes.choice == nil)
        #expect(settings.remoteCommand == ["git-pod", "bridge"] && !settings.wantsPlainGit)
        #expect(settings.connectTimeout == .seconds(10) && settings.idleTimeout == .seconds(60))
        #expect(settings.command.isEmpty && settings.path == nil && settings.port == nil)
    }

    @Test("every variable is read")
    func everything() throws {
        let settings = try settings([
            "pod.p.transport": "kubectl", "pod.p.path": "/r", "pod.p.host": "h",
            "pod.p.port": "2222",
            "pod.p.user": "u", "pod.p.identityfile": "~/k", "pod.p.knownhosts": "/kh",
            "pod.p.stricthostkeychecking": "accept-new", "pod.p.sshbackend": "openssh",
            "pod.p.context": "c", "pod.p.namespace": "n", "pod.p.selector": "a=b", "pod.p.pod": "x",
            "pod.p.container": "y", "pod.p.select": "oldest",
            "pod.p.command": "podman exec -i 'a b'",
            "pod.p.remotecommand": "git", "pod.p.connecttimeout": "5s", "pod.p.idletimeout": "2m",
        ])
        #expect(settings.carrier == .kubectl && settings.path == "/r" && settings.host == "h")
        #expect(settings.port == 2222 && settings.user == "u" && settings.identityFile == "~/k")
        #expect(settings.knownHosts == "/kh" && settings.hostKeyCheck == .acceptNew)
        #expect(settings.backend == .openssh && settings.kubernetes.context == "c")
        #expect(
            settings.kubernetes.namespace == "n" && settings.kubernetes.selector == "a=b"
                && settings.kubernetes.pod == "x")
        #expect(settings.kubernetes.container == "y" && settings.kubernetes.choice == .oldest)
        #expect(settings.command == ["podman", "exec", "-i", "a b"] && settings.wantsPlainGit)
        #expect(settings.connectTimeout == .seconds(5) && settings.idleTimeout == .seconds(120))
        #expect(PodSettings.variables.count == 19)
    }

    @Test("`[pod]` holds defaults for what pods can share, and the section is stronger")
    func shared() throws {
        let values = [
            "pod.user": "all", "pod.idletimeout": "1s", "pod.path": "/no",
            "pod.transport": "command",
            "pod.command": "evil", "pod.p.idletimeout": "2s",
        ]
        let own = try settings(values)
        #expect(own.user == "all" && own.idleTimeout == .seconds(2))
        #expect(own.path == nil && own.carrier == .ssh && own.command.isEmpty)
        let bare = try settings(values, isSection: false)
        #expect(bare.user == "all" && bare.idleTimeout == .seconds(1))
    }

    @Test(
        "a value that cannot be is named with its key and what it must be",
        arguments: [
            ("transport", "http", "one of ssh, kubectl, command"),
            ("sshBackend", "putty", "one of auto, libssh2, openssh"),
            ("select", "random", "one of newest, oldest"), ("port", "0", "1 to 65535"),
            ("port", "65536", "1 to 65535"), ("port", "ssh", "1 to 65535"),
            ("connectTimeout", "soon", "a time such as"), ("connectTimeout", "0", "a time such as"),
            ("idleTimeout", "25h", "a time such as"), ("command", "a | b", "plain words"),
            ("command", "$X", "plain words"), ("remoteCommand", "'open", "plain words"),
            ("user", "-oX", "does not begin with"), ("host", "-h", "does not begin with"),
            ("identityFile", "-i", "does not begin with"), ("pod", "--all", "does not begin with"),
            ("container", "-c", "does not begin with"), ("selector", "-l", "does not begin with"),
            ("user", "-\u{301}oX", "does not begin with"),
            ("namespace", "a\nb", "without control characters"),
            ("context", "a\u{1b}[m", "without control characters"),
            ("path", "/a\0b", "without control characters"),
        ])
    func refused(variable: String, value: String, wanted: String) {
        let failure = #expect(throws: Failure.self) {
            try settings(["pod.p.\(variable.lowercased())": value])
        }
        #expect(failure?.kind == .configuration)
        #expect(failure?.message == "pod.p.\(variable) is \"\(value)\"")
        #expect(failure?.hint?.contains(wanted) == true, "\(failure?.hint ?? "")")
    }

    @Test("a value of every pod's is named with its own key")
    func sharedRefused() {
        for isSection in [true, false] {
            let failure = #expect(throws: Failure.self) {
                try settings(["pod.idletimeout": "25h"], isSection: isSection)
            }
            #expect(failure?.message == "pod.idleTimeout is \"25h\"")
            #expect(failure?.hint?.hasSuffix("at most 24h") == true)
        }
    }

    @Test("an SSH setting is spoken of by the name under which it is read")
    func prefixes() throws {
        #expect(
            try SSHSettings(settings([:]), at: PodAddress("pod://p/r")).settingPrefix == "pod.p.")
        let bare = try SSHSettings(
            settings(["pod.user": "u"], isSection: false), at: PodAddress("pod://h/r"))
        #expect(bare.settingPrefix == "pod.")
        let failure = #expect(throws: Failure.self) {
            try SSHSettings(
                settings(["pod.user": "a b"], isSection: false), at: PodAddress("pod://h/r"))
        }
        #expect(failure?.description == "pod.user names no usable host or user; correct pod.user")
    }

    @Test("an empty value is as good as none")
    func empty() throws {
        #expect(try settings(["pod.p.transport": "", "pod.p.port": ""]).carrier == .ssh)
    }

    @Test(
        "a variable that means nothing gets the nearest one that does",
        arguments: [
            ("trasport", "transport"), ("idletimout", "idleTimeout"),
            ("identity-file", "identityFile"), ("contaner", "container"), ("selector2", "selector"),
        ])
    func unknown(variable: String, nearest: String) {
        let configuration = GitConfiguration([
            "pod.p.\(variable)": ["x"], "pod.p.path": ["/r"], "pod.q.nonsense": ["x"],
        ])
        let found = PodSettings.unknownVariables(ofPod: "p", configuration)
        #expect(found.map(\.variable) == [variable])
        #expect(found.first?.nearest == nearest)
    }
}

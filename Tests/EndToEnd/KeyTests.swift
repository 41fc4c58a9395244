// Every kind of key that an operator may have, and what is said of one that does not fit.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An operator gets in with the key that fits")
struct KeyTests {
    /// A pod that lets in an encrypted key, too.
    private func encryptedKey() throws -> (ServedPod, SSHKey) {
        let served = try ServedPod()
        let key = try SSHKey(
            .ed25519, at: served.pod.folder.file("encrypted"), passphrase: "open sesame")
        try served.server.authorize(
            key.publicLine, options: SSHServer.forced(ServedPod.bridge(served.pod)))
        return (served, key)
    }

    /// The environment in which the shell `commands` answer for the person at the keyboard.
    private func askpass(_ served: ServedPod, _ commands: String) throws -> [String: String] {
        let path = served.pod.folder.file("askpass")
        try writeFile(path, "#!/bin/sh\n\(commands)\n", mode: 0o755)
        return ["SSH_ASKPASS": path, "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":none"]
    }

    /// A pod and an agent that holds the operator's key, which no setting names any more.
    private func keyHeldByAgent() throws -> (ServedPod, SSHAgent) {
        let served = try ServedPod()
        let agent = try SSHAgent([served.key])
        try served.pod.home.git(
            "config", "--file", served.pod.home.configuration, "--unset", "pod.identityFile")
        return (served, agent)
    }

    @Test("of every kind, whatever of them libssh2 can do itself", arguments: SSHKey.Kind.allCases)
    func kinds(kind: SSHKey.Kind) throws {
        let served = try ServedPod(key: kind)
        try served.git("remote", "add", "pod", served.address)
        try served.git("fetch", "pod")
        let fetched = try served.pod.refs(in: served.pod.clone, below: "refs/remotes/pod/")
        #expect(try fetched == served.branches())
        let usedSSH = served.pod.home.sshCalls.contains { !$0.contains("-G") }
        #expect(usedSSH == (kind == .rsa), "\(served.pod.home.sshCalls)")
    }

    @Test("encrypted, with the passphrase that SSH_ASKPASS gives", arguments: Way.ssh)
    func encrypted(way: Way) throws {
        let (served, key) = try encryptedKey()
        try served.name("encrypted", way: way, settings: ["identityFile": key.path])
        let fetched = try served.attempt(
            "fetch", "encrypted", environment: askpass(served, "echo 'open sesame'"))
        #expect(fetched.succeeded, "\(fetched.errors)")

        let refused = try served.helper(
            "pod://encrypted", environment: askpass(served, "echo 'open barley'"))
        #expect(refused.status == .exited(ExitCode.refused.rawValue), "\(refused.errors)")
        #expect(!refused.errors.contains("open barley"))
    }

    @Test("encrypted, and the time to type its passphrase is not the server's", arguments: Way.ssh)
    func slowAnswer(way: Way) throws {
        let (served, key) = try encryptedKey()
        let problem = try withMoreTime { time in
            let seconds = time.components.seconds
            try served.name(
                "slow", way: way,
                settings: ["identityFile": key.path, "connectTimeout": "\(seconds)s"])
            let fetched = try served.attempt(
                "fetch", "slow",
                environment: askpass(served, "sleep \(seconds + 1); echo 'open sesame'"))
            return fetched.succeeded ? nil : fetched.errors
        }
        #expect(problem == nil)
    }

    @Test("held by an agent and nowhere named", arguments: Way.ssh)
    func agent(way: Way) throws {
        let (served, agent) = try keyHeldByAgent()
        let fetched = try served.attempt(
            "fetch", way.rawValue, environment: ["SSH_AUTH_SOCK": agent.socket])
        #expect(fetched.succeeded, "\(fetched.errors)")
        #expect(!(try served.helper("pod://\(way)").succeeded))
    }

    @Test("an agent that says nothing leaves time for the key in a file")
    func silentAgent() throws {
        let served = try ServedPod()
        let agent = try UnixListener()
        let problem = try withMoreTime { time in
            let settings = ["connectTimeout": "\(time.components.seconds)s"]
            try served.name("mute\(time.components.seconds)", way: .libssh2, settings: settings)
            let helper = try served.helper(
                "pod://mute\(time.components.seconds)",
                environment: ["SSH_AUTH_SOCK": agent.path])
            return helper.succeeded ? nil : helper.errors
        }
        #expect(problem == nil)
    }

    @Test("and IdentitiesOnly keeps the agent's other keys at home", arguments: Way.ssh)
    func identitiesOnly(way: Way) throws {
        let (served, agent) = try keyHeldByAgent()
        let stranger = try SSHKey(.ed25519, at: served.pod.folder.file("stranger"))
        let configuration = served.pod.home.sshConfiguration
        let environment = ["SSH_AUTH_SOCK": agent.socket]

        try writeFile(configuration, "IdentityFile \(stranger.path)\nIdentitiesOnly yes\n")
        let kept = try served.helper("pod://\(way)", environment: environment)
        #expect(kept.status == .exited(ExitCode.refused.rawValue), "\(kept.errors)")

        try writeFile(configuration, "IdentityFile \(stranger.path)\n")
        #expect(try served.helper("pod://\(way)", environment: environment).succeeded)
    }

    @Test("a key that the pod does not know is refused, and the text names it", arguments: Way.ssh)
    func stranger(way: Way) throws {
        let served = try ServedPod()
        let stranger = try SSHKey(.ed25519, at: served.pod.folder.file("stranger"))
        try served.name("stranger", way: way, settings: ["identityFile": stranger.path])
        let helper = try served.helper("pod://stranger")
        #expect(helper.status == .exited(ExitCode.refused.rawValue), "\(helper.errors)")
        #expect(helper.errors.contains("authorized_keys"), "\(helper.errors)")
    }

    @Test("a key file that is not there, or that others may read, is named")
    func unusableFile() throws {
        let served = try ServedPod()
        let nowhere = served.pod.folder.file("nowhere")
        try served.name("absent", way: .libssh2, settings: ["identityFile": nowhere])
        let absent = try served.helper("pod://absent")
        #expect(absent.status == .exited(ExitCode.configuration.rawValue))
        #expect(absent.errors.contains(nowhere))

        try run(["chmod", "644", served.key.path]).check()
        let open = try served.helper("pod://libssh2")
        #expect(open.status == .exited(ExitCode.configuration.rawValue))
        #expect(open.errors.contains("chmod 600"))
    }

    @Test("with GIT_SSH_COMMAND it is the user's own ssh, as it stands")
    func ownSSH() throws {
        let served = try ServedPod()
        let mark = served.pod.folder.file("mark")
        let command = served.pod.folder.file("my-ssh")
        try writeFile(
            command, "#!/bin/sh\ntouch \(mark)\nexec ssh -i \(served.key.path) \"$@\"\n",
            mode: 0o755)
        try writeFile(
            served.pod.home.sshConfiguration, "UserKnownHostsFile \(served.knownHosts)\n")
        let fetched = try served.attempt(
            "ls-remote", served.address, environment: ["GIT_SSH_COMMAND": command])
        #expect(fetched.succeeded, "\(fetched.errors)")
        #expect(fileStatus(mark) != nil)
    }

    @Test("encrypted, and nobody is asked for a passphrase that would not help", arguments: Way.ssh)
    func unknownEncrypted(way: Way) throws {
        let served = try ServedPod()
        let key = try SSHKey(
            .ed25519, at: served.pod.folder.file("encrypted"), passphrase: "open sesame")
        try served.name("encrypted", way: way, settings: ["identityFile": key.path])
        let asked = served.pod.folder.file("asked")
        let helper = try served.helper(
            "pod://encrypted",
            environment: askpass(served, "echo asked >>\(asked); echo 'open sesame'"))
        #expect(helper.status == .exited(ExitCode.refused.rawValue), "\(helper.errors)")
        #expect(contents(asked).isEmpty && !helper.errors.contains("not the passphrase"))
    }

    @Test("encrypted, its passphrase is right, and one key alone is not enough")
    func notEnough() throws {
        let served = try ServedPod(sshd: ["AuthenticationMethods publickey,publickey"])
        let key = try SSHKey(
            .ed25519, at: served.pod.folder.file("encrypted"), passphrase: "open sesame")
        try served.server.authorize(
            key.publicLine, options: SSHServer.forced(ServedPod.bridge(served.pod)))
        try served.name("encrypted", way: .libssh2, settings: ["identityFile": key.path])
        let helper = try served.helper(
            "pod://encrypted", environment: askpass(served, "echo 'open sesame'"))
        #expect(helper.status == .exited(ExitCode.refused.rawValue), "\(helper.errors)")
        #expect(!helper.errors.contains("not the passphrase"), "\(helper.errors)")
    }

    @Test("held by an agent that asks its user, whose time is not the server's", arguments: Way.ssh)
    func confirmed(way: Way) throws {
        let served = try ServedPod()
        let problem = try withMoreTime { time in
            let seconds = time.components.seconds
            let question = try askpass(served, "sleep \(seconds + 1); echo yes")
            let agent = try SSHAgent([served.key], confirmedBy: question)
            try served.name(
                "confirmed\(seconds)", way: way, settings: ["connectTimeout": "\(seconds)s"])
            let helper = try served.helper(
                "pod://confirmed\(seconds)", environment: ["SSH_AUTH_SOCK": agent.socket])
            return helper.succeeded ? nil : helper.errors
        }
        #expect(problem == nil)
    }

    @Test("held by an agent whose user says no: that is not the pod's refusal")
    func declined() throws {
        let served = try ServedPod()
        let agent = try SSHAgent([served.key], confirmedBy: askpass(served, "exit 1"))
        let helper = try served.helper(
            "pod://libssh2", environment: ["SSH_AUTH_SOCK": agent.socket])
        #expect(helper.status == .exited(ExitCode.unreachable.rawValue), "\(helper.errors)")
        #expect(helper.errors.contains("the SSH agent at \(agent.socket) refused"))
    }
}

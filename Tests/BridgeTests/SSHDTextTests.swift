import Bridge
import Model
import POSIX
import TestSupport
import Testing

@Suite("Text for sshd")
struct SSHDTextTests {
    static let paths = [
        "/data", "/data/a b", "/it's", "/a\"b", "/a\\b", "/a\\", "/a#b", "/$HOME/`id`", "/é!",
        "/a\\\"b", "/%h/%%u", "/a;b&c", "/*", "/~", "/a'\"'b",
    ]

    private func settings(_ root: String) -> BridgeSettings {
        var settings = BridgeSettings()
        settings.roots = [root]
        return settings
    }

    /// The arguments that `git-pod` gets when a shell runs `command`.
    private func arguments(_ command: String) throws -> [Substring] {
        let folder = try TemporaryDirectory()
        try writeFile(
            folder.file("git-pod"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n", mode: 0o755)
        let run = try TestSupport.run(
            ["/bin/sh", "-c", command], environment: ["PATH=\(folder.path):/usr/bin:/bin"])
        return try run.check().output.split(separator: "\n")
    }

    /// What sshd makes of the configuration, for some client.
    private func effective(_ configuration: String, in folder: TemporaryDirectory) throws -> String
    {
        let key = try SSHKey(.ed25519, at: folder.file("host"))
        try writeFile(
            folder.file("config"),
            configuration.replacing("/etc/git-pod/ssh_host_ed25519_key", with: key.path))
        let sshd = findProgram("sshd") ?? "/usr/sbin/sshd"
        if currentUser() == 0 { try TestSupport.run(["mkdir", "-p", "/run/sshd"]).check() }
        let check = try TestSupport.run([sshd, "-t", "-f", folder.file("config")]).check()
        #expect(check.errors.isEmpty, "\(check.errors)")
        return try TestSupport.run([
            sshd, "-T", "-f", folder.file("config"), "-C", "user=ada,host=laptop,addr=192.0.2.1",
        ]).check().output
    }

    @Test("is a configuration that the real sshd takes, with everything else locked")
    func configuration() throws {
        let run = try BridgeCommand(options: ["--root", "/data", "--print-sshd-config"]).exec([])
        #expect(run.status == .exited(0) && run.errors.isEmpty)
        let lines = Set(
            try effective(run.output + "\n", in: TemporaryDirectory()).split(separator: "\n")
                .map { $0.lowercased() })
        for line in [
            "port 2222", "forcecommand git-pod bridge --root /data", "exposeauthinfo yes",
            "passwordauthentication no", "kbdinteractiveauthentication no", "permittty no",
            "pubkeyauthentication yes", "allowtcpforwarding no", "allowagentforwarding no",
            "allowstreamlocalforwarding no", "x11forwarding no", "permittunnel no",
            "permituserenvironment no", "permituserrc no", "gatewayports no",
            "disableforwarding yes", "maxstartups 10:30:60", "maxsessions 10", "logingracetime 20",
            "clientaliveinterval 15", "acceptenv git_protocol", "hostbasedauthentication no",
            "permitemptypasswords no", "authenticationmethods publickey", "strictmodes yes",
        ] { #expect(lines.contains(line), "\(line)") }
    }

    @Test("carries any path through sshd's file and the shell", arguments: paths)
    func forcedCommand(_ path: String) throws {
        let text = try effective(settings(path).sshdConfiguration, in: TemporaryDirectory())
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("forcecommand ") })
        let command = String(line.dropFirst("forcecommand ".count))
        #expect(try arguments(command) == ["bridge", "--root", Substring(path)])
    }

    @Test("carries any path through authorized_keys and the shell", arguments: paths)
    func keyLine(_ path: String) throws {
        let folder = try TemporaryDirectory()
        let key = try SSHKey(.ed25519, at: folder.file("key"))
        let run = try BridgeCommand(options: [
            "--root", path, "--actor", "ada@laptop", "--print-authorized-key", "\(key.path).pub",
        ]).exec([])
        let line = try run.check().output
        #expect(line.contains(key.publicLine))
        try writeFile(folder.file("authorized_keys"), line + "\n")
        try TestSupport.run(["ssh-keygen", "-l", "-f", folder.file("authorized_keys")]).check()
        let prefix = "restrict,command=\""
        #expect(line.hasPrefix(prefix))
        // opt_dequote in OpenSSH's misc.c: up to the next quote that no backslash precedes.
        var command = ""
        var rest = line.dropFirst(prefix.count)
        while let character = rest.popFirst(), character != "\"" {
            if character == "\\", rest.first == "\"" {
                rest.removeFirst()
                command += "\""
            } else {
                command.append(character)
            }
        }
        #expect(rest.hasPrefix(" ssh-ed25519 "))
        #expect(
            try arguments(command) == [
                "bridge", "--root", Substring(path), "--actor", "ada@laptop",
            ])
    }

    @Test("has all that the bridge was told")
    func allOptions() throws {
        var settings = settings("/data")
        settings.repositories = [NamedRepository(name: "shop", directory: "/srv/shop.git")]
        settings.allowArchive = true
        settings.maximumRequests = 5
        settings.maximumTime = .seconds(90)
        settings.auditLog = "/var/log/x y"
        #expect(
            settings.command(actor: "ada")
                == "git-pod bridge --root /data --repository shop=/srv/shop.git --allow-archive"
                + " --max-requests 5 --max-time 90000ms --audit-log '/var/log/x y' --actor ada")
    }

    @Test(
        "is made for no key that is none",
        arguments: [
            "", "ssh-ed25519", "ssh-ed25519 !!!!", "ssh-ed25519 AAAA", "AAAA ssh-ed25519",
            "ssh-dss AAAAB3NzaC1kc3MAAACBAJ", "restrict ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP",
            "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIP8J8b0SRbAZGe3oZfW0BfYlmDn4M2OGLwZOyLqUyJdF",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP8J8b0SRbAZGe3oZfW0BfYlmDn4M2OGLwZOyLqUyJdF\nx",
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIP8J8b0SRbAZGe3oZfW0BfYlmDn4M2OGLwZOyLqUyJdF\u{7f}",
            "/etc/passwd", "/nonexistent.pub",
        ])
    func keys(_ text: String) {
        let failure = #expect(throws: Failure.self) { try PublicKeyLine(text) }
        #expect(failure?.kind == .configuration)
    }
}

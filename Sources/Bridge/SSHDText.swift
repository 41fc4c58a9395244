// Text for OpenSSH's files, so that nobody writes a forced command by hand: a configuration for a
// pod's sshd, and lines for its authorized_keys. Called by `git pod bridge --print-…`.

import Model
import POSIX

extension BridgeSettings {
    /// The bridge as a command line for a shell: what sshd runs whatever the client asked for.
    public func command(actor: String? = nil) -> String {
        var words = ["git-pod", "bridge"]
        for root in roots { words += ["--root", root] }
        for repository in repositories {
            words += ["--repository", "\(repository.name)=\(repository.directory)"]
        }
        if allowArchive { words.append("--allow-archive") }
        let standard = BridgeSettings()
        if maximumRequests != standard.maximumRequests {
            words += ["--max-requests", "\(maximumRequests)"]
        }
        if maximumTime != standard.maximumTime {
            words += ["--max-time", "\(maximumTime.milliseconds)ms"]
        }
        if let auditLog { words += ["--audit-log", auditLog] }
        if let actor { words += ["--actor", actor] }
        return words.map { ShellWords.isPlain($0) ? $0 : Self.quote($0) }
            .joined(separator: " ")
    }

    /// Quotes for a shell, in a way that sshd reads alike: inside single quotes it takes a backslash
    /// before a quote for an escape (argv_split in OpenSSH's misc.c), so none may stand there.
    private static func quote(_ word: String) -> String {
        word.split(separator: "\\", omittingEmptySubsequences: false)
            .map { ShellWords.quote(String($0)) }.joined(separator: "\\\\")
    }

    /// A configuration for an sshd that gives fetches and nothing else (sshd_config(5)).
    public var sshdConfiguration: String {
        """
        # sshd in a pod, for fetches only. Run it with: sshd -D -e -f FILE
        # It needs no root; then it lets in only the user that it runs as, whose login shell must
        # be a real one. Keep the host key where a new pod finds it again, for example in a Secret.
        Port 2222
        HostKey /etc/git-pod/ssh_host_ed25519_key
        PidFile none
        LogLevel VERBOSE

        # Who comes in. Where the folder is writable for a group, as a Secret's volume with fsGroup
        # is, sshd passes the file over: copy it, or set StrictModes to no.
        AuthorizedKeysFile /etc/git-pod/authorized_keys
        StrictModes yes
        AuthenticationMethods publickey
        PubkeyAuthentication yes
        PasswordAuthentication no
        KbdInteractiveAuthentication no
        HostbasedAuthentication no
        PermitEmptyPasswords no
        LoginGraceTime 20
        MaxAuthTries 6

        # What they get. This wins over a command="…" in authorized_keys: who came is known by the
        # key. To know people by --actor, take it out and give every key a line printed by
        # git pod bridge --print-authorized-key.
        ForceCommand \(command())
        ExposeAuthInfo yes
        AcceptEnv GIT_PROTOCOL

        # What nobody gets.
        DisableForwarding yes
        AllowTcpForwarding no
        AllowAgentForwarding no
        AllowStreamLocalForwarding no
        X11Forwarding no
        GatewayPorts no
        PermitTunnel no
        PermitTTY no
        PermitUserEnvironment no
        PermitUserRC no

        # How many, and for how long when nobody answers.
        MaxStartups 10:30:60
        MaxSessions 10
        ClientAliveInterval 15
        ClientAliveCountMax 4
        TCPKeepAlive yes
        UseDNS no
        PrintMotd no
        PrintLastLog no

        """
    }

    /// A line of authorized_keys that lets the owner of `key` fetch, under the name of `actor`
    /// (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
    public func authorizedKeyLine(_ key: PublicKeyLine, actor: String?) -> String {
        // Inside the quotes sshd knows one escape, \" and takes every other backslash as it is.
        let quoted = command(actor: actor).replacing("\"", with: "\\\"")
        return "restrict,command=\"\(quoted)\" \(key.text)"
    }
}

/// A public key as `ssh-keygen` writes it: type, base64, comment.
public struct PublicKeyLine: Sendable, Equatable {
    public let text: String

    private static let types = [
        "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-rsa",
    ]

    /// Reads a line, or the file of that name if there is one.
    ///
    /// - Throws: ``Failure`` of kind `configuration` for anything but one whole public key.
    public init(_ lineOrFile: String) throws(Failure) {
        var line = lineOrFile
        if !line.utf8.contains(UInt8(ascii: " ")), fileStatus(line)?.kind == .file {
            line = String(decoding: try readFile(line, limit: 64 << 10), as: UTF8.self)
            if line.utf8.last == UInt8(ascii: "\n") { line.removeLast() }
        }
        let words = line.split(separator: " ", maxSplits: 2)
        guard line.harmless == line, words.count >= 2, Self.types.contains(String(words[0])),
            let blob = Base64.decode(words[1]), Self.begins(blob, with: words[0])
        else {
            throw Failure(
                .configuration, "\"\(ServiceRequest.shown(lineOrFile))\" is no public key",
                hint: "give one line as in id_ed25519.pub, or the name of such a file")
        }
        text = words.joined(separator: " ")
    }

    /// Whether the blob says the same type as the line, and then something (RFC 4253, section 6.6).
    private static func begins(_ blob: [UInt8], with type: Substring) -> Bool {
        let count = type.utf8.count
        return blob.count > 4 + count + 4 && blob.starts(with: [0, 0, 0, UInt8(count)])
            && blob.dropFirst(4).starts(with: type.utf8)
    }
}

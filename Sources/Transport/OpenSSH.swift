// An `ssh` child as the carrier: for what libssh2 cannot do, and for the user's own ssh command.

import Model
import POSIX
import SSH

extension SSHPlan {
    /// The argument vector of an `ssh` that runs `command` over there.
    ///
    /// Our host-key policy goes along, and so does BatchMode, unless a passphrase may have to be
    /// asked for: git has no way to answer a question. The user's own command stays as it is.
    func openSSHArguments(command: String, canAsk: Bool) throws(Failure) -> [String] {
        var arguments = ownCommand ?? ["ssh"]
        if ownCommand == nil {
            arguments += (options(canAsk: canAsk) + takenBack).flatMap { ["-o", $0] }
            if settings.knownHosts != nil, let known = target.knownHostsFiles.first {
                try check(known, "\(settings.settingPrefix)knownHosts", forbidden: ["\"", "${"])
                arguments += ["-o", "UserKnownHostsFile=\"\(Self.escaped(known))\""]
                arguments += ["-o", "GlobalKnownHostsFile=/dev/null"]
            }
            if target.identitiesAreExplicit, let file = target.identityFiles.first {
                try check(file, settings.words.keySetting, forbidden: ["${"])
                arguments += ["-i", Self.escaped(file)]
                if settings.identityFileOnly { arguments += ["-o", "IdentitiesOnly=yes"] }
            }
            arguments += ["-T", "-x"]
        }
        if let aliasPort { arguments += ["-p", "\(aliasPort)"] }
        if let aliasUser { arguments += ["-l", aliasUser] }
        // No "--" before the host: it was checked not to begin with "-", and other clients that
        // GIT_SSH_COMMAND may name do not know it.
        return arguments + [alias, command]
    }

    private func options(canAsk: Bool) -> [String] {
        let interval = max(1, target.keepAlive.milliseconds / 1000)
        return [
            canAsk ? "BatchMode=no" : "BatchMode=yes",
            "PasswordAuthentication=no", "KbdInteractiveAuthentication=no",
            target.policy == .strict
                ? "StrictHostKeyChecking=yes" : "StrictHostKeyChecking=accept-new",
            "ConnectTimeout=\(max(1, (settings.connectTimeout.milliseconds + 999) / 1000))",
            "ServerAliveInterval=\(interval)", "ServerAliveCountMax=3",
            "ForwardAgent=no", "ClearAllForwardings=yes", "PermitLocalCommand=no",
        ]
    }

    /// ssh expands `%` in file names.
    private static func escaped(_ path: String) -> String {
        path.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
    }

    /// ssh knows no way to say a quote within quotes, nor a `${` that is no variable.
    private func check(_ file: String, _ setting: String, forbidden: [String]) throws(Failure) {
        for sign in forbidden where file.contains(sign) {
            throw Failure(
                .configuration,
                "\(setting) of \(settings.name) has a \(sign) in its name: \(file)",
                hint:
                    "rename the file, or set sshBackend = libssh2: ssh cannot be given such a name")
        }
    }

    /// What ssh's exit status 255 and its words mean.
    static func explain(_ lines: [String], _ settings: SSHSettings) -> SSHRefusal {
        let (name, words) = (settings.name, settings.words)
        let text = lines.joined(separator: "\n")
        let said =
            lines.last { !$0.isEmpty }
            ?? "it gave no reason, as where a signal ended the far command"
        if text.contains("Host key verification failed") || text.contains("REMOTE HOST IDENT") {
            return SSHRefusal(
                .hostKey,
                Failure(
                    .refused, "ssh refused the host key of \(name): \(hostKeyWords(lines) ?? said)",
                    hint: "compare it with what \(words.peer) has before you trust it"))
        }
        if text.contains("No user exists for uid") {
            return SSHRefusal(
                .configuration,
                Failure(
                    .configuration, "ssh does not work for user \(currentUser()): \(said)",
                    hint:
                        "use an ed25519 or ECDSA key, which needs no ssh, or an account for that user"
                ))
        }
        if text.contains("Permission denied") {
            return SSHRefusal(
                .authentication,
                Failure(
                    .refused, "\(name) lets us in with none of our keys: \(said)",
                    hint: "add the public key to \(words.keyPlace), or set \(words.keySetting)"))
        }
        return SSHRefusal(
            .reach,
            Failure(
                .unreachable, "ssh could not reach \(name): \(said)",
                hint: "check that \(words.peer) runs and that its SSH port is reachable from here; "
                    + "a far command that a signal ended, or that ended with 255, looks the same"))
    }

    /// The line that says what is wrong with a host key; around it ssh draws a box of `@`.
    private static func hostKeyWords(_ lines: [String]) -> String? {
        let telling = lines.first { line in
            !line.hasPrefix("@")
                && (line.contains("strict checking") || line.contains("marked as revoked"))
        }
        return telling.map { $0.hasSuffix(".") ? String($0.dropLast()) : $0 }
    }
}

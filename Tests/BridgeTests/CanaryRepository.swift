// A gitdir whose owner tries to have the bridge run something: a command in every place where git
// would take one from. Each is a script that leaves a file named after its place.

import Model
import POSIX
import TestSupport

final class CanaryRepository: Sendable {
    let directory: TemporaryDirectory
    let home: GitHome

    var gitdir: String { directory.file("root/evil.git") }
    /// What has run so far.
    var alarms: [String] { (directoryEntries(directory.file("touched")) ?? []).sorted() }

    /// A blob that the gitdir lacks, and that its promisor remote would be asked for.
    let missing: String

    /// Single-valued and multi-valued keys, each with a command of its own.
    private static let keys = [
        "uploadpack.packObjectsHook", "core.fsmonitor", "core.sshCommand", "core.gitProxy",
        "core.alternateRefsCommand", "core.askPass", "core.pager", "core.editor", "pager.archive",
        "pager.upload-pack", "pager.config", "credential.helper",
        "credential.https://example.com.helper", "diff.external", "diff.evil.command",
        "diff.evil.textconv", "merge.evil.driver", "sequence.editor", "interactive.diffFilter",
        "gpg.program", "gpg.openpgp.program", "gpg.x509.program", "gpg.ssh.program",
        "gpg.ssh.defaultKeyCommand", "tar.evil.command", "tar.tgz.command", "tar.tar.gz.command",
        "alias.upload-pack", "alias.pack-objects", "alias.upload-archive", "alias.config",
        "remote.evil.uploadpack", "remote.evil.receivepack", "remote.evil.vcs",
        "gc.recentObjectsHook",
        "filter.evil.smudge", "filter.evil.clean", "filter.shell.process", "protocol.ext.allow",
        "filter.one.two = x\".smudge", "web.browser", "help.browser", "sendemail.sendmailCmd",
    ]

    private static let hooks = [
        "pre-commit", "post-checkout", "post-index-change", "reference-transaction", "update",
        "pre-receive", "post-receive", "post-update", "fsmonitor-watchman", "pre-auto-gc",
        "post-rewrite", "pre-push", "proc-receive", "sendemail-validate", "upload-pack",
    ]

    init() throws(Failure) {
        directory = try TemporaryDirectory()
        home = try GitHome()
        for name in ["root", "touched", "canaries", "fake-home"] { try directory.folder(name) }
        try home.git("init", "-q", "--bare", directory.file("root/evil.git"))
        missing = try Self.fill(directory.file("root/evil.git"), home)
        try makeConfiguration()
        for hook in Self.hooks {
            let script = try canary("hook-\(hook)")
            try run(["cp", script, "\(gitdir)/hooks/\(hook)"]).check()
        }
    }

    /// Makes the script that stands for `place`, and returns its path.
    func canary(_ place: String) throws(Failure) -> String {
        let name = place.map { $0.isLetter || $0.isNumber || $0 == "-" ? $0 : "_" }
        let path = directory.file("canaries/\(String(name))")
        let script =
            "#!/bin/sh\n: > '\(directory.file("touched"))'/\"${0##*/}\"\n"
            + "case $0 in *smudge | *gpg* | *tar*) exec cat;; esac\nexit 1\n"
        try writeFile(path, script, mode: 0o755)
        return path
    }

    /// The environment of an attacker who could set the bridge's.
    func hostileEnvironment() throws(Failure) -> [String: String] {
        let home = directory.file("fake-home")
        try writeFile(
            "\(home)/.gitconfig", "[uploadpack]\n\tpackObjectsHook = \(try canary("home"))\n")
        let hook = try canary("injected")
        for name in ["git", "git-upload-pack", "git-pack-objects", "gzip", "cat", "sh"] {
            try run(["cp", try canary("path-\(name)"), directory.file("fake-home/\(name)")]).check()
        }
        return [
            "HOME": home, "PATH": home, "GIT_EXEC_PATH": home, "XDG_CONFIG_HOME": home,
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "uploadpack.packObjectsHook",
            "GIT_CONFIG_VALUE_0": hook,
            "GIT_CONFIG_PARAMETERS": "'uploadpack.packobjectshook=\(hook)'",
            "GIT_CONFIG_GLOBAL": "\(home)/.gitconfig", "GIT_CONFIG_SYSTEM": "\(home)/.gitconfig",
            "GIT_SSH_COMMAND": hook, "GIT_ASKPASS": hook, "GIT_PAGER": hook, "GIT_EDITOR": hook,
            "GIT_EXTERNAL_DIFF": hook, "GIT_PROXY_COMMAND": hook, "GIT_NO_LAZY_FETCH": "0",
            "GIT_TRACE": directory.file("touched/trace"),
            "GIT_TRACE2": directory.file("touched/trace2"), "GIT_DIR": "/nonexistent",
            "GIT_TRACE_PACKET": directory.file("touched/trace-packet"), "GIT_NAMESPACE": "x",
        ]
    }

    // MARK: the repository

    /// Commits files that filters apply to, and one whose export asks for a signature's check.
    private static func fill(_ gitdir: String, _ home: GitHome) throws(Failure) -> String {
        let files = [
            ".gitattributes": """
            a.txt filter=evil diff=evil
            z.txt filter=shell
            c.txt filter=included
            d.txt filter=conditional
            e.txt filter=worktree
            f.txt filter=evil text eol=crlf
            sig.txt export-subst
            """,
            "a.txt": "a\n", "z.txt": "z\n", "c.txt": "c\n", "d.txt": "d\n", "e.txt": "e\n",
            "f.txt": "f\n", "lost.txt": "lost\n", "sig.txt": "$Format:%G? %GG %(describe) %aN$\n",
        ]
        let work = try TemporaryDirectory()
        for (name, text) in files { try writeFile(work.file(name), text) }
        let place = ["--git-dir=\(gitdir)", "--work-tree=\(work.path)"]
        try home.attempt(place + ["add", "-A"]).check()
        try home.attempt(place + ["commit", "-q", "-m", "Bait"]).check()
        let commit = try home.git("cat-file", "commit", "HEAD", at: gitdir)
        let signature =
            "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n"
        let signed = commit.replacing("\n\n", with: "\n\(signature)\n", maxReplacements: 1) + "\n"
        let made = try home.attempt(
            ["hash-object", "-t", "commit", "-w", "--stdin"], at: gitdir, input: Array(signed.utf8)
        ).check()
        try home.git("update-ref", "HEAD", made.output, at: gitdir)
        let lost = try home.git("rev-parse", "HEAD:lost.txt", at: gitdir)
        return lost
    }

    /// Takes the missing blob away; what is served afterwards is a partial clone.
    func loseBlob() throws(Failure) {
        try run(["rm", "-f", "\(gitdir)/objects/\(missing.prefix(2))/\(missing.dropFirst(2))"])
            .check()
    }

    private func makeConfiguration() throws(Failure) {
        func configure(_ key: String, _ value: String, in file: String? = nil) throws(Failure) {
            try home.git("config", "--file", file ?? "\(gitdir)/config", "--add", key, value)
        }
        for key in Self.keys { try configure(key, try canary("config-\(key)")) }
        for (key, value) in [
            ("tar.evil.remote", "true"), ("filter.evil.required", "true"),
            ("core.hooksPath", "\(gitdir)/hooks"),
            ("remote.evil.url", "ext::\(try canary("promisor-url")) %S"),
            ("remote.evil.promisor", "true"), ("remote.evil.partialclonefilter", "blob:none"),
            ("extensions.partialClone", "evil"), ("extensions.worktreeConfig", "true"),
            ("protocol.allow", "always"), ("protocol.ext.allow", "always"),
            ("include.path", "included"), ("includeIf.gitdir:\(gitdir).path", "conditional"),
            ("uploadarchive.allowUnreachable", "true"), ("transfer.hideRefs", "refs/hidden"),
        ] { try configure(key, value) }
        for file in ["included", "conditional"] {
            try configure(
                "filter.\(file).smudge", try canary("\(file)-smudge"), in: "\(gitdir)/\(file)")
            try configure(
                "uploadpack.packObjectsHook", try canary("\(file)-hook"), in: "\(gitdir)/\(file)")
        }
        try configure(
            "filter.worktree.smudge", try canary("worktree-smudge"), in: "\(gitdir)/config.worktree"
        )
    }
}

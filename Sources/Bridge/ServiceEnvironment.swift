// The environment that a service runs in: nothing of ours, nothing of the gitdir's that names a
// command. Called by Bridge.
//
// The gitdir belongs to the application; its config must not make the bridge run anything. What git
// takes from an environment variable is set there, since those win over every config file; the rest is
// injected as configuration (GIT_CONFIG_COUNT in git(1)), which wins over the gitdir's for single
// values and is asked last, so first to match, for `hideRefs`.

import Model
import POSIX

/// Where the service's own programs are looked for; git's children are found by git itself.
let servicePath = "/usr/local/bin:/usr/bin:/bin"

/// One injected setting.
struct Setting: Sendable, Equatable {
    let key: String
    let value: String

    init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }
}

/// The environment for git serving `gitdir`.
func serviceEnvironment(
    gitdir: String, protocolVersion: Int?, adding extra: [Setting] = []
) -> [EnvironmentEntry] {
    var environment: [EnvironmentEntry] = [
        "PATH=\(servicePath)",
        "HOME=/nonexistent",
        "LC_ALL=C",
        "GIT_CONFIG_NOSYSTEM=1",
        "GIT_CONFIG_GLOBAL=/dev/null",
        "GIT_ATTR_NOSYSTEM=1",
        "GIT_TERMINAL_PROMPT=0",
        "GIT_OPTIONAL_LOCKS=0",
        // A gitdir with a promisor remote would fetch what it lacks, by whatever its config names.
        "GIT_NO_LAZY_FETCH=1",
        "GIT_ALLOW_PROTOCOL=none",
        // Of core.gitProxy the first match counts, so no injected value wins over the gitdir's.
        "GIT_PROXY_COMMAND=",
        "GIT_SSH_COMMAND=false",
        "GIT_ASKPASS=true",
        "GIT_PAGER=cat",
        "GIT_EDITOR=true",
    ]
    if let protocolVersion { environment.append("GIT_PROTOCOL=version=\(protocolVersion)") }
    let settings = ownSettings(gitdir) + extra
    environment.append("GIT_CONFIG_COUNT=\(settings.count)")
    for (index, setting) in settings.enumerated() {
        environment.append("GIT_CONFIG_KEY_\(index)=\(setting.key)")
        environment.append("GIT_CONFIG_VALUE_\(index)=\(setting.value)")
    }
    return environment
}

private func ownSettings(_ gitdir: String) -> [Setting] {
    [
        Setting("safe.directory", gitdir),
        Setting("uploadpack.hideRefs", "refs/remotes"),
        Setting("uploadpack.allowFilter", "true"),
        // A partial clone comes back for single objects. Version 2 serves any id anyway.
        Setting("uploadpack.allowAnySHA1InWant", "true"),
        // uploadpack.packObjectsHook stays unset: git takes it from no gitdir (git-config(1)), and an
        // empty one from here would be run.
        Setting("core.hooksPath", "/dev/null"),
        Setting("core.attributesFile", "/dev/null"),
        Setting("core.fsmonitor", "false"),
        Setting("core.alternateRefsCommand", "true"),
        Setting("core.sshCommand", "false"),
        Setting("core.askPass", "true"),
        Setting("core.pager", "cat"),
        Setting("core.editor", "true"),
        // An empty helper empties the list of those before it.
        Setting("credential.helper", ""),
        // `%G?` in a file with the attribute export-subst has git archive verify a signature; git
        // from 2.40 on asks these for the program.
        Setting("gpg.program", "false"),
        Setting("gpg.openpgp.program", "false"),
        Setting("gpg.x509.program", "false"),
        Setting("gpg.ssh.program", "false"),
        Setting("gpg.ssh.defaultKeyCommand", "false"),
        Setting("tar.tgz.command", archiveCompressor),
        Setting("tar.tar.gz.command", archiveCompressor),
    ]
}

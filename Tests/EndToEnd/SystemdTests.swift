// docs/operations/git-pod.service: systemd takes it, and one of its own that runs it starts the engine,
// shows how it stands, reloads it, and kills one that stands still.

import Model
import POSIX
import TestSupport
import Testing

@Suite("The unit for systemd")
struct SystemdTests {
    private static let unit = "\(packageFolder)/docs/operations/git-pod.service"
    private static let systemd = "/lib/systemd/systemd"

    @Test(
        "is one that systemd understands to the last line",
        .enabled(if: findProgram("systemd-analyze") != nil, "there is no systemd-analyze"))
    func verified() throws {
        let folder = try TemporaryDirectory()
        let file = folder.file("git-pod.service")
        let program = Products.path("git-pod")
        try writeFile(file, contents(Self.unit).replacing("/usr/local/bin/git-pod", with: program))
        let verified = try run(["systemd-analyze", "verify", "--man=no", file])
        #expect(verified.succeeded && verified.errors.isEmpty, "\(verified.errors)")
    }

    /// A systemd for one user, in mounts of its own: it runs nothing but what is in this folder. All of it
    /// ends with this shell, which is the first process of its own namespace.
    private static let script = """
        mount --make-rprivate / && mount -t tmpfs tmpfs /run && cd "$1" || exit 77
        mkdir -p /run/systemd/system /run/user config/systemd/user
        unit=$(basename "$1")
        cp git-pod.service "config/systemd/user/$unit.service"
        export XDG_RUNTIME_DIR=/run/user XDG_CONFIG_HOME="$1/config" HOME="$1"
        \(systemd) --user --log-target=console >log 2>&1 &
        until_so() {
          for i in $(seq 600); do "$@" 2>/dev/null && return; sleep 0.1; done
          false
        }
        runs() { systemctl --user is-system-running | grep -qE 'running|degraded'; }
        shows() { systemctl --user show "$unit" -p "$1" --value | grep -q "$2"; }
        until_so runs || exit 77
        systemctl --user start "$unit" && until_so shows StatusText '^1 branch: in-sync$' &&
          echo started
        systemctl --user reload "$unit" && until_so shows ActiveState '^active$' && echo reloaded
        kill -STOP "$(systemctl --user show "$unit" -p MainPID --value)"
        until_so shows NRestarts '^1$' && until_so shows StatusText '^1 branch: in-sync$' &&
          echo watched
        systemctl --user stop "$unit" && until_so shows Result '^success$' && echo stopped
        """

    @Test(
        "is started, shown, reloaded, watched and stopped by a real one",
        .enabled(if: currentUser() == 0 && exists(systemd), "there is no systemd for root to run"))
    func real() throws {
        let origin = try TestOrigin(.path)
        let folder = try TemporaryDirectory()
        // What locks the service in needs a systemd that is the machine's own.
        let kept = [
            "[", "Type", "NotifyAccess", "ExecReload", "UMask", "KillMode", "Restart", "Timeout",
        ]
        let lines = contents(Self.unit).split(separator: "\n").filter { line in
            kept.contains { line.hasPrefix($0) }
        }
        let own = [
            "WatchdogSec=2s", "ExecStart=\(Products.path("git-pod")) serve",
            "Environment=GIT_POD_REPO=\(folder.file("repo.git")) GIT_POD_ORIGIN=\(origin.path)",
            // One that is killed is not to be examined, which takes half a minute.
            "Environment=GIT_POD_LISTEN=none SWIFT_BACKTRACE=enable=no",
        ]
        let install = try #require(lines.firstIndex { $0 == "[Install]" })
        try writeFile(
            folder.file("git-pod.service"),
            (lines[..<install].map(String.init) + own).joined(separator: "\n") + "\n")
        let ran = try run(
            [
                "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
                Self.script, "sh", folder.path,
            ], timeout: .seconds(300))
        // 77: mounts of one's own, or a systemd in them, are not to be had here.
        guard ran.status != .exited(77) else { return }
        #expect(
            ran.lines == ["started", "reloaded", "watched", "stopped"],
            "\(ran.errors) \(contents(folder.file("log")))")
    }
}

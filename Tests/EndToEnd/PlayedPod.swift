// docs/kubernetes/podman.yaml, played by podman: two containers on one emptyDir.

import Model
import POSIX
import TestSupport

/// The pod, with an origin on this machine, whose network it shares.
final class PlayedPod {
    let origin: TestOrigin
    private let folder: TemporaryDirectory
    private let podman: PodmanState

    /// Commits once when it is told to end.
    private static let application = """
        trap 'git update-ref refs/heads/main "$(git commit-tree -p main -m last main^{tree})"; exit' TERM; \
        while :; do sleep 0.1; done
        """

    init() throws(Failure) {
        folder = try TemporaryDirectory()
        podman = try PodmanState(in: folder)
        origin = try TestOrigin(.ssh)
        let keys = try folder.folder("keys")
        for (file, from) in [("deploy_key", origin.deployKey), ("known_hosts", origin.knownHosts)] {
            try run(["install", "-m", "0400", "-o", "10001", from ?? "", "\(keys)/\(file)"]).check()
        }
        let identity = ["AUTHOR", "COMMITTER"].flatMap { who in
            ["NAME", "EMAIL"].map { "        - {name: GIT_\(who)_\($0), value: shop}\n" }
        }.joined()
        try writeFile(
            folder.file("pod.yaml"),
            contents("\(packageFolder)/docs/kubernetes/podman.yaml")
                .replacing("/etc/git-pod/keys", with: keys)
                .replacing("localhost/git-pod:0.1.0", with: PodImage.name)
                .replacing("ssh://git@git.example.com/shop.git", with: origin.url)
                .replacing("  volumes:\n", with: "  hostNetwork: true\n  volumes:\n")
                .replacing(
                    "        - {name: GIT_POD_BRANCH, value: main}\n",
                    with: """
                                - {name: GIT_POD_BRANCH, value: main}
                                - {name: GIT_POD_LISTEN, value: "127.0.0.1:0"}
                                - {name: GIT_POD_LOG_FORMAT, value: json}

                        """
                )
                .replacing(
                    "localhost/shop:1\n      env:\n",
                    with:
                        "\(PodImage.name)\n      command: [sh, -c, '\(Self.application.replacing("'", with: "''"))']\n"
                        + "      env:\n\(identity)"))
        try podman.run(["load", "-q", "-i", PodImage.file()])
        try podman.run(["kube", "play", folder.file("pod.yaml")])
    }

    deinit { _ = try? podman.run(["kube", "down", folder.file("pod.yaml")]) }

    /// podman's name of a container.
    private func name(_ container: String) -> String { "shop-\(container)" }

    func kill(_ container: String) throws(Failure) {
        try podman.run(["kill", "-s", "KILL", name(container)])
        try podman.run(["wait", name(container)])
    }

    func start(_ container: String) throws(Failure) { try podman.run(["start", name(container)]) }

    /// Ends both containers, as `podman kube down` does, and keeps what they wrote.
    func stop() throws(Failure) { try podman.run(["pod", "stop", "-t", "60", "shop"]) }

    func isRunning(_ container: String) throws(Failure) -> Bool {
        try podman.run(["inspect", "-f", "{{.State.Running}}", name(container)]).output == "true"
    }

    func commit(_ message: String) throws(Failure) -> String {
        try podman.run([
            "exec", name("application"), "sh", "-c",
            """
            new=$(git commit-tree -p main -m '\(message)' main^{tree}) &&
            git update-ref refs/heads/main $new && echo $new
            """,
        ]).output
    }

    /// What the engine has said, since the pod's start.
    var log: String {
        guard let log = try? podman.run(["logs", name("git-pod")]) else { return "" }
        return log.output + log.errors
    }

    /// What the engine that was started last answers; nil while it does not.
    func probe(_ path: String) throws(Failure) -> Int? {
        let addresses = log.split(separator: "\n").compactMap { line in
            JSON(parsing: Array(line.utf8))?["address"]?.string
        }
        guard let port = addresses.last?.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            return nil
        }
        return (try? http("GET", path, port: port))?.status
    }

    func originHas(_ commit: String) throws -> Bool {
        try eventually { try origin.tip() == commit }
    }
}

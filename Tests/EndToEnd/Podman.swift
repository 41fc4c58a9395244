// podman with a state of its own: containers that no other podman on this machine sees.

import Model
import POSIX
import TestSupport

/// One container that holds a pod's gitdir under `/data`.
final class Podman: Sendable {
    /// Why no container can run here; nil if one can. Said once, aloud.
    static let problem: String? = {
        if currentUser() != 0 { return "only root's podman is tried" }
        if findProgram("podman") == nil { return "there is no podman" }
        do {
            _ = try Podman(for: PodFixture())
            return nil
        } catch {
            writeAll("no container can run here: \(error)\n", to: 2)
            return "\(error)"
        }
    }()

    private let folder: TemporaryDirectory
    private let configuration: String

    /// What runs a command in the container; for `[pod] command`.
    var exec: String { command(["exec", "-i", "pod"]).joined(separator: " ") }

    /// Starts a container that does nothing but wait, as a pod's main program would run.
    init(for pod: PodFixture) throws(Failure) {
        folder = try TemporaryDirectory()
        configuration = try PodmanState.configuration(in: folder)
        try ContainerRoot.build(in: folder.folder("root"))
        try podman([
            "run", "-d", "--name", "pod", "--network", "none", "-v", "\(pod.root):/data",
            "--rootfs", folder.file("root"), "sleep", "infinity",
        ])
    }

    /// Variables that podman needs.
    var environment: [String: String] { ["CONTAINERS_CONF": configuration] }

    /// The argument vectors of what runs in the container.
    func processes() throws(Failure) -> [String] {
        try podman(["top", "pod", "args"]).lines.dropFirst().map { $0 }
    }

    /// Kills the container, as a node would.
    func kill() throws(Failure) { try podman(["kill", "pod"]) }

    @discardableResult
    private func podman(_ arguments: [String]) throws(Failure) -> Finished {
        let variables = currentEnvironment() + ["CONTAINERS_CONF=\(configuration)"]
        return try run(command(arguments), environment: variables).check()
    }

    private func command(_ arguments: [String]) -> [String] {
        [
            "podman", "--root", folder.file("storage"), "--runroot", folder.file("state"),
            "--storage-driver", "vfs",
        ] + arguments
    }

    deinit { _ = try? podman(["rm", "-f", "-t", "0", "pod"]) }
}

/// A podman's storage and settings in a folder of a test, for images.
struct PodmanState: Sendable {
    private let folder: String
    private let configuration: String
    private let driver: String

    init(in folder: TemporaryDirectory) throws(Failure) {
        self.folder = folder.path
        configuration = try Self.configuration(in: folder)
        // Copies of a whole image take seconds each: only where there is no other way.
        let found = try TestSupport.run(
            [
                "podman", "--root", folder.file("trial"), "--runroot", folder.file("trial-state"),
                "--storage-driver", "overlay", "info",
            ], environment: currentEnvironment() + ["CONTAINERS_CONF=\(configuration)"])
        driver = found.succeeded ? "overlay" : "vfs"
    }

    /// Writes settings with which podman runs in a container itself, and returns their file.
    static func configuration(in folder: TemporaryDirectory) throws(Failure) -> String {
        // Root without CAP_SYS_RESOURCE cannot raise limits, and crun wants cgroups of one kind.
        let file = folder.file("containers.conf")
        try writeFile(
            file,
            """
            [containers]
            default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
            [engine]
            runtime = "runc"
            cgroup_manager = "cgroupfs"
            events_logger = "file"

            """)
        return file
    }

    @discardableResult
    func run(_ arguments: [String]) throws(Failure) -> Finished {
        try TestSupport.run(
            [
                "podman", "--root", "\(folder)/storage", "--runroot", "\(folder)/state",
                "--storage-driver", driver,
            ] + arguments,
            environment: currentEnvironment() + ["CONTAINERS_CONF=\(configuration)"]
        ).check()
    }
}

// A pod deployed from docs/kubernetes, as a user would who copies its example: onto the tests' cluster,
// with an origin on this machine.

import Model
import POSIX
import TestSupport

/// What is deployed, and what becomes of its pods. The cluster has no controllers: a pod is made here as
/// its Deployment would.
final class DeployedPod {
    private unowned let cluster: KubeCluster
    let origin: TestOrigin
    /// The operator's key for the pod's sshd.
    let operatorKey: SSHKey
    let podHostKey: SSHKey
    private let folder: TemporaryDirectory
    private let deployment: JSON

    /// Waits for the first clone; notes its end on SIGTERM 4 s later by a commit. By then an engine that
    /// does not wait for it would be gone.
    private static let application = """
        until git rev-parse -q --verify main >/dev/null; do sleep 0.1; done
        commit() {
          git update-ref refs/heads/main "$(git commit-tree -p main -m "$1" main^{tree})"
        }
        trap 'sleep 4; commit "The last of $HOSTNAME"; exit 0' TERM
        while :; do sleep 0.1; done
        """

    init(on cluster: KubeCluster) throws(Failure) {
        self.cluster = cluster
        folder = try TemporaryDirectory()
        let node = try cluster.kubectl(
            "get", "nodes", "-o", "jsonpath={.items[0].status.addresses[0].address}")
        origin = try TestOrigin(.ssh, sshd: ["ListenAddress \(node)"])
        operatorKey = try SSHKey(.ed25519, at: folder.file("operator"))
        podHostKey = try SSHKey(.ed25519, at: folder.file("ssh_host_ed25519_key"))
        let (from, into) = ("\(packageFolder)/docs/kubernetes", folder.file("kubernetes"))
        try run(["cp", "-r", from, into]).check()
        let url = origin.url.replacing("127.0.0.1", with: node)
        try Self.adapt("\(into)/example", origin: url)
        try writeFile(
            folder.file("known_hosts"),
            contents(origin.knownHosts ?? "").replacing("127.0.0.1", with: node))
        try writeFile(folder.file("authorized_keys"), operatorKey.publicLine + "\n")
        try cluster.kubectl("create", "namespace", Self.namespace)
        func deploy(_ arguments: String..., input: String = "") throws(Failure) -> String {
            try cluster.kubectl(["--namespace", Self.namespace] + arguments, input: input)
        }
        _ = try deploy(
            "create", "secret", "generic", "shop-origin",
            "--from-file=deploy_key=\(origin.deployKey ?? "")",
            "--from-file=\(folder.file("known_hosts"))")
        _ = try deploy(
            "create", "secret", "generic", "shop-sshd",
            "--from-file=\(folder.file("ssh_host_ed25519_key"))",
            "--from-file=\(folder.file("authorized_keys"))")
        let manifest = try cluster.kubectl("kustomize", "\(into)/example")
        _ = try deploy("apply", "-f", "-", input: manifest)
        let made = try deploy("get", "deployment", "shop", "-o", "json")
        guard let deployment = JSON(parsing: Array(made.utf8)) else {
            throw Failure(.failed, "kubectl shows no deployment: \(made)")
        }
        self.deployment = deployment
    }

    /// Runs kubectl where this is deployed: names of its own, beside other suites' pods.
    @discardableResult
    func kubectl(_ arguments: String..., input: String = "") throws(Failure) -> String {
        try cluster.kubectl(["--namespace", Self.namespace] + arguments, input: input)
    }

    private static let namespace = "deployed"

    /// Makes the example ours, by the lines that it asks to be changed.
    private static func adapt(_ example: String, origin: String) throws(Failure) {
        let file = "\(example)/kustomization.yaml"
        let (name, tag) = ("localhost/git-pod", "test")
        try writeFile(
            file,
            contents(file)
                .replacing("  # - ../components/", with: "  - ../components/")
                .replacing(
                    "registry.example.com/git-pod, newTag: 0.1.0", with: "\(name), newTag: \(tag)"
                )
                .replacing(
                    "registry.example.com/shop, newTag: \"1\"", with: "\(name), newTag: \(tag)"
                )
                .replacing("ssh://git@git.example.com/shop.git", with: origin))
        let lines = application.split(separator: "\n", omittingEmptySubsequences: false)
        let script = lines.map { "              \($0)\n" }.joined()
        try appendToFile(
            "\(example)/shop.yaml",
            "          command:\n            - sh\n            - -c\n            - |\n\(script)",
            mode: 0o644)
    }

    /// Makes a pod as the deployment's controllers would, and returns when its containers run, if it is to.
    func start(_ name: String) throws(Failure) {
        let template = deployment["spec"]?["template"]
        guard case .object(let spec)? = template?["spec"],
            case .object(let metadata)? = template?["metadata"]
        else { throw Failure(.failed, "the deployment has no template: \(deployment.text)") }
        let named = metadata.filter { $0.name != "name" } + [("name", .string(name))]
        let pod = JSON.object([
            ("apiVersion", .string("v1")), ("kind", .string("Pod")), ("metadata", .object(named)),
            ("spec", .object(spec + [("nodeName", .string("node1"))])),
        ])
        try kubectl("apply", "-f", "-", input: pod.text)
    }

    /// What the cluster says of a pod.
    func pod(_ name: String) throws(Failure) -> JSON {
        let found = try kubectl("get", "pod", name, "-o", "json", "--ignore-not-found")
        return JSON(parsing: Array(found.utf8)) ?? .null
    }

    func address(of name: String) throws(Failure) -> String? {
        try pod(name)["status"]?["podIP"]?.string
    }

    /// What the cluster says of a container of a pod.
    func container(_ container: String, of name: String) throws(Failure) -> JSON {
        try pod(name)["status"]?["containerStatuses"]?.elements
            .first { $0["name"]?.string == container } ?? .null
    }

    func isReady(_ name: String) throws(Failure) -> Bool {
        try pod(name)["status"]?["conditions"]?.elements
            .first { $0["type"]?.string == "Ready" }?["status"]?.string == "True"
    }

    /// What a probe of the engine is answered, as the kubelet would be; nil if nobody answers.
    func probe(_ path: String, of name: String) throws(Failure) -> Int? {
        guard let address = try address(of: name) else { return nil }
        return (try? http("GET", path, at: address, port: 8080))?.status
    }

    /// Runs a command in a container.
    @discardableResult
    func exec(_ name: String, _ container: String, _ command: String) throws(Failure) -> String {
        try kubectl("exec", name, "-c", container, "--", "sh", "-c", command)
    }

    /// Commits from the application's container, and returns the commit.
    func commit(_ message: String, in name: String) throws(Failure) -> String {
        try exec(
            name, "application",
            """
            new=$(git commit-tree -p main -m '\(message)' main^{tree}) &&
            git update-ref refs/heads/main $new && echo $new
            """)
    }

    /// Ends all processes of a container for certain, as a node that is short of memory would.
    func kill(_ name: String, of pod: String) throws(Failure) {
        let status = try container(name, of: pod)
        guard let id = status["containerID"]?.string?.split(separator: "/").last else {
            throw Failure(.failed, "\(name) does not run: \(status.text)")
        }
        for process in (directoryEntries("/proc") ?? []).compactMap({ Int32($0) })
        where contents("/proc/\(process)/cgroup").contains(id) { Processes.end(process) }
    }

    func originHas(_ commit: String) throws -> Bool {
        try eventually { try origin.tip() == commit }
    }
}

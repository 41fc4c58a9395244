// A Kubernetes for the tests: one node on this machine, started by what GIT_POD_KUBE names.

import Model
import POSIX
import TestSupport
import Testing

/// A running cluster, in which every pod has the fixture's gitdir under `/data`.
///
/// `GIT_POD_KUBE` is a folder with three programs: `image OUT.tar NAME ROOT.tar` makes an image,
/// `up STATE IMAGE.tar` starts a node `node1` and leaves `STATE/kubeconfig`, `down STATE` ends it.
final class KubeCluster: Sendable {
    static let tools = environmentVariable("GIT_POD_KUBE").flatMap { $0.isEmpty ? nil : $0 }

    /// The one that the suite's tests run against.
    @TaskLocal static var current: KubeCluster?

    let pod: PodFixture
    /// What one suite has deployed.
    let deployed = Locked<DeployedPod?>(nil)
    private let folder: TemporaryDirectory
    private let tools: String

    private var state: String { folder.file("state") }
    var environment: [String: String] { ["KUBECONFIG": "\(state)/kubeconfig"] }

    init(tools: String) throws(Failure) {
        self.tools = tools
        pod = try PodFixture()
        folder = try TemporaryDirectory()
        // The first image by its name is what holds a pod's namespaces: it has to sleep.
        try ContainerRoot.build(in: folder.folder("root"))
        try TestSupport.run(["tar", "-C", folder.file("root"), "-cf", folder.file("root.tar"), "."])
            .check()
        let (pause, layer) = (folder.file("pause.tar"), folder.file("root.tar"))
        try TestSupport.run(["\(tools)/image", pause, "localhost/asleep:test", layer]).check()
        try TestSupport.run(
            ["\(tools)/up", folder.file("state"), pause, PodImage.file()], timeout: .seconds(300)
        ).check()
    }

    deinit { _ = try? TestSupport.run(["\(tools)/down", state], timeout: .seconds(120)) }

    /// Runs kubectl as the cluster's operator.
    @discardableResult
    func kubectl(_ arguments: String..., input: String = "") throws(Failure) -> String {
        try kubectl(arguments, input: input)
    }

    @discardableResult
    func kubectl(_ arguments: [String], input: String = "") throws(Failure) -> String {
        try TestSupport.run(
            ["kubectl"] + arguments,
            environment: currentEnvironment() + ["KUBECONFIG=\(state)/kubeconfig"],
            input: Array(input.utf8)
        ).check().output
    }

    /// Starts a pod labelled `app=APP` and waits until its containers run.
    func start(_ name: String, app: String) throws(Failure) {
        let manifest = """
            apiVersion: v1
            kind: Pod
            metadata: {name: \(name), labels: {app: \(app)}}
            spec:
              nodeName: node1
              enableServiceLinks: false
              terminationGracePeriodSeconds: 1
              securityContext: {runAsUser: 0}
              volumes: [{name: data, hostPath: {path: \(pod.root)}}]
              containers:
              - name: git-pod
                image: localhost/git-pod:test
                imagePullPolicy: Never
                command: [sleep, infinity]
                volumeMounts: [{name: data, mountPath: /data}]
              - name: application
                image: localhost/git-pod:test
                imagePullPolicy: Never
                command: [sleep, infinity]
            """
        try kubectl("apply", "-f", "-", input: manifest)
        try kubectl("wait", "--for=condition=Ready", "pod/\(name)", "--timeout=110s")
    }

    /// Writes `[pod "NAME"]` with these settings for the operator.
    func name(_ name: String, _ settings: [String: String]) throws(Failure) {
        var lines = ["transport": "kubectl", "path": "/data/repo.git"]
        lines.merge(settings) { $1 }
        for (variable, value) in lines {
            try pod.home.configure("pod.\(name).\(variable)", value)
        }
    }

    /// Runs git in the operator's clone.
    func git(_ arguments: String...) throws(Failure) -> Finished {
        try pod.home.attempt(arguments, at: pod.clone, environment: environment)
    }

    /// Runs the helper as git would, up to the first request.
    func helper(_ address: String) throws(Failure) -> Finished {
        try TestSupport.run(
            [Products.path("git-remote-pod"), "pod", address],
            environment: pod.home.environment(environment),
            input: Array("capabilities\nconnect git-upload-pack\n0000".utf8))
    }
}

/// Has a suite's tests run against one cluster, which ends with them.
struct OnKubernetes: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard let tools = KubeCluster.tools else { return try await function() }
        try await KubeCluster.$current.withValue(KubeCluster(tools: tools)) {
            try await function()
        }
    }
}

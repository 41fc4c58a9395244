// kubectl against a real API server and kubelet: what names a pod, and what its errors mean.

import Model
import POSIX
import TestSupport
import Testing

/// All that needs a cluster: there is one, for one test after the other.
@Suite(
    "Kubernetes", .serialized,
    .enabled(if: KubeCluster.tools != nil, "GIT_POD_KUBE names no Kubernetes"), OnKubernetes())
enum Kubernetes {}

extension Kubernetes {
    @Suite("A pod in Kubernetes is fetched from by kubectl exec", .serialized)
    struct KubernetesTests {
        private func cluster() throws -> KubeCluster { try #require(KubeCluster.current) }

        @Test("named outright")
        func byName() throws {
            let cluster = try cluster()
            try cluster.start("shop-0", app: "shop")
            try cluster.name("named", ["pod": "shop-0", "container": "git-pod"])
            let fetched = try cluster.git(
                "fetch", "pod://named", "+refs/heads/*:refs/remotes/named/*")
            #expect(fetched.succeeded, "\(fetched.errors)")
            let own = try cluster.pod.refs(in: cluster.pod.gitdir, below: "refs/heads/")
            #expect(
                try cluster.pod.refs(in: cluster.pod.clone, below: "refs/remotes/named/") == own)
        }

        @Test("meant by a selector that one pod answers to")
        func bySelector() throws {
            let cluster = try cluster()
            try cluster.name("selected", ["selector": "app=shop", "namespace": "default"])
            let listed = try cluster.git("ls-remote", "pod://selected")
            #expect(listed.succeeded, "\(listed.errors)")
            #expect(listed.output.contains(PodFixture.conflictBranch))
        }

        @Test("in protocol version 2")
        func version() throws {
            let cluster = try cluster()
            let variables = cluster.environment.merging(["GIT_TRACE_PACKET": "1"]) { $1 }
            let listed = try cluster.pod.home.attempt(
                ["ls-remote", "pod://selected"], environment: variables)
            #expect(listed.errors.contains("< version 2"))
        }

        @Test("of several, none is guessed at: they are listed")
        func several() throws {
            let cluster = try cluster()
            try cluster.start("shop-1", app: "shop")
            let asked = try cluster.helper("pod://selected")
            #expect(asked.status == .exited(ExitCode.configuration.rawValue), "\(asked.errors)")
            #expect(asked.errors.contains("shop-0 ("))
            #expect(asked.errors.contains("shop-1 ("))
            #expect(asked.errors.contains("Ready"))
            for choice in ["newest", "oldest"] {
                try cluster.name("chosen", ["selector": "app=shop", "select": choice])
                let chosen = try cluster.helper("pod://chosen")
                #expect(chosen.succeeded, "\(chosen.errors)")
            }
        }

        @Test("a pod that is going away is still fetched from")
        func terminating() throws {
            let cluster = try cluster()
            try cluster.kubectl("delete", "pod", "shop-1", "--grace-period=30", "--wait=false")
            try cluster.name("going", ["pod": "shop-1"])
            let fetched = try cluster.helper("pod://going")
            #expect(fetched.succeeded, "\(fetched.errors)")
            try cluster.kubectl("delete", "pod", "shop-1", "--grace-period=0", "--force")
        }

        @Test("what is not there is named, with the exit code that it means")
        func absent() throws {
            let cluster = try cluster()
            let cases: [(settings: [String: String], code: ExitCode, words: String)] = [
                (["pod": "no-such-pod"], .unreachable, "no-such-pod"),
                (["selector": "app=none"], .unreachable, "app=none"),
                (["pod": "shop-0", "container": "nobody"], .configuration, "container"),
                (["pod": "shop-0", "context": "elsewhere"], .configuration, "context"),
            ]
            for (number, (settings, code, words)) in cases.enumerated() {
                try cluster.name("absent\(number)", settings)
                let helper = try cluster.helper("pod://absent\(number)")
                #expect(helper.status == .exited(code.rawValue), "\(settings): \(helper.errors)")
                #expect(helper.errors.contains(words), "\(settings): \(helper.errors)")
                let own = helper.errors.split(separator: "\n").count {
                    $0.hasPrefix("git-remote-pod: ")
                }
                #expect(own == 1, "\(helper.errors)")
            }
        }

        @Test("a helper that is killed leaves nothing running in the pod")
        func killed() throws {
            let cluster = try cluster()
            let variables = cluster.environment.merging(["GIT_TRACE_PACKET": "2"]) { $1 }
            let fetch = try cluster.pod.home.start(
                ["fetch", "-q", "pod://named"], at: cluster.pod.clone, environment: variables)
            #expect(try fetch.readErrors(until: "fetch< version 2"))
            let helper = try #require(fetch.stoppedHelper())
            #expect(!Self.serving.isEmpty)
            Processes.end(helper)
            #expect(eventually { Self.serving.isEmpty })
            fetch.child.signal(Signals.kill)
            _ = try fetch.finish()
        }

        /// What serves the gitdir in a container: its processes are this machine's, too.
        private static var serving: [Int32] {
            Processes.withArgument(containing: "/data/repo.git").filter {
                Processes.arguments(of: $0).contains { $0.hasSuffix("upload-pack") }
            }
        }
    }
}

// docs/kubernetes on a real API server and kubelet: what probes say, and that nothing is lost, whichever
// container is killed, and when the pod is replaced. Each test goes on where the last one ended.

import Model
import POSIX
import TestSupport
import Testing

extension Kubernetes {
    @Suite("A pod deployed from docs/kubernetes", .serialized)
    struct DeployedPodTests {
        /// Deployed by the first test.
        private func deployed() throws -> DeployedPod {
            let cluster = try #require(KubeCluster.current)
            if let deployed = cluster.deployed.with({ $0 }) { return deployed }
            let deployed = try DeployedPod(on: cluster)
            cluster.deployed.with { $0 = deployed }
            return deployed
        }

        @Test(
            "lives while origin cannot be reached, and is ready when it has cloned and reconciled")
        func begins() throws {
            let pod = try deployed()
            try pod.origin.vanish()
            try pod.start("shop-0")
            #expect(try eventually { try pod.probe("/livez", of: "shop-0") == 200 })
            #expect(try pod.probe("/readyz", of: "shop-0") == 503)
            #expect(try !pod.isReady("shop-0"))
            #expect(
                try pod.exec("shop-0", "git-pod", "echo /data/repo.git/*") == "/data/repo.git/*")
            try pod.origin.server?.restart()
            #expect(try eventually { try pod.isReady("shop-0") })
            #expect(try pod.probe("/readyz", of: "shop-0") == 200)
            #expect(try pod.container("git-pod", of: "shop-0")["restartCount"]?.text == "0")
        }

        @Test("brings what the application commits to origin, and lets an operator in")
        func commits() throws {
            let pod = try deployed()
            let commit = try pod.commit("From the application", in: "shop-0")
            #expect(try pod.originHas(commit))
            // The key is not the application's.
            #expect(try pod.exec("shop-0", "application", "echo /keys*") == "/keys*")
            let address = try #require(try pod.address(of: "shop-0"))
            let home = pod.origin.pod.home
            let hosts = home.directory.file("pod_known_hosts")
            try writeFile(hosts, "[\(address)]:2222 \(pod.podHostKey.publicLine)\n")
            let listed = try home.attempt([
                "-c", "pod.identityFile=\(pod.operatorKey.path)", "-c", "pod.knownHosts=\(hosts)",
                "ls-remote", "pod://git-pod@\(address):2222/data/repo.git", "main",
            ])
            #expect(listed.output.contains(commit), "\(listed.errors)")
        }

        @Test("loses nothing when the application is killed")
        func killedApplication() throws {
            let pod = try deployed()
            let commit = try pod.commit("The last words", in: "shop-0")
            try pod.kill("application", of: "shop-0")
            #expect(try pod.originHas(commit))
            #expect(
                try eventually {
                    let status = try pod.container("application", of: "shop-0")
                    return status["restartCount"]?.text == "1"
                        && status["ready"]?.bool == true
                })
            #expect(try pod.probe("/readyz", of: "shop-0") == 200)
            #expect(try pod.container("git-pod", of: "shop-0")["restartCount"]?.text == "0")
            #expect(try pod.originHas(pod.commit("Up again", in: "shop-0")))
        }

        @Test("loses nothing when git-pod is killed, and is ready again without origin")
        func killedEngine() throws {
            let pod = try deployed()
            try pod.origin.vanish()
            let first = try pod.commit("While origin is away", in: "shop-0")
            #expect(try pod.probe("/livez", of: "shop-0") == 200)
            try pod.kill("git-pod", of: "shop-0")
            let second = try pod.commit("While nobody watches", in: "shop-0")
            #expect(
                try eventually {
                    let status = try pod.container("git-pod", of: "shop-0")
                    return status["restartCount"]?.text == "1" && status["ready"]?.bool == true
                })
            #expect(try eventually { try pod.isReady("shop-0") })
            #expect(try pod.probe("/livez", of: "shop-0") == 200)
            #expect(try pod.origin.tip() != second)
            try pod.origin.server?.restart()
            #expect(try pod.originHas(second))
            let there = try pod.origin.pod.home.git("rev-list", "main", at: pod.origin.path)
            #expect(there.contains(first))
        }

        @Test("waits for an application that ends slowly, and the next pod has what it did")
        func replaced() throws {
            let pod = try deployed()
            try pod.kubectl("delete", "pod", "shop-0", "--wait=false")
            // Still, until its application has ended, and origin has everything.
            let commit = try pod.commit("In between", in: "shop-0")
            #expect(try eventually { try pod.pod("shop-0") == .null })
            let log = try pod.origin.pod.home.git(
                "log", "--format=%s %H", "main", at: pod.origin.path)
            #expect(log.hasPrefix("The last of shop-0 "), "\(log)")
            #expect(log.contains(commit))
            try pod.start("shop-1")
            #expect(try eventually { try pod.isReady("shop-1") })
            let here = try pod.exec("shop-1", "application", "git log -1 --format=%s main")
            #expect(here == "The last of shop-0")
            #expect(try pod.originHas(pod.commit("From the next pod", in: "shop-1")))
            try pod.kubectl("delete", "pod", "shop-1", "--grace-period=0", "--force")
        }
    }
}

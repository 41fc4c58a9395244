// kubectl: which pod is meant, how it is run, and what its words mean.

import Model
import POSIX
import Testing

@testable import Transport

@Suite("kubectl")
struct KubectlTests {
    private func settings(_ values: [String: String] = [:]) throws(Failure) -> PodSettings {
        var keyed = ["pod.p.transport": ["kubectl"], "pod.p.selector": ["app=shop"]]
        for (name, value) in values { keyed["pod.p.\(name)"] = [value] }
        return try PodSettings(name: "p", isSection: true, GitConfiguration(keyed))
    }

    /// A pod as kubectl prints one; `extra` are more members of its metadata, `sidecar` its init
    /// containers' states.
    private func pod(
        _ name: String, created: String = "2024-01-01T00:00:00Z", runs: Bool = true,
        ready: Bool = true, extra: String = "", sidecar: String = "[]", container: String? = nil
    ) throws -> KubernetesPod {
        let state = runs ? #"{"running":{"startedAt":"x"}}"# : #"{"waiting":{"reason":"x"}}"#
        let text = """
            {"metadata":{"name":"\(name)","creationTimestamp":"\(created)"\(extra)},
             "spec":{"containers":[{"name":"main"},{"name":"other"}]},
             "status":{"phase":"\(runs ? "Running" : "Pending")",
              "initContainerStatuses":\(sidecar),
              "containerStatuses":[
               {"name":"other","ready":true,"state":{"terminated":{}}},
               {"name":"main","ready":\(ready),"state":\(state)}]}}
            """
        let json = try #require(JSON(parsing: Array(text.utf8)))
        return try #require(KubernetesPod(json, container: container))
    }

    private func choose(_ pods: [KubernetesPod], _ values: [String: String] = [:]) throws(Failure)
        -> String
    {
        try Kubectl.choose(pods, settings(values), now: 1_704_070_800)
    }

    @Test("of one pod that runs, that one; Ready or not, Terminating too")
    func one() throws {
        #expect(try choose([pod("a")]) == "a")
        #expect(try choose([pod("a", ready: false)]) == "a")
        let dying = try pod("d", extra: #","deletionTimestamp":"2024-01-01T00:00:30Z""#)
        #expect(dying.state == "Terminating" && dying.runs)
        #expect(try choose([dying, pod("b", runs: false)]) == "d")
    }

    @Test("without a pod that runs nobody is reached, and those that do not run are named")
    func none() throws {
        let nobody = #expect(throws: Failure.self) { try choose([]) }
        #expect(nobody?.kind == .unreachable)
        #expect(nobody?.message == "no pod runs for selector app=shop of p")
        let waiting = #expect(throws: Failure.self) { try choose([pod("w", runs: false)]) }
        #expect(waiting?.message.hasSuffix("not running: w (1h, Pending)") == false)
        #expect(waiting?.message.contains("not running: w (60m, ") == true)
    }

    @Test("of several nobody guesses, unless told to")
    func several() throws {
        let pods = [
            try pod("new", created: "2024-01-01T00:59:00Z"),
            try pod("old", extra: #","deletionTimestamp":"2024-01-01T00:00:30Z""#),
        ]
        let failure = #expect(throws: Failure.self) { try choose(pods) }
        #expect(failure?.kind == .configuration)
        #expect(failure?.message.hasSuffix("old (60m, Terminating), new (60s, Ready)") == true)
        #expect(failure?.hint?.contains("select = newest or oldest") == true)
        #expect(try choose(pods, ["select": "newest"]) == "new")
        #expect(try choose(pods, ["select": "oldest"]) == "old")
    }

    @Test(
        "a pod's name that is none never becomes an argument",
        arguments: [
            "-n", "--kubeconfig=x", "deploy/shop", "a b", "Shop-0", "a-", ".a", "",
            "\u{e4}", String(repeating: "a", count: 254),
        ])
    func oddName(name: String) throws {
        let failure = #expect(throws: Failure.self) { try choose([pod("a"), pod(name)]) }
        #expect(failure?.kind == .failed)
        #expect(failure?.message.contains("which no pod is called") == true)
        #expect(try choose([pod("shop-0.a1")]) == "shop-0.a1")
    }

    @Test("the container that counts is the one asked for, the annotated one, or the first")
    func containers() throws {
        #expect(try pod("a").runs)
        #expect(try !pod("a", container: "other").runs)
        #expect(try !pod("a", container: "no-such").runs)
        let annotated = #","annotations":{"kubectl.kubernetes.io/default-container":"other"}"#
        #expect(try !pod("a", extra: annotated).runs)
        #expect(try pod("a", extra: annotated, container: "main").runs)
        let sidecar = #"[{"name":"side","ready":true,"state":{"running":{}}}]"#
        #expect(try pod("a", sidecar: sidecar, container: "side").runs)
    }

    @Test("what is no pod is none", arguments: ["{}", "[]", "null", #"{"metadata":{"name":1}}"#])
    func noPod(text: String) throws {
        #expect(KubernetesPod(try #require(JSON(parsing: Array(text.utf8))), container: nil) == nil)
    }

    @Test(
        "an age is told in the unit that fits",
        arguments: [
            (0, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (-5, "0s"),
        ]
            as [(Int64, String)])
    func ages(age: Int64, shown: String) throws {
        let pod = try pod("a")
        #expect(pod.line(now: pod.created + age) == "a (\(shown), Ready)")
    }

    @Test(
        "times are read as Kubernetes writes them",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:34:56Z", 951_827_696),
            ("2024-01-01T00:00:00Z", 1_704_067_200), ("2024-02-29T23:59:59Z", 1_709_251_199),
            ("2023-12-31T23:59:59.123456Z", 1_704_067_199), ("2100-03-01T00:00:00Z", 4_107_542_400),
            ("2024-01-01T00:00:00", nil), ("2024-01-01T00:00:00+01:00", nil), ("", nil), ("Z", nil),
            ("2024-13-01T00:00:00Z", nil), ("2024-00-01T00:00:00Z", nil),
            ("2024-01-32T00:00:00Z", nil),
            ("2024-01-01T24:00:00Z", nil), ("yesterday", nil), ("2024-01-01Z", nil),
            ("9223372036854775807-01-01T00:00:00Z", nil),
            ("2024-01-01T9223372036854775807:00:00Z", nil),
        ] as [(String, Int64?)])
    func times(text: String, seconds: Int64?) { #expect(secondsSince1970(text) == seconds) }

    @Test("exec names context, namespace and container, and ends its own options")
    func arguments() throws {
        let kubectl = Kubectl(
            settings: try settings(["context": "c", "namespace": "n", "container": "k"]))
        #expect(
            kubectl.execArguments(pod: "x", command: ["git-pod", "bridge", "-v"]) == [
                "kubectl", "--context=c", "--namespace=n", "exec", "-i", "--container=k", "x", "--",
                "git-pod", "bridge", "-v",
            ])
        #expect(
            Kubectl(settings: try settings()).execArguments(pod: "x", command: ["a"])
                == ["kubectl", "exec", "-i", "x", "--", "a"])
    }

    @Test("a named pod is not looked up; without one or a selector there is nothing to look for")
    func find() throws {
        let named = Kubectl(settings: try settings(["pod": "shop-0"]))
        #expect(try named.findPod(until: .after(.zero)) == "shop-0")
        let bare = Kubectl(settings: try PodSettings(name: "p", isSection: true, .init()))
        let failure = #expect(throws: Failure.self) { try bare.findPod(until: .after(.zero)) }
        #expect(failure?.kind == .configuration)
    }

    @Test(
        "each of kubectl's complaints has a meaning",
        arguments: [
            (
                #"Error from server (NotFound): pods "x" not found"#, FailureKind.unreachable,
                "there is no pod x"
            ),
            (#"pods "x" not found"#, .unreachable, "there is no pod x"),
            (
                "Error from server (BadRequest): container k is not valid for pod x",
                .configuration,
                "no such container"
            ),
            ("error: container k not found in pod x", .configuration, "no such container"),
            (
                #"error: unable to upgrade connection: container not found ("k")"#, .unreachable,
                "has died"
            ),
            (
                "Error from server: error dialing backend: dial tcp 10.0.0.1:10250: connect: "
                    + "connection refused", .unreachable, "cannot reach"
            ),
            (
                #"Error from server (Forbidden): pods "x" is forbidden: User "u" cannot create "#
                    + #"resource "pods/exec" in API group "" in the namespace "shop""#, .refused,
                "does not let us"
            ),
            (
                "error: You must be logged in to the server (Unauthorized)", .refused,
                "does not let us"
            ),
            ("command terminated with exit code 137", .unreachable, "has died"),
            (
                "error: cannot exec into a container in a completed pod; current phase is Succeeded",
                .unreachable, "has died"
            ),
            (#"error: context "x" does not exist"#, .configuration, "no such context"),
            (
                "The connection to the server localhost:8080 was refused - did you specify the "
                    + "right host or port?", .unreachable, "cannot reach"
            ),
            (
                "Unable to connect to the server: dial tcp: lookup x on 10.0.0.2:53: no such host",
                .unreachable, "cannot reach"
            ),
            ("error: something new", .failed, "kubectl failed"),
        ])
    func explain(line: String, kind: FailureKind, words: String) throws {
        let failure = Kubectl(settings: try settings()).explain(
            [line], status: .exited(1), pod: "x")
        #expect(failure.kind == kind, "\(failure)")
        #expect(failure.message.contains(words) && failure.message.contains(line))
        #expect(failure.hint != nil)
    }

    @Test("the far command's own failure is not kubectl's, whatever its status")
    func farsOwn() throws {
        let kubectl = Kubectl(settings: try settings())
        for status in [1, 5, 126, 128] as [Int32] {
            let lines = [
                "git-pod: no such repository", "command terminated with exit code \(status)",
            ]
            #expect(kubectl.explainEnd(lines, status: .exited(status), pod: "x") == nil)
            let failure = farFailure("p", .exited(status), Array(lines.suffix(1)))
            #expect(!failure.message.contains("command terminated"))
        }
        #expect(kubectl.explainEnd(["EOF"], status: .exited(1), pod: "x")?.kind == .unreachable)
        let killed = ["command terminated with exit code 137"]
        #expect(kubectl.explainEnd(killed, status: .exited(137), pod: "x")?.kind == .unreachable)
        #expect(kubectl.explainEnd([], status: .exited(0), pod: "x") == nil)
    }
}

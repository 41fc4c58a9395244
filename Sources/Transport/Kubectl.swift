// kubectl as the carrier: which pod a selector means, how it is run, and what its errors mean.

import Model
import POSIX

/// One pod as `kubectl get pods -o json` tells of it.
struct KubernetesPod: Sendable, Equatable {
    let name: String
    /// Seconds since 1970.
    let created: Int64
    let state: String
    /// Whether the container that we want runs now.
    let runs: Bool

    /// `container` nil: the pod's default container, as kubectl takes it.
    init?(_ json: JSON, container: String?) {
        guard let name = json["metadata"]?["name"]?.string else { return nil }
        self.name = name
        created = json["metadata"]?["creationTimestamp"]?.string.flatMap(secondsSince1970) ?? 0
        let wanted =
            container
            ?? json["metadata"]?["annotations"]?["kubectl.kubernetes.io/default-container"]?.string
            ?? json["spec"]?["containers"]?.elements.first?["name"]?.string
        // A native sidecar counts as an init container.
        let statuses = ["containerStatuses", "initContainerStatuses"]
            .flatMap { json["status"]?[$0]?.elements ?? [] }
        let status = statuses.first { $0["name"]?.string == wanted }
        runs = status?["state"]?["running"] != nil
        let phase = json["status"]?["phase"]?.string ?? "Unknown"
        if json["metadata"]?["deletionTimestamp"]?.string != nil {
            state = "Terminating"
        } else {
            state = status?["ready"]?.bool == true ? "Ready" : phase
        }
    }

    /// For a list of pods: name, age and state.
    func line(now: Int64) -> String {
        let age = max(0, now - created)
        let shown = age < 120 ? "\(age)s" : age < 7200 ? "\(age / 60)m" : "\(age / 3600)h"
        return "\(name) (\(shown), \(state))"
    }
}

/// Seconds since 1970 of an RFC 3339 time in UTC, as Kubernetes writes them.
func secondsSince1970(_ text: String) -> Int64? {
    let numbers = text.split(whereSeparator: { "-T:Z.".contains($0) }).prefix(6).map { Int64($0) }
    guard numbers.count == 6, text.hasSuffix("Z"), let year = numbers[0], let month = numbers[1],
        let day = numbers[2], let hour = numbers[3], let minute = numbers[4],
        let second = numbers[5], (1970...9999).contains(year), (1...12).contains(month),
        (1...31).contains(day), (0...23).contains(hour), (0...59).contains(minute),
        (0...60).contains(second)
    else { return nil }
    // Days since 1970 by the civil calendar, with years that begin in March.
    let shifted = month > 2 ? year : year - 1
    let era = shifted / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let days =
        era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    return days * 86_400 + hour * 3600 + minute * 60 + second
}

/// One kubectl, as a pod's settings have it run.
struct Kubectl {
    let settings: PodSettings

    private var common: [String] {
        var arguments = ["kubectl"]
        if let context = settings.kubernetes.context { arguments.append("--context=\(context)") }
        if let namespace = settings.kubernetes.namespace {
            arguments.append("--namespace=\(namespace)")
        }
        return arguments
    }

    /// The pod to go to.
    ///
    /// - Throws: ``Failure``: `configuration` where settings or the selector leave it open, else what
    ///   kubectl's own error means.
    func findPod(until deadline: Deadline) throws(Failure) -> String {
        if let pod = settings.kubernetes.pod { return pod }
        guard let selector = settings.kubernetes.selector else {
            throw Failure(
                .configuration, "pod.\(settings.name) names neither pod nor selector",
                hint: "set pod.\(settings.name).selector or pod.\(settings.name).pod")
        }
        let seconds = max(1, settings.connectTimeout.milliseconds / 1000)
        let result = try runToEnd(
            common + [
                "get", "pods", "--selector=\(selector)", "--output=json",
                "--request-timeout=\(seconds)s",
            ], until: deadline)
        guard result.status.isSuccess else {
            throw explain(result.complaints, status: result.status, pod: nil)
        }
        guard let list = JSON(parsing: result.output), let items = list["items"]?.elements else {
            throw Failure(.failed, "kubectl get pods printed no list of pods")
        }
        return try Self.choose(
            items.compactMap { KubernetesPod($0, container: settings.kubernetes.container) },
            settings,
            now: wallClockSeconds())
    }

    /// The pod that a selector means: every one whose container runs counts, Terminating ones too.
    static func choose(_ pods: [KubernetesPod], _ settings: PodSettings, now: Int64) throws(Failure)
        -> String
    {
        if let odd = pods.first(where: { !isPodName($0.name) }) {
            throw Failure(
                .failed,
                "kubectl get pods named a pod \"\(odd.name.prefix(100))\", which no pod is called",
                hint: "check which kubectl is run, and what the cluster answers it")
        }
        let running = pods.filter(\.runs).sorted { $0.created < $1.created }
        let selector = settings.kubernetes.selector ?? ""
        guard let oldest = running.first, let newest = running.last else {
            let others = pods.map { $0.line(now: now) }.joined(separator: ", ")
            throw Failure(
                .unreachable,
                "no pod runs for selector \(selector) of \(settings.name)"
                    + (others.isEmpty ? "" : "; not running: \(others)"),
                hint:
                    "see kubectl get pods --selector='\(selector)', and check the container's name")
        }
        if running.count == 1 { return newest.name }
        switch settings.kubernetes.choice {
        case .newest: return newest.name
        case .oldest: return oldest.name
        case nil:
            throw Failure(
                .configuration,
                "several pods run for selector \(selector) of \(settings.name): "
                    + running.map { $0.line(now: now) }.joined(separator: ", "),
                hint: "set pod.\(settings.name).pod, or select = newest or oldest")
        }
    }

    /// Whether Kubernetes could call a pod so (RFC 1123, section 2.1): what is no such name could be an
    /// option to kubectl, or another kind of thing.
    static func isPodName(_ name: String) -> Bool {
        let longest = 253
        func isInner(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
        func isOuter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        guard let first = name.utf8.first, let last = name.utf8.last, name.utf8.count <= longest
        else { return false }
        return isOuter(first) && isOuter(last)
            && name.utf8.allSatisfy { isInner($0) || isOuter($0) }
    }

    /// `kubectl exec -i` of `command` in `pod`.
    func execArguments(pod: String, command: [String]) -> [String] {
        let container = settings.kubernetes.container.map { ["--container=\($0)"] } ?? []
        return common + ["exec", "-i"] + container + [pod, "--"] + command
    }

    /// What the end of `kubectl exec` means; nil if the far command itself ended so: kubectl passes
    /// its status on, and says that it does.
    func explainEnd(_ lines: [String], status: ExitStatus, pod: String) -> Failure? {
        if lines.contains(where: { $0.contains("exit code 137") }) || status == .exited(137) {
            return explain(lines, status: status, pod: pod)
        }
        guard status == .exited(1), !lines.contains(where: Self.repeatsStatus),
            !lines.contains(where: Self.lacksProgram)
        else { return nil }
        return explain(lines, status: status, pod: pod)
    }

    /// Whether a line is kubectl's report of the far command's exit status.
    static func repeatsStatus(_ line: String) -> Bool {
        line.hasPrefix("command terminated with exit code")
    }

    /// Whether a line is a container runtime's that found no such program to start: kubectl exits 1 then,
    /// 126 or 127, as the runtime has it.
    private static func lacksProgram(_ line: String) -> Bool {
        line.contains("exec: \"")
            && (line.contains("executable file not found")
                || line.contains("no such file or directory"))
    }

    /// What kubectl's words mean, as it exits 1 for nearly everything.
    func explain(_ lines: [String], status: ExitStatus, pod: String?) -> Failure {
        let text = lines.joined(separator: "\n")
        let said = lines.last { !$0.isEmpty } ?? "\(status)"
        let place = pod.map { "pod \($0)" } ?? settings.name
        let list =
            "kubectl get pods"
            + (settings.kubernetes.namespace.map { " --namespace=\($0)" } ?? "")
            + (settings.kubernetes.context.map { " --context=\($0)" } ?? "")
        if text.contains("not found in pod") || text.contains("is not valid for pod") {
            return Failure(
                .configuration, "\(place) has no such container: \(said)",
                hint: "set pod.\(settings.name).container to one of the pod's containers")
        }
        if text.contains("(NotFound)") || text.contains("\" not found") && text.contains("pods \"")
        {
            return Failure(
                .unreachable, "there is no \(place): \(said)", hint: "see \(list)")
        }
        if text.contains("container not found") || text.contains("exit code 137")
            || text.contains("is not running") || text.contains("completed pod")
        {
            return Failure(
                .unreachable, "the container of \(place) has died: \(said)",
                hint: "see \(list); a pod that restarts has a new gitdir")
        }
        if text.contains("orbidden") || text.contains("Unauthorized")
            || text.contains("must be logged in")
        {
            return Failure(
                .refused, "the cluster does not let us into \(place): \(said)",
                hint: "ask for the right to create pods/exec"
                    + (pod == nil ? " and to list pods" : ""))
        }
        if text.contains("context was not found")
            || text.contains("context") && text.contains("does not exist")
        {
            return Failure(
                .configuration, "kubectl knows no such context: \(said)",
                hint: "see kubectl config get-contexts")
        }
        let unreachable = [
            "refused", "timed out", "timeout", "no such host", "Unable to connect",
            "unable to upgrade connection", "error dialing backend", "EOF", "no route to host",
        ]
        if unreachable.contains(where: text.contains) {
            return Failure(
                .unreachable, "kubectl cannot reach \(place): \(said)",
                hint: "check the cluster with \(list)")
        }
        return Failure(
            .failed, "kubectl failed for \(place): \(said)", hint: "try \(list)")
    }
}

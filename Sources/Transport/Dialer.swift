// Carriers: each starts one command on the far side and gives a byte stream to it.

import Model
import POSIX
import SSH

/// A far command under way.
struct Connection {
    let stream: any ByteStream
    let diagnostics: Diagnostics
    /// What its end without a single byte means in the carrier's own terms; nil if the far command
    /// itself is to blame.
    let explain: (ExitStatus, [String]) -> Failure?
}

extension Connection {
    /// Ends a carrier that nobody needs any more: the end of its input alone would leave an `ssh`
    /// waiting for a frozen or lingering command for ever. Nothing if it has ended.
    func giveUp() {
        _ = try? stream.end(by: .after(.milliseconds(200)))
    }
}

/// One way to reach one pod.
protocol Dialer: AnyObject {
    /// Starts the far command for `call`. May be called again when the first came to nothing.
    func dial(_ far: FarCommand, _ call: ServiceCall) throws(Failure) -> Connection
}

/// `transport = command`: the user's own argument vector.
final class CommandDialer: Dialer {
    private let settings: PodSettings
    private let caller: any Caller

    init(settings: PodSettings, caller: any Caller) throws(Failure) {
        guard !settings.command.isEmpty else {
            throw Failure(
                .configuration, "pod.\(settings.name).command is not set",
                hint: "set it to what runs a command in the pod, such as podman exec -i NAME")
        }
        self.settings = settings
        self.caller = caller
    }

    func dial(_ far: FarCommand, _ call: ServiceCall) throws(Failure) -> Connection {
        let arguments = try settings.command + far.arguments(call)
        return try Connection(running: arguments, name: settings.name, caller) { _, _ in nil }
    }
}

/// `transport = kubectl`: one `kubectl get` for a selector, one `kubectl exec -i`.
final class KubectlDialer: Dialer {
    private let kubectl: Kubectl
    private let caller: any Caller
    private var pod: String?

    init(settings: PodSettings, caller: any Caller) {
        kubectl = Kubectl(settings: settings)
        self.caller = caller
    }

    func dial(_ far: FarCommand, _ call: ServiceCall) throws(Failure) -> Connection {
        let settings = kubectl.settings
        let command = try far.arguments(call)
        let pod = try findPod()
        caller.note("\(settings.name) is pod \(pod)")
        let arguments = kubectl.execArguments(pod: pod, command: command)
        return try Connection(running: arguments, name: settings.name, caller) {
            [kubectl] status, lines in
            kubectl.explainEnd(lines, status: status, pod: pod)
        }
    }
}

extension KubectlDialer {
    private func findPod() throws(Failure) -> String {
        if let pod { return pod }
        let found = try kubectl.findPod(until: .after(kubectl.settings.connectTimeout))
        pod = found
        return found
    }
}

extension Connection {
    /// A child that carries the stream on its standard input and output.
    ///
    /// - Parameter isTethered: whether it ends with us, whatever it waits for, and no terminal's interrupt
    ///   reaches it.
    init(
        running arguments: [String], name: String, _ caller: any Caller,
        environment: [EnvironmentEntry]? = nil, isTethered: Bool = false,
        explain: @escaping (ExitStatus, [String]) -> Failure?
    ) throws(Failure) {
        caller.note("running \(arguments.map(ShellWords.quote).joined(separator: " "))")
        diagnostics = Diagnostics(name: name, caller: caller)
        let child =
            isTethered
            ? try ChildProcess.tethered(arguments, environment: environment)
            : try ChildProcess(arguments, environment: environment)
        stream = ProcessStream(child, diagnostics: diagnostics.filter())
        self.explain = explain
    }
}

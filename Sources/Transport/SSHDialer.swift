// `transport = ssh`: libssh2 by preference, an `ssh` child where that one cannot.

import Model
import POSIX
import SSH

/// SSH to one pod. A second command goes over the first one's session.
final class SSHDialer: Dialer {
    private let plan: SSHPlan
    private let caller: any Caller
    private var client: SSHPlan.Client
    private var session: Session?

    init(plan: SSHPlan, caller: any Caller) throws(Failure) {
        self.plan = plan
        self.caller = caller
        client = try plan.client()
    }

    func dial(_ far: FarCommand, _ call: ServiceCall) throws(Failure) -> Connection {
        switch client {
        case .openssh(let why): return try dialOpenSSH(far, call, why)
        case .libssh2: break
        }
        let what: String
        do throws(SSHProblem) {
            return try dialLibrary(far, call)
        } catch {
            switch error {
            case .failure(let failure): throw failure
            case .beyondLibrary(let lack): what = lack
            }
        }
        let settings = plan.settings
        guard settings.backend == .auto, findProgram("ssh") != nil else {
            throw Failure(
                .configuration, "libssh2 cannot \(what) for \(settings.name)",
                hint: settings.backend == .auto
                    ? "install OpenSSH's client, which can"
                    : "set pod.\(settings.name).sshBackend = auto")
        }
        let why = "libssh2 cannot \(what)"
        client = .openssh(why: why)
        return try dialOpenSSH(far, call, why)
    }

    private func dialLibrary(_ far: FarCommand, _ call: ServiceCall) throws(SSHProblem)
        -> Connection
    {
        let person = Person(caller)
        let session: Session
        if let open = self.session {
            session = open
            session.renewDeadline(.after(plan.settings.connectTimeout))
        } else {
            session = try Session(
                to: plan.target, until: .after(plan.settings.connectTimeout), with: person)
            try session.authenticate(with: person)
            self.session = session
        }
        let diagnostics = Diagnostics(name: plan.settings.name, caller: caller)
        // Our bridge takes the version as an argument, which spares the round trip.
        let environment =
            far == .plainGit && call.version > 0
            ? [(name: "GIT_PROTOCOL", value: "version=\(call.version)")] : []
        let channel = try Channel(
            on: session, command: far.line(call), environment: environment,
            diagnostics: diagnostics.filter())
        return Connection(stream: channel, diagnostics: diagnostics) { _, _ in nil }
    }

    private func dialOpenSSH(_ far: FarCommand, _ call: ServiceCall, _ why: String)
        throws(Failure) -> Connection
    {
        caller.note("using ssh for \(plan.settings.name): \(why)")
        var arguments = try plan.openSSHArguments(command: far.line(call), canAsk: caller.canAsk)
        var environment: [String]?
        if far == .plainGit, call.version > 0 {
            environment = currentEnvironment() + ["GIT_PROTOCOL=version=\(call.version)"]
            if plan.ownCommand == nil { arguments.insert("-oSendEnv=GIT_PROTOCOL", at: 1) }
        }
        let name = plan.settings.name
        return try Connection(running: arguments, plan.settings, caller, environment: environment) {
            status, lines in
            status == .exited(255) ? SSHPlan.explain(lines, pod: name) : nil
        }
    }
}

/// The caller, as the SSH module wants to talk to it.
private final class Person: SSHConversationalist {
    private let caller: any Caller

    init(_ caller: any Caller) { self.caller = caller }

    func passphrase(for keyFile: String, again: Bool) -> String? {
        caller.passphrase(for: keyFile, again: again)
    }

    func note(_ line: String) { caller.note(line) }
}

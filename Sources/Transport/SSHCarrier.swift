// One host by SSH: libssh2 by preference, an `ssh` child where that one cannot. Pods are dialled
// through it (SSHDialer.swift), and origins (OriginService.swift).

import Model
import POSIX
import SSH

/// SSH to one host. A second command goes over the first one's session.
final class SSHCarrier {
    let plan: SSHPlan
    private let caller: any Caller
    private var client: SSHPlan.Client
    private var session: Session?

    init(plan: SSHPlan, caller: any Caller) throws(Failure) {
        self.plan = plan
        self.caller = caller
        client = try plan.client()
    }

    /// Starts `command` over there; `gitProtocol` goes along as `GIT_PROTOCOL`, which costs a round
    /// trip.
    func start(_ command: String, gitProtocol: Int? = nil) throws(SSHRefusal) -> Connection {
        switch client {
        case .openssh(let why): return try startOpenSSH(command, gitProtocol, why)
        case .libssh2: break
        }
        let lack: String
        do throws(Halt) {
            return try startLibrary(command, gitProtocol)
        } catch {
            switch error {
            case .refusal(let refusal): throw refusal
            case .beyondLibrary(let what): lack = what
            }
        }
        let settings = plan.settings
        guard settings.backend == .auto, findProgram("ssh") != nil else {
            throw SSHRefusal(
                .configuration,
                Failure(
                    .configuration, "libssh2 cannot \(lack) for \(settings.name)",
                    hint: settings.backend == .auto
                        ? "install OpenSSH's client, which can"
                        : "set \(settings.settingPrefix)sshBackend = auto"))
        }
        let why = "libssh2 cannot \(lack)"
        client = .openssh(why: why)
        return try startOpenSSH(command, gitProtocol, why)
    }

    /// Begins to start `command` over the session that there is; nil if there is none.
    func begin(_ command: String) -> ConnectionOpening? {
        guard case .libssh2 = client, let session else { return nil }
        let diagnostics = Diagnostics(name: plan.settings.name, caller: caller)
        let opening = ChannelOpening(
            on: session, command: command, diagnostics: diagnostics.filter())
        return ConnectionOpening(opening, diagnostics)
    }

    /// Gives back to the far side what is used no more.
    func sweep() { session?.sweep() }

    private enum Halt: Error {
        case refusal(SSHRefusal)
        case beyondLibrary(String)
    }

    private func startLibrary(_ command: String, _ gitProtocol: Int?) throws(Halt) -> Connection {
        let session = try openSession()
        let diagnostics = Diagnostics(name: plan.settings.name, caller: caller)
        let environment = gitProtocol.map { [(name: "GIT_PROTOCOL", value: "version=\($0)")] } ?? []
        let channel = try at(.command) { () throws(SSHProblem) in
            try Channel(
                on: session, command: command, environment: environment,
                diagnostics: diagnostics.filter())
        }
        return Connection(stream: channel, diagnostics: diagnostics) { _, _ in nil }
    }

    private func openSession() throws(Halt) -> Session {
        if let session {
            session.renewDeadline(.after(plan.settings.connectTimeout))
            return session
        }
        var made = try openSession(asksEarly: true)
        if made == nil { made = try openSession(asksEarly: false) }
        guard let made else {
            preconditionFailure("a session that asks for no channel refuses by throwing")
        }
        session = made
        return made
    }

    /// A session that is logged in; nil if it asked for a channel too early.
    private func openSession(asksEarly: Bool) throws(Halt) -> Session? {
        let person = Person(caller)
        let made = try at(.hostKey) { () throws(SSHProblem) in
            try Session(
                to: plan.target, begun: plan.begun, until: .after(plan.settings.connectTimeout),
                with: person, asksEarly: asksEarly)
        }
        let isIn = try at(.authentication) { () throws(SSHProblem) in
            try made.authenticate(with: person)
        }
        return isIn ? made : nil
    }

    /// Does `body`, whose refusals are those of `stage`.
    private func at<Result>(
        _ stage: SSHRefusal.Stage, _ body: () throws(SSHProblem) -> Result
    ) throws(Halt) -> Result {
        do throws(SSHProblem) { return try body() } catch {
            switch error {
            case .beyondLibrary(let lack): throw .beyondLibrary(lack)
            case .failure(let failure): throw .refusal(SSHRefusal(of: failure, at: stage))
            }
        }
    }

    private func startOpenSSH(_ command: String, _ gitProtocol: Int?, _ why: String)
        throws(SSHRefusal) -> Connection
    {
        caller.note("using ssh for \(plan.settings.name): \(why)")
        do throws(Failure) {
            var arguments = try plan.openSSHArguments(command: command, canAsk: caller.canAsk)
            var environment: [EnvironmentEntry]?
            if let gitProtocol {
                environment = currentEnvironment() + ["GIT_PROTOCOL=version=\(gitProtocol)"]
                if plan.ownCommand == nil { arguments.insert("-oSendEnv=GIT_PROTOCOL", at: 1) }
            }
            let settings = plan.settings
            return try Connection(
                running: arguments, name: settings.name, caller, environment: environment,
                isTethered: !caller.canAsk
            ) { status, lines in
                status == .exited(255) ? SSHPlan.explain(lines, settings).failure : nil
            }
        } catch { throw SSHRefusal(.configuration, error) }
    }
}

/// A far command that is being started over a session that has other work meanwhile.
final class ConnectionOpening {
    private let opening: ChannelOpening
    private let diagnostics: Diagnostics

    init(_ opening: ChannelOpening, _ diagnostics: Diagnostics) {
        self.opening = opening
        self.diagnostics = diagnostics
    }

    /// The connection, once the command runs. Never waits.
    func advance() throws(SSHRefusal) -> Connection? {
        do throws(SSHProblem) {
            guard let channel = try opening.advance() else { return nil }
            return Connection(stream: channel, diagnostics: diagnostics) { _, _ in nil }
        } catch {
            switch error {
            case .failure(let failure): throw SSHRefusal(of: failure, at: .command)
            case .beyondLibrary(let lack):
                throw SSHRefusal(.command, Failure(.failed, "libssh2 cannot \(lack)"))
            }
        }
    }

    var interest: [PollRequest] { opening.interest }
    var holdsBytes: Bool { opening.holdsBytes }
}

extension SSHRefusal {
    /// What `failure` means, which came about at `stage`.
    fileprivate init(of failure: Failure, at stage: Stage) {
        switch failure.kind {
        case .refused: self.init(stage, failure)
        case .unreachable: self.init(.reach, failure)
        case .configuration, .failed: self.init(.configuration, failure)
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

// An origin reached by SSH: libgit2's smart protocol over our own SSH.

import CLibgit2
import Model
import POSIX
import Transport

/// Operations over SSH. libgit2 works in a scratch repository that borrows our objects: it sees
/// neither the gitdir's config nor any ref that it might stumble over.
struct SSHOrigin: OriginWay {
    private let origin: Origin
    private var settings: OriginSettings { origin.settings }

    init(_ origin: Origin) { self.origin = origin }

    // libgit2 offers what its repository has refs on, and no more than 256 commits of it.
    func fetch(
        _ names: [RefName], haves: [ObjectID], offering: Set<ObjectID>
    ) throws(OriginFailure) -> [RefName: ObjectID] {
        try connected(GIT_DIRECTION_FETCH, tips: haves) { talk throws(OriginFailure) in
            let found = try talk.heads().filter { names.contains($0.key) }
            guard !found.isEmpty else { return found }
            try talk.download(found.keys.sorted())
            return found
        }
    }

    func tips(_ names: [RefName]) throws(OriginFailure) -> [RefName: ObjectID] {
        try connected(GIT_DIRECTION_FETCH) { talk throws(OriginFailure) in
            try talk.heads().filter { names.contains($0.key) }
        }
    }

    func defaultBranch() throws(OriginFailure) -> RefName? {
        try connected(GIT_DIRECTION_FETCH) { talk throws(OriginFailure) in
            try talk.defaultBranch()
        }
    }

    func hasBranches() throws(OriginFailure) -> Bool {
        try connected(GIT_DIRECTION_FETCH) { talk throws(OriginFailure) in
            try talk.heads().keys.contains { $0.branch != nil }
        }
    }

    func push(_ updates: [RefUpdate]) throws(OriginFailure) -> [RefName: PushResult] {
        try connected(GIT_DIRECTION_PUSH, tips: updates.map(\.new)) { talk throws(OriginFailure) in
            let heads = try talk.heads()
            var results: [RefName: PushResult] = [:]
            var due: [RefUpdate] = []
            for update in updates {
                let have = heads[update.name]
                if have == update.new {
                    results[update.name] = .done
                } else if have != update.old {
                    results[update.name] = .refused(
                        .nonFastForward, origin.moved(update, now: have))
                } else {
                    due.append(update)
                }
            }
            guard !due.isEmpty else { return results }
            return results.merging(try talk.upload(due)) { $1 }
        }
    }

    /// Connects, lets `body` talk, and ends the connection.
    private func connected<Result>(
        _ direction: git_direction, tips: [ObjectID] = [],
        _ body: (SmartTalk) throws(OriginFailure) -> Result
    ) throws(OriginFailure) -> Result {
        let line = SSHLine(origin)
        let conversation = SmartConversation(settings, open: line.open, explain: line.explain)
        let talk = try SmartTalk(origin, conversation, tips: tips)
        defer { talk.close() }
        try talk.connect(direction)
        return try body(talk)
    }
}

extension Origin {
    /// That a ref on origin is not where a push takes it to be.
    func moved(_ update: RefUpdate, now: ObjectID?) -> String {
        let there = now.map { "at \($0.short)" } ?? "not there"
        let taken = update.old.map { "at \($0.short)" } ?? "not there"
        return "\(update.name) is \(there) on origin, and was taken to be \(taken)"
    }
}

/// One connection's SSH: opened when libgit2 asks for it, and asked for words when it fails.
final class SSHLine {
    private let origin: Origin
    private var service: OriginService?
    private var program = OriginProgram.uploadPack

    /// How long the far side may take to say how it ended.
    private static let lastWords = Duration.seconds(3)

    init(_ origin: Origin) { self.origin = origin }

    private var settings: OriginSettings { origin.settings }

    func open(_ program: OriginProgram) throws(OriginFailure) -> PatientStream {
        guard case .ssh(let user, let host, let port, let path) = settings.url.way else {
            preconditionFailure("an SSH origin has an SSH URL")
        }
        self.program = program
        let deadline = Deadline.after(settings.operationTimeout)
        let connecting = Deadline.after(settings.connectTimeout)
        do throws(SSHRefusal) {
            let made = try OriginService(
                program, path: path, at: sshSettings(user, host, port),
                environment: settings.environment, caller: Notes(settings.note))
            service = made
            return PatientStream(
                made.stream,
                limits: .init(
                    idle: settings.idleTimeout, deadline: deadline,
                    isCancelled: settings.isCancelled))
        } catch { throw Self.failure(error, isLate: connecting.hasPassed) }
    }

    private func sshSettings(_ user: String?, _ host: String, _ port: UInt16?) -> SSHSettings {
        SSHSettings(
            name: origin.name, host: host, user: user, port: port,
            identityFile: settings.deployKey, identityFileOnly: settings.deployKey != nil,
            knownHosts: settings.knownHosts, hostKeyCheck: settings.hostKeyCheck,
            backend: settings.sshBackend, connectTimeout: settings.connectTimeout)
    }

    private static func failure(_ refusal: SSHRefusal, isLate: Bool = false) -> OriginFailure {
        let reason: PushFailureReason =
            switch refusal.stage {
            case .configuration, .authentication: .authentication
            case .hostKey: .hostKey
            case .reach: isLate ? .timeout : .unreachable
            case .command: .unknown
            }
        return OriginFailure(reason, refusal.failure)
    }

    /// What it means that the stream came to `halt`.
    func explain(_ halt: PatientStream.Halt) -> OriginFailure {
        switch halt {
        case .cancelled: return .cancelled(origin.name)
        case .silent: return .silent(origin.name, settings.idleTimeout)
        case .late: return .late(origin.name, settings.operationTimeout)
        case .broken(let failure): return explainEnd(failure.message)
        case .ended: return explainEnd(nil)
        }
    }

    /// What the far side's end means, by its own last words.
    private func explainEnd(_ broken: String?) -> OriginFailure {
        let (status, lines) =
            service?.farWords(by: .after(Self.lastWords)) ?? (ExitStatus.unknown, [])
        let words = OriginWords(lines)
        if let refusal = service?.childRefusal(status, lines) {
            return Self.failure(refusal, isLate: words.reason?.0 == .timeout)
        }
        if let (reason, line) = words.reason {
            return OriginFailure(
                reason, "\(origin.name): \(line)", hint: reason.hint)
        }
        let said = words.telling ?? broken
        let how = "\(origin.name) ended \(program.rawValue) early (\(status))"
        // A far side that gives its reason is there; one that breaks off is not.
        return OriginFailure(
            said == nil || broken != nil ? .unreachable : .unknown,
            said.map { "\(how): \($0)" } ?? how,
            hint: said == nil ? "look at what origin logs" : "check that the repository is there")
    }
}

/// Where the SSH module's notes go. There is nobody to ask for a passphrase.
private final class Notes: Caller {
    private let write: (@Sendable (String) -> Void)?

    init(_ write: (@Sendable (String) -> Void)?) { self.write = write }

    let canAsk = false
    func note(_ line: String) { write?(line) }
    func warn(_ line: String) { write?(line) }
    func passphrase(for keyFile: String, again: Bool) -> String? { nil }
}

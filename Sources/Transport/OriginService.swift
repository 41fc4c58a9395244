// A git service of an origin reached by SSH. Module Git speaks git's protocol over it; the services
// that a pod offers are another list, which has no git-receive-pack.

import Model
import POSIX
import SSH

/// What an origin is asked for.
public enum OriginProgram: String, Sendable {
    case uploadPack = "git-upload-pack"
    case receivePack = "git-receive-pack"
}

/// One far service under way.
public final class OriginService {
    /// The service's own input and output.
    public let stream: any ByteStream
    private let connection: Connection
    private let settings: SSHSettings
    private let isChild: Bool

    /// Connects, checks the host key, authenticates and starts `program` for the repository at
    /// `path`. Takes up to the settings' connect timeout for the connection and again for the start.
    ///
    /// - Throws: ``SSHRefusal``. What an `ssh` child cannot do is known only at its end:
    ///   ``farWords(by:)``.
    public init(
        _ program: OriginProgram, path: String, at settings: SSHSettings, environment: Environment,
        caller: any Caller
    ) throws(SSHRefusal) {
        var settings = settings
        settings.words = .origin
        self.settings = settings
        let carrier: SSHCarrier
        do throws(Failure) {
            if let file = settings.identityFile {
                try readPrivateKey(
                    environment.expandingHome(file), setting: settings.words.keySetting)
            }
            let plan = try SSHPlan(
                settings, ownCommand: nil, fetchesEverything: false, environment: environment,
                until: .after(settings.connectTimeout))
            carrier = try SSHCarrier(plan: plan, caller: caller)
        } catch { throw SSHRefusal(.configuration, error) }
        connection = try carrier.start("\(program.rawValue) \(ShellWords.quote(path))")
        stream = connection.stream
        isChild = stream is ProcessStream
    }

    /// Waits for the far side's end, at most until `deadline`, and says how it ended and what it
    /// wrote for a person.
    public func farWords(by deadline: Deadline) -> (status: ExitStatus, lines: [String]) {
        let status = (try? stream.end(by: deadline)) ?? .unknown
        return (status, connection.diagnostics.lines)
    }

    /// What an `ssh` child failed at, if `status` says that it was ssh itself that failed.
    public func childRefusal(_ status: ExitStatus, _ lines: [String]) -> SSHRefusal? {
        guard isChild, status == .exited(255) else { return nil }
        return SSHPlan.explain(lines, settings)
    }
}

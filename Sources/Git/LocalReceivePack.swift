// The git-receive-pack of an origin that is a path of this machine.

import Model
import POSIX
import Transport

/// A child of ours that takes a push. It ends by itself when we are gone: ended by force it could leave
/// its lock on origin's ref.
final class LocalReceivePack: FarService, ReceivePackOpening {
    private let origin: Origin
    private let process: ProcessStream
    private let said: Locked<[String]>

    /// What the child gets of our environment.
    private static let inherited = [
        "PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM",
    ]
    /// The most that is kept of what it says, in lines.
    private static let wordsLimit = 200
    /// How long it may take to end.
    private static let lastWords = Duration.seconds(3)

    /// - Throws: ``OriginFailure`` if git cannot be run.
    init(_ origin: Origin, _ path: String) throws(OriginFailure) {
        self.origin = origin
        let said = Locked<[String]>([])
        self.said = said
        let caller = origin.settings.environment
        let environment = Self.inherited.compactMap(caller.entry)
        do throws(Failure) {
            let child = try ChildProcess(
                ["git", "receive-pack", path], environment: environment + ["LC_ALL=C"])
            process = ProcessStream(
                child,
                diagnostics: LineFilter { line in
                    said.with { lines in
                        lines.append(line)
                        if lines.count > Self.wordsLimit { lines.removeFirst() }
                    }
                })
        } catch { throw OriginFailure(.unknown, error) }
    }

    var stream: any ByteStream { process }
    func advance() -> (any FarService)? { self }
    var interest: [PollRequest] { [] }
    var holdsBytes: Bool { true }

    func explain(_ halt: PatientStream.Halt) -> OriginFailure {
        switch halt {
        case .cancelled: return .cancelled(origin.name)
        case .silent: return .silent(origin.name, origin.settings.idleTimeout)
        case .late: return .late(origin.name, origin.settings.operationTimeout)
        case .broken, .ended: break
        }
        let status = (try? process.end(by: .after(Self.lastWords))) ?? .unknown
        let words = OriginWords(said.with { $0 })
        return OriginFailure(
            endOf: "git-receive-pack", of: origin.name, status: status, words: words, broken: nil)
    }
}

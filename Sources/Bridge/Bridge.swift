// The pod's side of a fetch: one request, from the moment it arrived to its line in the audit.
//
// `git pod bridge` calls it. It looks at no environment and writes to no terminal of its own accord.

import Model
import POSIX

/// What the bridge serves, and to what extent.
public struct BridgeSettings: Sendable {
    /// Folders whose repositories are served; absolute paths.
    public var roots: [String] = []
    public var repositories: [NamedRepository] = []
    /// Whether git-upload-archive is served.
    public var allowArchive = false
    /// How many requests may run at a time.
    public var maximumRequests = 32
    /// How long one may take.
    public var maximumTime: Duration = .seconds(3600)
    /// The audit log; nil is beside what is served.
    public var auditLog: String?

    public init() {}
}

/// Who asks, and in which words.
public struct BridgeCaller: Sendable {
    /// The words of a request.
    public enum Words: Sendable {
        /// The command line that an SSH client sent.
        case sshCommand([UInt8])
        /// The bridge's own arguments.
        case arguments([String])
        /// A login that asks for nothing.
        case login
    }

    public let words: Words
    /// For the audit.
    public let who: String
    /// The protocol version that the environment asks for, if the words do not.
    public let protocolVersion: Int?

    public init(words: Words, who: String, protocolVersion: Int?) {
        self.words = words
        self.who = who
        self.protocolVersion = protocolVersion
    }
}

/// The descriptors that a request is served on, and where lines for the client go.
public struct BridgeStandard {
    let input: Int32
    let output: Int32
    /// Readable when the request is to be given up: the pod goes down.
    let stop: Int32?
    /// A line of the bridge's own.
    let complain: (String) -> Void
    /// A line of git's.
    let passOn: (String) -> Void

    public init(
        input: Int32, output: Int32, stop: Int32?, complain: @escaping (String) -> Void,
        passOn: @escaping (String) -> Void
    ) {
        self.input = input
        self.output = output
        self.stop = stop
        self.complain = complain
        self.passOn = passOn
    }
}

/// Serves one request to its end and writes it down; then tells `tell` of it, too.
public func serveOneRequest(
    _ caller: BridgeCaller, settings: BridgeSettings, standard: BridgeStandard,
    tell: (AuditRecord) -> Void = { _ in }
) -> ExitCode {
    let started = monotonicNanoseconds()
    var record = AuditRecord(who: caller.who)
    record.time = UTCTime(millisecondsSince1970: wallClockMilliseconds())
    var serving = Serving(settings: settings, standard: standard)
    let code: ExitCode
    do {
        code = try serving.serve(caller, &record)
    } catch {
        code = error.kind.exitCode
        if error.kind == .failed { record.result = .failed }
        record.reason = ServiceRequest.shown(error.description)
        standard.complain(error.description)
    }
    record.milliseconds = Int64((monotonicNanoseconds() - started) / 1_000_000)
    serving.write(record)
    tell(record)
    return code
}

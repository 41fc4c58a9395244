// One request as it is written down: who asked for what, and what came of it.

import Model

/// A line of the audit log.
public struct AuditRecord: Sendable {
    /// What came of a request.
    public enum Result: String, Sendable {
        /// The service ended well.
        case served
        /// Not permitted, not understood, or too many at a time.
        case refused
        /// The service failed.
        case failed
        /// The client went away, or ended and the service said nothing more.
        case gaveUp = "gave-up"
        /// It took longer than a request may.
        case timedOut = "timed-out"
        /// The bridge itself was told to end.
        case stopped
    }

    public var time = UTCTime(millisecondsSince1970: 0)
    /// Who asked: see ``Bridge/Caller``.
    public var who: String
    public var service: String?
    public var protocolVersion: Int?
    /// The gitdir's real path.
    public var repository: String?
    /// What the client sent, as far as it was read: commands, wants, refs, depth, filter.
    public var asked: [(name: String, value: JSON)] = []
    public var bytesSent: Int64 = 0
    public var bytesReceived: Int64 = 0
    public var milliseconds: Int64 = 0
    public var result: Result = .refused
    /// What was asked for, if it was refused: harmless and not long.
    public var request: String?
    /// What the client was told, if it was told anything.
    public var reason: String?

    public init(who: String) { self.who = who }

    /// The record as one JSON object. What is not known is left out.
    public var json: JSON {
        var members: [(name: String, value: JSON)] = [
            ("time", .string(time.rfc3339)), ("who", .string(who)),
        ]
        if let service { members.append(("service", .string(service))) }
        if let protocolVersion { members.append(("protocol", .integer(protocolVersion))) }
        if let repository { members.append(("repository", .string(repository))) }
        members += asked
        members += [
            ("bytesSent", .integer(bytesSent)), ("bytesReceived", .integer(bytesReceived)),
            ("seconds", .number(seconds)), ("result", .string(result.rawValue)),
        ]
        if let request { members.append(("request", .string(request))) }
        if let reason { members.append(("reason", .string(reason))) }
        return .object(members)
    }

    private var seconds: String {
        let fraction = String(milliseconds % 1000)
        let zeros = String(repeating: "0", count: 3 - fraction.count)
        return "\(milliseconds / 1000).\(zeros)\(fraction)"
    }
}

import Model
import POSIX

public enum PushFailureReason: String, Sendable, CaseIterable {
    case nonFastForward = "non-fast-forward"
    case rejected, authentication
    case readOnlyKey = "read-only-key"
    case hostKey = "host-key"
    case unreachable, timeout
    case diskFull = "disk-full"
    case unknown
    public var kind: FailureKind { .failed }
}
public struct OriginFailure: Error {
    public let reason: PushFailureReason
    public let failure: Failure
    public init(_ r: PushFailureReason, _ f: Failure) {
        reason = r
        failure = f
    }
}
public struct RefUpdate: Sendable {
    public let name: RefName
    public let old: ObjectID?
    public let new: ObjectID
    public init(_ name: RefName, from old: ObjectID?, to new: ObjectID) {
        self.name = name
        self.old = old
        self.new = new
    }
}
public enum PushResult: Sendable {
    case done
    case refused(PushFailureReason, String)
}
public struct OriginSettings: Sendable { public init() {} }
public final class Origin {
    public init(repository: Repository, settings: OriginSettings) {}
    public var isEmpty: Bool { false }
    public func fetch(branch: RefName, alsoAsk: [RefName]) throws(OriginFailure) -> [RefName:
        ObjectID]
    { [:] }
    public func push(_ u: [RefUpdate]) throws(OriginFailure) -> [RefName: PushResult] { [:] }
}
public struct Signature: Sendable {
    public init(name: String, email: String, seconds: Int64, offset: Int = 0) {}
}
public enum ReplayVerdict {
    case clean
    case conflict(at: ObjectID, paths: [String])
}
public final class Replayer {
    public init(_ repository: Repository, upstream: ObjectID, onto: ObjectID, committer: Signature)
        throws(Failure)
    { tip = onto }
    public func add(commitsUpTo tip: ObjectID, after old: ObjectID?) throws(Failure)
        -> ReplayVerdict
    { .clean }
    public func store() throws(Failure) {}
    public var tip: ObjectID
    public var replaced: [(old: ObjectID, new: ObjectID?)] = []
}
public func mergeCommits(
    _ repository: Repository, ours: ObjectID, theirs: ObjectID, message: String,
    committer: Signature
) throws(Failure) -> ObjectID? { nil }

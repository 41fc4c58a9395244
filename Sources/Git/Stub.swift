import Model
import POSIX

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

// What a flush says: whether a commit is durable, and as what. The service and `git pod flush` give it.

import EngineCore
import Git
import Model

/// What came of waiting for a commit to be durable.
public enum Flush: Sendable {
    /// Origin has it, or the commit that took its place, under the branch's name.
    case durable(asked: ObjectID, now: ObjectID)
    /// Origin has it on this conflict branch.
    case escaped(asked: ObjectID, RefName)
    /// Origin has not got it, or nobody knows; `asked` is nil where not even the branch was found.
    case failed(asked: ObjectID? = nil, Failure)

    public var exitCode: ExitCode {
        switch self {
        case .durable: .done
        case .escaped: .escaped
        case .failed(_, let failure): failure.kind.exitCode
        }
    }

    public var json: JSON {
        switch self {
        case .durable(let asked, let now):
            .object([
                ("durable", .bool(true)), ("commit", .string(asked.description)),
                ("durableCommit", .string(now.description)), ("conflictBranch", .null),
                ("error", .null),
            ])
        case .escaped(let asked, let name):
            .object([
                ("durable", .bool(false)), ("commit", .string(asked.description)),
                ("durableCommit", .null), ("conflictBranch", .string(name.branch ?? "")),
                ("error", .null),
            ])
        case .failed(let asked, let failure):
            .object([
                ("durable", .bool(false)),
                ("commit", asked.map { .string($0.description) } ?? .null),
                ("durableCommit", .null), ("conflictBranch", .null),
                ("error", .string(failure.description)),
            ])
        }
    }

    /// One line for a person; nil if only the failure is to be said.
    public var line: String? {
        switch self {
        case .durable(let asked, let now):
            asked == now
                ? "origin has \(now)" : "origin has \(now), which took the place of \(asked.short)"
        case .escaped(let asked, let name):
            "origin has \(asked.short) on \(name.branch ?? ""), not on its branch"
        case .failed: nil
        }
    }
}

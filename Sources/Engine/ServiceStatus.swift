// How a running engine stands: a value for status, metrics and whoever asks.

import EngineCore
import Model
import POSIX

/// A snapshot of a running engine.
public struct ServiceStatus: Sendable {
    public enum Phase: String, Sendable {
        case serving, draining
        /// Nothing says where origin is: commits are on this volume alone.
        case localOnly = "local-only"
    }

    public let phase: Phase
    public let uptime: Duration
    /// Where all refs stand; times in it are since the engine's start.
    public let watermarks: [Watermark]
    /// The last reconcile of each branch.
    public let reconciles: [RefName: ReconcileReport]
    /// Whether no attempt is made until somebody triggers one.
    public let isStopped: Bool
    public let isStorming: Bool

    public var json: JSON {
        .object([
            ("phase", .string(phase.rawValue)),
            ("uptimeSeconds", .integer(uptime.components.seconds)),
            ("stopped", .bool(isStopped)),
            ("escapeStorm", .bool(isStorming)),
            ("branches", .array(watermarks.map(json))),
        ])
    }

    private func json(_ mark: Watermark) -> JSON {
        let saved = mark.saved.map { saved in
            JSON.object([
                ("commit", .string(saved.tip.description)),
                ("conflictBranch", .string(saved.on.branch ?? "")),
            ])
        }
        let failure = mark.lastFailure.map { trouble in
            JSON.object([
                ("reason", .string(trouble.reason.rawValue)), ("text", .string(trouble.text)),
                ("attempt", .integer(trouble.attempt)), ("secondsAgo", ago(trouble.time)),
            ])
        }
        let next = mark.nextAttempt.map { max(0, ($0 - uptime).components.seconds) }
        var members: [(name: String, value: JSON)] = []
        members.append(("branch", .string(mark.name.branch ?? mark.name.description)))
        members.append(("state", .string(mark.state.rawValue)))
        members.append(("local", id(mark.local)))
        members.append(("origin", id(mark.origin)))
        members.append(("seen", id(mark.seen)))
        members.append(("durable", id(mark.durable)))
        members.append(("saved", saved ?? .null))
        members.append(("lastSuccessSecondsAgo", mark.lastSuccess.map(ago) ?? .null))
        members.append(("lastFailure", failure ?? .null))
        members.append(("nextAttemptInSeconds", next.map { .integer($0) } ?? .null))
        members.append(("lastReconcile", reconciles[mark.name]?.json ?? .null))
        return .object(members)
    }

    private func ago(_ time: Duration) -> JSON {
        .integer(max(0, (uptime - time).components.seconds))
    }

    private func id(_ id: ObjectID?) -> JSON { id.map { .string($0.description) } ?? .null }
}

extension Service {
    var status: ServiceStatus {
        ServiceStatus(
            phase: settings.origin == nil ? .localOnly : isDraining ? .draining : .serving,
            uptime: now, watermarks: machine.watermarks, reconciles: reports,
            isStopped: machine.isStopped, isStorming: machine.isStorming)
    }
}

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
        let reconcile = reconciles[mark.name].map(\.json)
        return .object([
            ("branch", .string(mark.name.branch ?? mark.name.description)),
            ("state", .string(mark.state.rawValue)),
            ("local", id(mark.local)), ("origin", id(mark.origin)), ("seen", id(mark.seen)),
            ("durable", id(mark.durable)), ("saved", saved ?? .null),
            ("lastSuccessSecondsAgo", mark.lastSuccess.map(ago) ?? .null),
            ("lastFailure", failure ?? .null),
            (
                "nextAttemptInSeconds",
                mark.nextAttempt.map { .integer(max(0, ($0 - uptime).components.seconds)) } ?? .null
            ),
            ("lastReconcile", reconcile ?? .null),
        ])
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

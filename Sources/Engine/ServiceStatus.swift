// How a running engine stands: a value for status, metrics and whoever asks.

import EngineCore
import Git
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
    /// All refs that are looked after, and conflict branches on their way.
    public internal(set) var branches: [BranchStatus]
    /// Whether no attempt is made until somebody triggers one.
    public let isStopped: Bool
    public let isStorming: Bool
    /// The failure of origin as a whole, until it answers again; since the engine's start.
    public let originFailure: PushTrouble?
    let upkeep: UpkeepStanding?
    let checkout: CheckoutStanding?

    /// Commits that origin lacks; nil where that cannot be read.
    var pending: Int? {
        let counts = branches.map { $0.pending?.commits }
        return counts.contains(nil) ? nil : counts.reduce(0) { $0 + ($1 ?? 0) }
    }

    public var json: JSON {
        .object([
            ("phase", .string(phase.rawValue)),
            ("uptimeSeconds", .integer(uptime.components.seconds)),
            ("stopped", .bool(isStopped)),
            ("escapeStorm", .bool(isStorming)),
            ("originFailure", originFailure?.json(at: uptime) ?? .null),
            ("upkeep", upkeep?.json(at: uptime) ?? .null),
            ("checkout", checkout?.json(at: uptime) ?? .null),
            ("branches", .array(branches.map(\.json))),
        ])
    }
}

/// Origin has failed as a whole, and is tried again.
struct OriginTrouble {
    let trouble: PushTrouble
    /// When; nil if it is not.
    var nextAttempt: Duration?
}

extension Service {
    /// Tells how things stand. What lies between watermarks is walked on a thread of its own.
    func tellStatus(_ reply: @escaping @Sendable (ServiceStatus) -> Void) {
        let (status, lags, gitdir, history) = (status, lags, gitdir, lagHistory)
        let hasBegun = beginning.isEmpty && status.phase != .localOnly
        // What is remembered of another origin says nothing of this one.
        let remembers = isAdopted && status.phase != .localOnly
        statusLane.add {
            var told = status
            if remembers, told.branches.contains(where: \.mark.isUnheardOf) {
                let repository = try? Repository(known: gitdir)
                for index in told.branches.indices {
                    let mark = told.branches[index].mark
                    told.branches[index].mark = mark.remembering(repository)
                }
            }
            told.branches = lags.with { $0.measure(told.branches, in: gitdir) }
            if hasBegun { history.with { $0.add(told.pending, at: told.uptime) } }
            reply(told)
        }
    }

    private var status: ServiceStatus {
        let now = now
        return ServiceStatus(
            phase: settings.origin == nil ? .localOnly : isDraining ? .draining : .serving,
            uptime: now,
            branches: marks.map {
                BranchStatus(
                    mark: withOrigin(withoutDropped($0)), now: now,
                    lastReconcile: reports[$0.name])
            },
            isStopped: machine.isStopped, isStorming: machine.isStorming,
            originFailure: originTrouble?.trouble,
            upkeep: settings.wantsUpkeep ? upkeep : nil, checkout: checkout)
    }

    /// Without an origin the machine is told of nothing.
    private var marks: [Watermark] {
        guard settings.origin == nil else { return machine.watermarks }
        return tips.sorted { $0.key < $1.key }.map { name, tip in
            Watermark(
                name: name, state: .waiting, local: tip, origin: nil, seen: nil, durable: nil,
                saved: nil)
        }
    }

    /// A ref that waits for an origin that cannot be reached fails with it.
    private func withOrigin(_ mark: Watermark) -> Watermark {
        guard let originTrouble, mark.isLacking else { return mark }
        var mark = mark
        if (mark.lastFailure?.time ?? .zero) <= originTrouble.trouble.time {
            mark.lastFailure = originTrouble.trouble
        }
        if mark.state == .waiting {
            mark.nextAttempt = mark.nextAttempt ?? originTrouble.nextAttempt
        }
        return mark
    }
}

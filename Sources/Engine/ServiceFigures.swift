// A running engine in figures: what metrics show.

import EngineCore
import Model
import POSIX

/// Counts since the engine's start, and how it stands now.
public struct ServiceFigures: Sendable {
    /// Of one branch, or of one conflict branch on its way.
    public struct Branch: Sendable {
        public let name: String
        public let state: Watermark.State
        /// Nil where that cannot be read.
        public let pendingCommits: Int?
        public let pendingBytes: Int64?
        /// Age of the oldest of them, by its committer's clock; 0 where there is none.
        public let pendingSeconds: Int64?
        /// Commits that origin has beyond ours.
        public let originAhead: Int?
        /// When origin last took it: milliseconds since 1970.
        public let lastPush: Int64?
    }

    public let started: Int64
    public let attempts: [String: Int]
    public let reconciles: [String: Int]
    public let saves: Int
    public let timeToDurable: TimeHistogram
    /// Milliseconds since 1970; nil: not since the start.
    public let lastPush: Int64?
    public let lastReconcile: Int64?
    /// Since origin last answered.
    public let sinceHeard: Duration?
    /// Whether a connection stands ready for the next push.
    public let isWarm: Bool
    public let isStorming: Bool
    public let isStopped: Bool
    public let isOriginFailing: Bool
    public let pendingEscapes: Int
    public let readiness: Readiness
    /// Rounds of upkeep that had something to do, by what came of them.
    public let upkeeps: [String: Int]
    /// As they were counted last; nil: not since the start.
    public let looseObjects: Int?
    public let packs: Int?
    /// Commits whose files were published, or were not, by what came of it; nil: none are asked for.
    public let checkouts: [String: Int]?
    /// Whether the last try has failed.
    public let isCheckoutFailing: Bool
    public internal(set) var branches: [Branch] = []
    /// Of the volume; nil if that cannot be found out.
    public internal(set) var free: FreeSpace?
    var lastPushes: [RefName: Int64] = [:]
}

extension ServiceControl {
    /// Tells what metrics show. What lies between watermarks is walked on a thread of its own.
    public func figures(_ reply: @escaping @Sendable (ServiceFigures) -> Void) {
        mailbox.post(
            .asked { service, _ in
                let (figures, gitdir) = (service.figures, service.gitdir)
                service.tellStatus { status in
                    var told = figures
                    told.branches = status.branches.map {
                        ServiceFigures.Branch($0, lastPushes: figures.lastPushes)
                    }
                    told.free = try? freeSpace(at: gitdir)
                    reply(told)
                }
            })
    }

    /// Whether the engine is ready.
    public func readiness(_ reply: @escaping @Sendable (Readiness) -> Void) {
        mailbox.post(.asked { service, _ in reply(service.readiness) })
    }
}

extension Service {
    var readiness: Readiness {
        Readiness(
            hasRepository: true, hasReconciled: beginning.isEmpty,
            hasOrigin: settings.origin != nil, pendingEscapes: conflicts.count,
            sinceHeard: tally.heard.map { now - $0 },
            freshFor: max(settings.originCheck * 3, Self.leastFresh))
    }

    /// However often origin is looked at, it may be silent for so long.
    private static var leastFresh: Duration { .seconds(60) }

    fileprivate var figures: ServiceFigures {
        var figures = ServiceFigures(
            started: tally.started, attempts: tally.attempts, reconciles: tally.reconciles,
            saves: tally.saves, timeToDurable: tally.durable.times, lastPush: tally.lastPush,
            lastReconcile: tally.lastReconcile, sinceHeard: tally.heard.map { now - $0 },
            isWarm: courier?.isWarm ?? false, isStorming: machine.isStorming,
            isStopped: machine.isStopped, isOriginFailing: originTrouble != nil,
            pendingEscapes: conflicts.count, readiness: readiness, upkeeps: upkeep.runs,
            looseObjects: upkeep.census?.loose, packs: upkeep.census?.packs,
            checkouts: checkout?.runs, isCheckoutFailing: checkout?.failure != nil)
        figures.lastPushes = tally.lastPushes
        return figures
    }
}

extension ServiceFigures.Branch {
    fileprivate init(_ status: BranchStatus, lastPushes: [RefName: Int64]) {
        let mark = status.mark
        name = mark.name.branch ?? mark.name.description
        state = mark.state
        pendingCommits = status.pending?.commits
        pendingBytes = status.pending?.bytes
        pendingSeconds = status.pending.map { lag in
            lag.oldest.map { max(0, wallClockSeconds() - $0) } ?? 0
        }
        originAhead = status.originAhead
        lastPush = lastPushes[mark.name]
    }
}

// The push service's settings, checked once: branches, waits, policies.

import EngineCore
import Git
import Model
import POSIX

/// What a running engine goes by. Read at its start, and again at SIGHUP.
struct ServiceSettings: Sendable {
    let settings: Settings
    let policy: PushPolicy
    /// What is looked after; nil: the branch that HEAD stands on.
    let patterns: [BranchPattern]?
    /// Whether decision logs are sent to origin.
    let pushesLogs: Bool
    /// Nil: nothing says where origin is, and commits stay on this volume alone.
    let origin: OriginSettings?
    let warmFor: Duration
    /// How often refs are looked at though nothing told of a change.
    let recheck: Duration
    /// How often origin is asked whether it has moved.
    let originCheck: Duration
    /// How long no ref may have moved before a service that is to end does so.
    let drainQuiet: Duration
    let drainTimeout: Duration
    let hookTimeout: Duration
    /// Loose objects and packs beyond which they are packed; 0: never.
    let upkeepLoose: Int
    let upkeepPacks: Int
    /// How often they are counted.
    let upkeepCheck: Duration
    /// What that leaves free on the volume, in bytes.
    let minimumFree: Int64

    /// Where files are published for readers; nil: nowhere.
    let checkout: CheckoutSettings?

    /// Whether objects are ever packed.
    var wantsUpkeep: Bool { upkeepLoose > 0 || upkeepPacks > 0 }

    /// - Throws: ``Failure`` of kind `configuration`.
    init(
        gitdir: String, flags: [String: String], environment: Environment,
        note: @escaping @Sendable (String) -> Void
    ) throws(Failure) {
        let settings = try Settings(flags: flags, environment: environment, gitdir: gitdir)
        try settings.check()
        self.settings = settings
        func time(_ name: String) throws(Failure) -> Duration {
            try settings.duration(name) ?? .zero
        }
        var retry = RetryPolicy()
        retry.first = try time("retryFirst")
        retry.cap = try time("retryCap")
        retry.maximumRetries = try settings.number("maxRetries")
        policy = PushPolicy(
            retry: retry, saveStuck: try settings.flag("saveStuck"),
            autoReconcile: try settings.flag("autoReconcile"), stuckAfter: try time("stuckAfter"))
        patterns = try settings.branchPatterns()
        pushesLogs = try settings.flag("pushLogs")
        var origin: OriginSettings?
        if let url = settings.originURL {
            origin = try OriginSettings(settings, url: OriginURL(url), environment)
            origin?.note = note
        }
        self.origin = origin
        warmFor = try time("warmFor")
        recheck = try time("recheck")
        originCheck = try time("originCheck")
        drainQuiet = try time("drainQuiet")
        drainTimeout = try time("drainTimeout")
        hookTimeout = try time("hookTimeout")
        upkeepLoose = try settings.number("upkeepLoose")
        upkeepPacks = try settings.number("upkeepPacks")
        upkeepCheck = try time("upkeepCheck")
        checkout = try CheckoutSettings(settings, gitdir: gitdir)
        minimumFree = try settings.size("minFree") ?? 0
    }

    /// Whether the engine looks after the ref.
    func watches(_ name: RefName, head: RefName?) -> Bool {
        patterns?.contains { $0.matches(name) } ?? (name == head)
    }
}

extension Settings {
    /// The one branch that is set; nil for none, several, or a pattern.
    public var onlyBranch: String? {
        guard let patterns = try? branchPatterns(), patterns.count == 1 else { return nil }
        return patterns[0].branch?.branch
    }

    /// The branches that are meant; nil: the one that HEAD stands on.
    func branchPatterns() throws(Failure) -> [BranchPattern]? {
        try text("branch").map { text throws(Failure) in
            try text.split(separator: " ").map { name throws(Failure) in
                guard let pattern = BranchPattern(String(name)) else {
                    throw Failure(.configuration, "\"\(name)\" cannot be a branch's name")
                }
                return pattern
            }
        }
    }
}

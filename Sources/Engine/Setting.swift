// The engine's settings: one table that flags, environment, configuration and --print-config share.

import Model

/// One thing that can be set.
public struct Setting: Sendable, Equatable {
    /// As git config spells it behind `pod.`: `onDivergence`.
    public let name: String
    /// What `-h` says of it.
    public let summary: String
    /// What stands for its value in `-h`.
    public let placeholder: String
    public let standard: String?

    /// `--on-divergence`.
    public var flag: String { "--" + words(joinedBy: "-") }
    /// `GIT_POD_ON_DIVERGENCE`.
    public var variable: String { "GIT_POD_" + words(joinedBy: "_").uppercased() }
    /// `pod.ondivergence`, as git prints it.
    public var key: String { "pod." + name.lowercased() }

    private func words(joinedBy separator: String) -> String {
        name.reduce(into: "") { words, letter in
            words += letter.isUppercase ? separator + letter.lowercased() : String(letter)
        }
    }

    init(_ name: String, _ placeholder: String, _ summary: String, standard: String? = nil) {
        self.name = name
        self.summary = summary
        self.placeholder = placeholder
        self.standard = standard
    }

    /// All of them, in the order of `-h`.
    public static let all = [
        Setting("origin", "URL", "where the branch is kept for good; remote.NAME.url says it too"),
        Setting("remote", "NAME", "the remote that origin is", standard: "origin"),
        Setting("branch", "B", "the branch; the one that HEAD stands on if not given"),
        Setting("deployKey", "FILE", "the SSH key for origin"),
        Setting("knownHosts", "FILE", "the host keys that may be origin's"),
        Setting(
            "strictHostKeyChecking", "yes|accept-new", "what is done about an unknown host key"),
        Setting("sshBackend", "auto|libssh2|openssh", "who speaks SSH", standard: "auto"),
        Setting("tokenFile", "FILE", "the file that holds the token for an https origin"),
        Setting("connectTimeout", "TIME", "the most that connecting may take", standard: "10s"),
        Setting("idleTimeout", "TIME", "how long origin may be silent", standard: "60s"),
        Setting(
            "onDivergence", "rebase|merge|escape|stop", "when both sides have commits of their own",
            standard: "rebase"),
        Setting(
            "onRewrite", "replay|stop", "when origin dropped commits that it had",
            standard: "replay"),
        Setting(
            "keepBefore", "DAYS", "how long anchors are kept at least", standard: "30d"),
        Setting(
            "saveStuck", "true|false",
            "whether a branch that cannot be pushed goes to a conflict branch on origin",
            standard: "true"),
        Setting(
            "stuckAfter", "TIME",
            "how long origin may refuse a branch, and not say why, before that counts as rejected",
            standard: "10m"),
        Setting(
            "pushLogs", "true|false", "whether decision logs, refs/pod/log/*, go to origin, too",
            standard: "false"),
        Setting(
            "autoReconcile", "true|false", "whether to reconcile when origin has moved",
            standard: "false"),
        Setting("retryFirst", "TIME", "the wait after the first failure", standard: "1s"),
        Setting("retryCap", "TIME", "the longest wait between two tries", standard: "10m"),
        Setting(
            "maxRetries", "N", "retries in a row before it waits to be told; 0: no limit",
            standard: "0"),
        Setting(
            "warmFor", "TIME", "how long a connection to origin is kept after a commit",
            standard: "10m"),
        Setting("originCheck", "TIME", "how often origin is looked at", standard: "60s"),
        Setting(
            "recheck", "TIME", "how often refs are looked at though nothing told of a change",
            standard: "60s"),
        Setting(
            "drainQuiet", "TIME", "how long no ref may have moved before it ends",
            standard: "2s"),
        Setting("drainTimeout", "TIME", "the most that ending may take", standard: "30s"),
        Setting(
            "listen", "HOST:PORT|none", "a loopback address for the control API",
            standard: "127.0.0.1:7418"),
        Setting(
            "listenPublic", "HOST:PORT|none", "an address for probes, metrics and the webhook alone"
        ),
        Setting("webhookSecretFile", "FILE", "the file that holds the webhook's secret"),
        Setting("logFormat", "text|json", "how the log is written", standard: "text"),
        Setting("hookTimeout", "TIME", "how long a hook of ours may run", standard: "30s"),
        Setting("lockTimeout", "TIME", "how long to wait for another git-pod", standard: "10s"),
        Setting("trustOwner", "UID", "one more user whose gitdir's configuration is followed"),
        Setting(
            "cloneRetryFirst", "TIME", "the wait after the first clone that failed", standard: "1s"),
        Setting(
            "cloneRetryCap", "TIME", "the longest wait between two such tries", standard: "1m"),
        Setting(
            "cloneMaxRetries", "N", "such retries before it waits to be told; 0: no limit",
            standard: "0"),
        Setting(
            "upkeepLoose", "N", "loose objects beyond which all are packed; 0: never",
            standard: "6700"),
        Setting(
            "upkeepPacks", "N", "packs beyond which small ones become one; 0: never",
            standard: "50"),
        Setting("upkeepCheck", "TIME", "how often these are counted", standard: "10m"),
        Setting(
            "checkout", "DIR", "publish the branch's files there, as DIR/current, for readers"),
        Setting("sparse", "PATHS", "the paths that are published; all if not given"),
        Setting(
            "checkoutOf", "durable|local",
            "publish the last tip that origin has confirmed, or the last one here",
            standard: "durable"),
        Setting(
            "checkoutGrace", "TIME", "how long files stay that others have taken the place of",
            standard: "1m"),
        Setting(
            "minFree", "SIZE", "what clone, upkeep and checkout leave free on a volume",
            standard: "256M"),
        Setting("expectedSize", "SIZE", "how large the repository will be, if it is known"),
    ]

    /// The setting that a flag makes; nil if it is none of ours.
    public static func forFlag(_ flag: String) -> Setting? { all.first { $0.flag == flag } }
}

// What conflict branches and anchors are called, and how old one is.

import Model

/// Names of the refs that keep a tip which the branch was moved off.
public enum IncidentName {
    /// The folder of the anchors of rebases, merges and rewrites.
    public static let anchors = "refs/pod/before/"
    /// The folder of the refs that say that a conflict branch was not confirmed by origin yet.
    public static let pending = "refs/pod/pending/"
    /// What the names of all conflict branches begin with.
    public static let branches = "refs/heads/conflicts"
    /// A branch of this name leaves no room for the conflict branches below it.
    public static let folder = RefName(branch: "conflicts")
    /// Taken names get `-2`, `-3` and so on, up to this.
    public static let maximumAttempts = 1000

    /// `2026-03-01T04-05-06Z`: a time that may stand in a file's name.
    public static func stamp(_ time: UTCTime) -> String {
        String(time.rfc3339.prefix(19)).replacingColons + "Z"
    }

    /// The anchor that is tried at the `attempt`th time, counted from 1.
    public static func anchor(_ time: UTCTime, attempt: Int) -> RefName? {
        RefName(anchors + stamp(time) + suffix(attempt))
    }

    /// The conflict branch that is tried at the `attempt`th time, counted from 1. `beside` is for
    /// repositories in which a branch called `conflicts` stands in the way of a folder.
    public static func conflictBranch(_ time: UTCTime, attempt: Int, beside: Bool) -> RefName? {
        RefName(branch: "conflicts" + (beside ? "-" : "/") + stamp(time) + suffix(attempt))
    }

    /// Whether a branch is one that an escape made.
    public static func isConflictBranch(_ name: RefName) -> Bool {
        guard let branch = name.branch, branch.hasPrefix("conflicts") else { return false }
        return time(of: String(branch.dropFirst(10))) != nil
    }

    /// Where it is remembered that `branch` must still be sent to origin.
    public static func pendingMark(of branch: RefName) -> RefName? {
        branch.branch.flatMap { RefName(pending + $0) }
    }

    /// The conflict branch that a mark under ``pending`` speaks of.
    public static func conflictBranch(ofMark mark: RefName) -> RefName? {
        guard mark.description.hasPrefix(pending) else { return nil }
        return RefName(branch: String(mark.description.dropFirst(pending.count)))
    }

    /// When an anchor was made, in milliseconds since 1970; nil if its name does not say.
    public static func time(ofAnchor name: RefName) -> Int64? {
        guard name.description.hasPrefix(anchors) else { return nil }
        return time(of: String(name.description.dropFirst(anchors.count)))
    }

    /// `2026-03-01T04-05-06Z` or with `-2` behind it → milliseconds since 1970.
    private static func time(of stamp: String) -> Int64? {
        let bytes = Array(stamp.utf8)
        guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T"), bytes[19] == UInt8(ascii: "Z")
        else { return nil }
        let parts = stamp.prefix(19).split { $0 == "-" || $0 == "T" }.compactMap { Int64($0) }
        guard parts.count == 6 else { return nil }
        return UTCTime(
            year: parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4],
            second: parts[5]
        )?.millisecondsSince1970
    }

    private static func suffix(_ attempt: Int) -> String { attempt == 1 ? "" : "-\(attempt)" }
}

extension String {
    fileprivate var replacingColons: String { String(map { $0 == ":" ? "-" : $0 }) }
}

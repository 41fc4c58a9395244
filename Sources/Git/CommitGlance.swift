// A commit as lists show it: its subject and its time. What it says is anybody's text.

import CLibgit2
import Model

/// What a list shows of a commit.
public struct CommitGlance: Sendable {
    public let id: ObjectID
    /// The first paragraph of its message on one line; what is no UTF-8 in it is replaced.
    public let subject: String
    /// By its committer's clock: seconds since 1970.
    public let time: Int64
    public let firstParent: ObjectID?

    /// Characters of a subject that are kept.
    public static let longestSubject = 400
}

extension Repository {
    /// The commit called `id`.
    public func glance(_ id: ObjectID) throws(GitError) -> CommitGlance {
        var found: OpaquePointer?
        var oid = id.oid
        try check("read commit \(id.short)") { unsafe git_commit_lookup(&found, handle, &oid) }
        defer { unsafe git_commit_free(found) }
        let summary = unsafe git_commit_summary(found).map { unsafe String(cString: $0) } ?? ""
        let parent = unsafe git_commit_parent_id(found, 0).map { unsafe ObjectID($0) }
        return CommitGlance(
            id: id, subject: String(summary.prefix(CommitGlance.longestSubject)),
            time: unsafe git_commit_time(found), firstParent: parent)
    }
}

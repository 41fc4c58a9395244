// Which branches an engine looks after.

import Model

/// A branch by name, or several by a pattern with one `*`, which stands for anything, as in a refspec
/// (gitglossary(7), "refspec").
public struct BranchPattern: Sendable, Hashable, CustomStringConvertible {
    /// As it was given, without `refs/heads/`.
    public let description: String
    private let prefix: String
    /// What stands behind the `*`; nil if there is none.
    private let suffix: String?

    /// Nil for what no branch can match.
    public init?(_ text: String) {
        var text = text
        let folder = "refs/heads/"
        if text.hasPrefix(folder) { text.removeFirst(folder.count) }
        let parts = text.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count <= 2, RefName(branch: text.replacingStar) != nil else { return nil }
        description = text
        prefix = String(parts[0])
        suffix = parts.count == 2 ? String(parts[1]) : nil
    }

    /// The one branch that is meant; nil for a pattern.
    public var branch: RefName? { suffix == nil ? RefName(branch: prefix) : nil }

    /// What the full names of all matches begin with.
    public var folder: String { "refs/heads/\(prefix)" }

    /// Conflict branches are an incident's, and match no pattern.
    public func matches(_ name: RefName) -> Bool {
        guard let branch = name.branch else { return false }
        guard let suffix else { return Array(branch.utf8) == Array(prefix.utf8) }
        return branch.utf8.count >= prefix.utf8.count + suffix.utf8.count
            && branch.hasPrefix(prefix) && branch.hasSuffix(suffix)
            && !IncidentName.isConflictBranch(name)
    }
}

extension String {
    fileprivate var replacingStar: String { String(map { $0 == "*" ? "x" : $0 }) }
}

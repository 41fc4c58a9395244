// git's configuration as seen from one gitdir, with the scope that each value came from.

import Model
import POSIX

/// Where a value of git's configuration was set (git-config(1), SCOPES).
public enum ConfigurationScope: String, Sendable {
    case system, global, local, worktree, command
    case unknown

    /// Whether the gitdir itself says it.
    public var isGitdirs: Bool { self == .local || self == .worktree }
}

/// All values of some keys, weakest first.
public struct ScopedConfiguration: Sendable {
    /// One value.
    public struct Entry: Sendable, Equatable {
        public let scope: ConfigurationScope
        /// Section and variable in lower case, the subsection as written.
        public let key: String
        public let value: String
        /// Whether the value is what was set: another one stands for what is no UTF-8.
        public let isText: Bool

        public init(
            scope: ConfigurationScope, key: String, value: String, isText: Bool = true
        ) {
            self.isText = isText
            self.scope = scope
            self.key = key
            self.value = value
        }
    }

    public private(set) var entries: [Entry]

    public init(_ entries: [Entry] = []) { self.entries = entries }

    /// What says which repository is meant, and which of its files: whoever calls us from a hook or an
    /// alias of another repository has these (git rev-parse --local-env-vars).
    private static let repositoryVariables: Set<String> = [
        "GIT_DIR", "GIT_CONFIG", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_WORK_TREE",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_INDEX_FILE", "GIT_PREFIX",
        "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE",
        "GIT_NO_REPLACE_OBJECTS", "GIT_INTERNAL_SUPER_PREFIX", "GIT_CEILING_DIRECTORIES",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
    ]

    /// Reads what matches `pattern` (an extended regular expression over keys), as git at `gitdir`
    /// would have it.
    ///
    /// - Parameter gitdir: nil for what the user and the system say, wherever we stand.
    /// - Parameter followingIncludes: whether files that the configuration names are read too.
    /// - Throws: ``Failure`` of kind `configuration` if git cannot read it.
    public static func read(
        gitdir: String?, matching pattern: String, followingIncludes: Bool, until deadline: Deadline
    ) throws(Failure) -> ScopedConfiguration {
        // Named by GIT_DIR, a gitdir of another owner may be read; nothing of it is run by this.
        let environment =
            currentEnvironment().filter { !repositoryVariables.contains($0.name) } + [
                "GIT_DIR=\(gitdir ?? "/nonexistent")"
            ]
        let includes = followingIncludes ? "--includes" : "--no-includes"
        let result: ProgramResult
        do throws(Failure) {
            result = try runToEnd(
                ["git", "config", "--null", "--show-scope", includes, "--get-regexp", pattern],
                environment: environment, until: deadline)
        } catch  where error.kind == .unreachable {
            throw Failure(
                .configuration,
                "git does not come to an end with the configuration of \(gitdir ?? "the user")",
                hint: "see whether it includes a pipe, or a file on a volume that is away")
        }
        // 1: no setting matches.
        guard result.status == .exited(0) || result.status == .exited(1) else {
            throw Failure(
                .configuration,
                "cannot read the configuration of \(gitdir ?? "git"): \(result.firstComplaint)",
                hint: "see what git config --list says there")
        }
        return ScopedConfiguration(output: result.output)
    }

    /// `scope\0key\nvalue\0`, or `scope\0key\0` for a variable without a value, which is true.
    init(output: [UInt8]) {
        let fields = output.split(separator: 0, omittingEmptySubsequences: false)
        entries = stride(from: 0, to: fields.count - 1, by: 2).map { index in
            let field = fields[index + 1]
            let text = String(decoding: field, as: UTF8.self)
            let end = text.firstIndex(of: "\n")
            return Entry(
                scope: ConfigurationScope(rawValue: String(decoding: fields[index], as: UTF8.self))
                    ?? .unknown,
                key: end.map { String(text[..<$0]) } ?? text,
                value: end.map { String(text[text.index(after: $0)...]) } ?? "true",
                isText: String(validating: field, as: UTF8.self) != nil)
        }
    }

    /// The value of `key` that counts: the last one.
    public func last(_ key: String) -> Entry? { entries.last { $0.key == key } }

    /// The value of `key` that counts, byte for byte.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if it is no UTF-8.
    public func text(_ key: String) throws(Failure) -> Entry? {
        guard let entry = last(key) else { return nil }
        guard entry.isText else { throw noText(key, entry.value) }
        return entry
    }

    /// Without the entries that `isUnwanted` says yes to.
    public func removing(_ isUnwanted: (Entry) -> Bool) -> ScopedConfiguration {
        ScopedConfiguration(entries.filter { !isUnwanted($0) })
    }
}

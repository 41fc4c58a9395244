// Full names of refs, checked by git's own rules (git-check-ref-format(1)).

/// A full ref name such as `refs/heads/main`.
public struct RefName: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let description: String

    /// Longer names do not fit the file that a loose ref and its lock are.
    public static let maximumLength = 1024

    /// Nil if git would not take `name`, or if it does not begin with `refs/`.
    public init?(_ name: String) {
        guard name.hasPrefix("refs/"), Self.isWellFormed(name) else { return nil }
        description = name
    }

    /// The branch called `name`, without `refs/heads/`; nil if git would not take it.
    public init?(branch name: String) {
        guard name != "HEAD", !name.beginsLikeOption else { return nil }
        self.init("refs/heads/" + name)
    }

    private init(unchecked name: String) { description = name }

    /// By bytes, as git has it: to Swift, two spellings of one letter are equal.
    public static func == (left: RefName, right: RefName) -> Bool {
        left.description.utf8.elementsEqual(right.description.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in description.utf8 { hasher.combine(byte) }
    }

    private static func isWellFormed(_ name: String) -> Bool {
        guard name.utf8.count <= maximumLength, !name.hasSuffix("."), !name.contains(".."),
            !name.contains("@{"), !name.unicodeScalars.contains(where: isForbidden)
        else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && !part.hasPrefix(".") && !part.hasSuffix(".lock")
                && part.utf8.count <= 250
        }
    }

    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || scalar.value == 0x7f || " ~^:?*[\\".unicodeScalars.contains(scalar)
    }

    /// The name without `refs/heads/`; nil if it is no branch.
    public var branch: String? {
        let folder = "refs/heads/".utf8
        guard description.utf8.starts(with: folder) else { return nil }
        return String(decoding: description.utf8.dropFirst(folder.count), as: UTF8.self)
    }

    /// What origin's branch is called here: `refs/remotes/REMOTE/BRANCH`. Nil if this is no branch.
    public func tracking(remote: String) -> RefName? {
        branch.map { RefName(unchecked: "refs/remotes/\(remote)/\($0)") }
    }

    /// The space whose decision log this is; nil if it is none.
    public var space: String? {
        let folder = Self.logs.utf8
        guard description.utf8.starts(with: folder) else { return nil }
        return String(decoding: description.utf8.dropFirst(folder.count), as: UTF8.self)
    }

    /// The folder of decision logs.
    public static let logs = "refs/pod/log/"

    /// Where origin's last tip that we acted on is remembered. Nil if this is neither a branch nor a
    /// decision log.
    public var seen: RefName? {
        let name = branch ?? space.map { Self.logMemories + $0 }
        return name.map { RefName(unchecked: "\(Self.memories)\($0)") }
    }

    /// Whether it is such a memory.
    public var isSeen: Bool { description.hasPrefix(Self.memories) }

    /// The branch or decision log that such a memory is of; nil if it is none.
    public var remembered: RefName? {
        guard isSeen else { return nil }
        let name = description.dropFirst(Self.memories.count)
        guard name.hasPrefix(Self.logMemories) else { return RefName(branch: String(name)) }
        return RefName(Self.logs + name.dropFirst(Self.logMemories.count))
    }

    /// The folder of these memories.
    public static let memories = "refs/pod/seen/"
    /// Below that, of decision logs: no branch's name begins like an option.
    private static let logMemories = "-log/"

    public static func < (left: RefName, right: RefName) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}

// Where the files of a branch are published for readers, and which of them. ServiceSettings reads this.

import Model
import POSIX

/// Which tip is published.
enum CheckoutTip: String, Sendable, CaseIterable {
    /// The last one that origin has confirmed.
    case durable
    case local
}

/// A checkout, as the settings have it.
struct CheckoutSettings: Sendable, Equatable {
    /// The folder, absolute, with every link resolved.
    let folder: String
    /// Paths in the tree; empty: all of it.
    let paths: [String]
    let tip: CheckoutTip
    /// How long a tree stays that nothing leads to any more.
    let grace: Duration

    /// In the folder: what readers open, and where it leads.
    static let link = "current"
    static let trees = ".git-pod-trees"

    /// Nil if no checkout is asked for.
    ///
    /// - Throws: ``Failure`` of kind `configuration` for a folder or a path that cannot be.
    init?(_ settings: Settings, gitdir: String) throws(Failure) {
        guard let asked = try settings.text("checkout") else { return nil }
        folder = try Self.folder(asked, gitdir: gitdir)
        let text = try settings.text("sparse") ?? ""
        paths = try text.split(separator: " ").map { path throws(Failure) in try Self.path(path) }
        tip = try settings.choice("checkoutOf") ?? .durable
        grace = try settings.duration("checkoutGrace") ?? .zero
    }

    private static func folder(_ asked: String, gitdir: String) throws(Failure) -> String {
        func isNoPlace(_ path: String) -> Bool {
            path == "/" || path == gitdir || path.hasPrefix(gitdir + "/")
        }
        let parent = realPath(asked.parentFolder) ?? ""
        let isInside = parent == gitdir || parent.hasPrefix(gitdir + "/")
        if !exists(asked), !isInside { try? makeNewFolder(asked, mode: 0o755) }
        guard !isInside, realPath(asked).map(isNoPlace) != true else {
            throw Failure(
                .configuration, "checkout is \(asked), which is no place for files of a branch",
                hint: "name a folder of its own, outside of the gitdir")
        }
        guard let folder = realPath(asked), fileStatus(folder)?.kind == .directory else {
            throw Failure(
                .configuration, "checkout is \(asked), which is no folder and cannot be made",
                hint: "make it, and let this user write there")
        }
        let link = "\(folder)/\(link)"
        guard !exists(link) || linkTarget(link) != nil else {
            throw Failure(
                .configuration, "\(link) is there already, and no symbolic link",
                hint: "name another folder, or take that away")
        }
        return folder
    }

    private static func path(_ path: Substring) throws(Failure) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let names = parts.last == "" ? parts.dropLast() : parts[...]
        guard !names.isEmpty, !names.contains(where: { ["", ".", ".."].contains($0) }) else {
            throw Failure(
                .configuration, "sparse has \"\(path)\", which is no path in a tree",
                hint: "give paths such as config or data/models, with a blank between two")
        }
        return names.joined(separator: "/")
    }
}

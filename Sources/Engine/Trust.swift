// Whether a gitdir's own words may be followed: not if the application, as another user, wrote them.
//
// An application that could name a command, an include, a URL or a key to the engine could have the
// deploy key, or anything else that the engine's user may read.

import Model
import POSIX
import Transport

/// How far a gitdir's configuration counts.
struct Trust: Sendable {
    /// Settings that an untrusted gitdir may still make: they choose among what is harmless.
    static let harmless: Set<String> = [
        "pod.branch", "pod.ondivergence", "pod.onrewrite", "pod.keepbefore", "user.name",
        "user.email", "committer.name", "committer.email",
    ]

    let isTrusted: Bool
    /// Which path another user owns, and who; nil if none does.
    let stranger: (path: String, owner: UInt32)?

    /// - Parameter owner: one more user whose words count (`trustOwner`).
    init(gitdir: String, alsoTrusting owner: UInt32?) {
        let trusted = Set([currentUser(), 0] + (owner.map { [$0] } ?? []))
        var paths = [gitdir, "\(gitdir)/config", "\(gitdir)/config.worktree", "\(gitdir)/hooks"]
        paths += (directoryEntries("\(gitdir)/hooks") ?? []).map { "\(gitdir)/hooks/\($0)" }
        let found = paths.lazy.compactMap { path in
            fileStatus(path).map { (path: path, owner: $0.owner) }
        }.first { !trusted.contains($0.owner) }
        stranger = found
        isTrusted = found == nil
    }

    /// - Throws: ``Failure`` of kind `refused` if a stranger's gitdir borrows objects: they could be
    ///   ones that only we may read, and a push would send them.
    func checkObjects(_ gitdir: String) throws(Failure) {
        guard let stranger else { return }
        for name in ["alternates", "http-alternates"]
        where exists("\(gitdir)/objects/info/\(name)") {
            throw Failure(
                .refused,
                "\(gitdir) borrows objects (objects/info/\(name)), and \(stranger.path) belongs to "
                    + "user \(stranger.owner)",
                hint: "give the repository objects of its own, or set trustOwner")
        }
        if let link = Self.link(below: "objects", in: gitdir) {
            throw Failure(
                .refused,
                "\(link) of \(gitdir) is elsewhere, and \(stranger.path) belongs to user "
                    + "\(stranger.owner)", hint: "let it be no link, or set trustOwner")
        }
    }

    /// The first symbolic link that is `folder` or stands in it or in a folder of it: of the objects
    /// of a repository, nothing lies deeper.
    private static func link(below folder: String, in gitdir: String) -> String? {
        if isSymbolicLink("\(gitdir)/\(folder)") { return folder }
        for name in directoryEntries("\(gitdir)/\(folder)") ?? [] {
            let path = "\(folder)/\(name)"
            if isSymbolicLink("\(gitdir)/\(path)") { return path.harmless }
            let link = (directoryEntries("\(gitdir)/\(path)") ?? [])
                .first { isSymbolicLink("\(gitdir)/\(path)/\($0)") }
            if let link { return "\(path)/\(link)".harmless }
        }
        return nil
    }

    /// `configuration` without what may not be followed, and one warning for each of that.
    func filter(
        _ configuration: ScopedConfiguration
    ) -> (counts: ScopedConfiguration, warnings: [String]) {
        guard let stranger else { return (configuration, []) }
        let refused: (ScopedConfiguration.Entry) -> Bool = {
            $0.scope.isGitdirs && !Self.harmless.contains($0.key)
        }
        let warnings = configuration.entries.filter(refused).map { entry in
            "\(entry.key) in the gitdir's config is not followed: \(stranger.path) belongs to user "
                + "\(stranger.owner); set it by a flag or GIT_POD_*, or trustOwner = \(stranger.owner)"
        }
        return (configuration.removing(refused), warnings)
    }
}

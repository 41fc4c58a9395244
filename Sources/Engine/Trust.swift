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

    /// - Parameters:
    ///   - gitdir: its real path.
    ///   - owner: one more user whose words count (`trustOwner`).
    /// - Throws: ``Failure`` of kind `failed` if it cannot be looked through.
    init(gitdir: String, alsoTrusting owner: UInt32?) throws(Failure) {
        let trusted = Set([currentUser(), 0] + (owner.map { [$0] } ?? []))
        let folder = try OpenFolder(gitdir)
        var stranger: (path: String, owner: UInt32)?
        func look(_ name: OpenFolder.Name, in folder: borrowing OpenFolder, _ path: String) {
            let other = folder.owners(of: name).first { !trusted.contains($0) }
            if let other, stranger == nil { stranger = (path.harmless, other) }
        }
        look(OpenFolder.Name("."), in: folder, gitdir)
        for name in ["config", "config.worktree", "hooks"] {
            look(OpenFolder.Name(name), in: folder, "\(gitdir)/\(name)")
        }
        let name = OpenFolder.Name("hooks")
        if folder.kind(of: name) == .folder, let hooks = try folder.folder(name) {
            for name in try hooks.names() {
                look(name, in: hooks, "\(gitdir)/hooks/\(name.shown)")
            }
        }
        self.stranger = stranger
        isTrusted = stranger == nil
    }

    /// - Throws: ``Failure`` of kind `refused` if a stranger's gitdir borrows objects: they could be
    ///   ones that only we may read, and a push would send them.
    func checkObjects(_ gitdir: String) throws(Failure) {
        guard let stranger else { return }
        let folder = try OpenFolder(gitdir)
        let objects = OpenFolder.Name("objects")
        guard folder.kind(of: objects) != .link else { throw isElsewhere("objects", in: gitdir) }
        guard let store = try folder.folder(objects) else { return }
        for name in try store.names() {
            let path = "objects/\(name.shown)"
            switch store.kind(of: name) {
            case .link: throw isElsewhere(path, in: gitdir)
            case .folder:
                guard let inner = try store.folder(name) else { continue }
                try checkObjects(inner, path, of: gitdir, stranger)
            case .other, nil: continue
            }
        }
    }

    /// Of the objects of a repository, nothing lies deeper than in a folder of `objects`.
    private func checkObjects(
        _ folder: consuming OpenFolder, _ path: String, of gitdir: String,
        _ stranger: (path: String, owner: UInt32)
    ) throws(Failure) {
        for name in try folder.names() {
            let path = "\(path)/\(name.shown)"
            if ["objects/info/alternates", "objects/info/http-alternates"].contains(path) {
                throw Failure(
                    .refused,
                    "\(gitdir) borrows objects (\(path)), and \(stranger.path) belongs to user "
                        + "\(stranger.owner)",
                    hint: "give the repository objects of its own, or set trustOwner")
            }
            guard folder.kind(of: name) != .link else { throw isElsewhere(path, in: gitdir) }
        }
    }

    private func isElsewhere(_ path: String, in gitdir: String) -> Failure {
        let (place, owner) = stranger ?? (gitdir, 0)
        return Failure(
            .refused,
            "\(path.harmless) of \(gitdir) is elsewhere, and \(place) belongs to user \(owner)",
            hint: "let it be no link, or set trustOwner")
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

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
    private let trusted: Set<UInt32>

    /// - Parameters:
    ///   - gitdir: its real path.
    ///   - owner: one more user whose words count (`trustOwner`).
    /// - Throws: ``Failure`` of kind `failed` if it cannot be looked through.
    init(gitdir: String, alsoTrusting owner: UInt32?) throws(Failure) {
        let trusted = Set([currentUser(), 0] + (owner.map { [$0] } ?? []))
        self.trusted = trusted
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

    /// - Throws: ``Failure`` of kind `refused` if what a stranger has put into the gitdir leads out of it:
    ///   objects could be ones that only we may read, and a push would send them; refs and logs would be
    ///   written in places where only we may write.
    func checkGround(_ gitdir: String) throws(Failure) {
        let folder = try OpenFolder(gitdir)
        for name in try folder.names() where folder.kind(of: name) == .link {
            // These are only read, and whose they are is looked at.
            if !["HEAD", "hooks", "config", "config.worktree"].contains(name.shown) {
                try checkMaker(of: name.shown, in: gitdir, "is elsewhere")
            }
        }
        for part in ["objects", "refs", "logs"] {
            for entry in try irregularEntries(below: "\(gitdir)/\(part)") {
                let name = String(entry.path.dropFirst(gitdir.count + 1))
                try checkMaker(of: name, in: gitdir, "is elsewhere")
            }
        }
        for name in ["alternates", "http-alternates"].map({ "objects/info/\($0)" })
        where exists("\(gitdir)/\(name)") {
            try checkMaker(of: name, in: gitdir, "borrows objects")
        }
    }

    /// Of a gitdir that is ours, what somebody else has put there is refused; of another's, all.
    private func checkMaker(of name: String, in gitdir: String, _ what: String) throws(Failure) {
        let maker = entryOwner("\(gitdir)/\(name)")
        let (place, owner): (String, UInt32)
        if let stranger {
            (place, owner) = stranger
        } else {
            guard let maker, !trusted.contains(maker) else {
                if maker == nil {
                    throw elsewhere(name, in: gitdir, what, "nobody can say whose it is")
                }
                return
            }
            (place, owner) = ("it", maker)
        }
        throw elsewhere(name, in: gitdir, what, "\(place) belongs to user \(owner)")
    }

    private func elsewhere(
        _ name: String, in gitdir: String, _ what: String, _ reason: String
    ) -> Failure {
        Failure(
            .refused, "\(name.harmless) of \(gitdir) \(what), and \(reason)",
            hint: what == "is elsewhere"
                ? "let it be no link, or set trustOwner"
                : "give the repository objects of its own, or set trustOwner")
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

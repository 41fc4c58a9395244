// What a git child needs to reach an origin of one kind, and no other kind.

import Model
import POSIX

/// Address, configuration and environment for git children.
struct GitAccess {
    /// What git is given as its remote.
    let url: String
    let settings: [(key: String, value: String)]
    let environment: [EnvironmentEntry]
    /// What must not come out of git, whoever wrote it.
    let secrets: [String]

    init(_ origin: Origin) throws(OriginFailure) {
        switch origin.settings.url.way {
        case .path(let path):
            url = Self.alias
            settings = [("protocol.file.allow", "always")] + Self.meaning(path)
            (environment, secrets) = ([], [])
        case .http(let address, let user, _):
            let login = try WebLogin(origin.settings)
            url = Self.alias
            settings =
                Self.web(origin.settings, user: user) + Self.meaning(address)
                + (login?.settings ?? [])
            // Empty: nobody is asked, whatever askpass the user's config names.
            environment = ["GIT_ASKPASS="] + (login?.environment ?? [])
            secrets = (login?.secrets ?? []) + [user ?? ""].filter(Self.mayBeToken)
        case .ssh: preconditionFailure("SSH is not git's own here")
        }
    }

    /// Whether a user is no name that a person has: hosts take a token in its place.
    private static func mayBeToken(_ user: String) -> Bool { user.utf8.count >= 20 }

    /// What git is told instead of origin's URL: a name that nobody's configuration can know.
    private static let alias = "git-pod-\(UInt64.random(in: 0 ... .max)):"

    /// What an URL means is said by the engine's settings alone: whatever rewrites it for other gits
    /// (git-config(1), url.insteadOf) rewrites the alias to nothing, and what that means not again.
    private static func meaning(_ url: String) -> [(key: String, value: String)] {
        [("url.\(url).insteadOf", alias)]
    }

    private static func web(_ settings: OriginSettings, user: String?)
        -> [(key: String, value: String)]
    {
        // curl counts whole seconds and bytes. What receive-pack says every five seconds while a hook
        // runs is less than a byte a second: a hook that says nothing for so long is silence.
        let (seconds, rest) = settings.idleTimeout.components
        var lines = [
            // Nor may an encrypted origin redirect to one that is not.
            ("protocol.https.allow", "always"),
            ("http.lowSpeedLimit", "1"),
            ("http.lowSpeedTime", "\(max(1, seconds + (rest > 0 ? 1 : 0)))"),
        ]
        guard let server = settings.url.server else { return lines }
        if server.hasPrefix("http://") { lines.append(("protocol.http.allow", "always")) }
        if let user, !user.isEmpty { lines.append(("credential.\(server).username", user)) }
        return lines
    }
}

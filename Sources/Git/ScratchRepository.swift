// A gitdir of our own beside another one's objects: git children work in it, so that nothing that
// the other's config or hooks name is ever read.
//
// Replay asks git for merges in one; origins reached by git itself are fetched and pushed from one.

import Model
import POSIX

/// A throw-away gitdir that borrows the objects of a repository. Gone when its owner lets go of it.
public final class ScratchRepository {
    /// Whose configuration counts besides what the caller injects.
    public enum Configuration: Sendable {
        /// Nobody's: git as it comes.
        case none
        /// The user's and the system's: proxies, certificate authorities, credential helpers.
        case user
        /// The gitdir's too; only for one that we trust.
        case userAndGitdir
    }

    private let folder: ScratchFolder
    public var path: String { folder.path }
    /// What one of the `tips` is called in it.
    static func name(of tip: ObjectID) -> String { "refs/have/\(tip)" }
    private let gitdir: String

    /// - Parameter tips: commits that the repository has with all their history; a fetch offers
    ///   them, and looks no further than them.
    public init(
        beside repository: Repository, tips: [ObjectID] = [],
        configuration: Configuration = .none
    ) throws(Failure) {
        gitdir = repository.path
        self.configuration = configuration
        folder = try ScratchFolder(in: Self.place(for: repository.path))
        for folder in ["objects", "refs", "info"] { try makeFolder("\(path)/\(folder)") }
        try write("HEAD", "ref: refs/heads/none\n")
        var config = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
        if configuration == .userAndGitdir, exists("\(gitdir)/config") {
            let file = Self.quotedForConfig("\(gitdir)/config")
            config += "[include]\n\tpath = \(file)\n[core]\n\tbare = true\n"
        }
        try write("config", config)
        let packed = Set(tips).sorted { $0.description < $1.description }
            .map { "\($0) \(Self.name(of: $0))\n" }.joined()
        try write("packed-refs", "# pack-refs with: sorted \n\(packed)")
    }

    private let configuration: Configuration

    /// A file that nobody needs after us.
    private func write(_ name: String, _ text: String) throws(Failure) {
        try writeNewFile("\(path)/\(name)", Array(text.utf8), mode: 0o600, onDisk: false)
    }

    /// A value as a config file wants it (git-config(1), SYNTAX).
    private static func quotedForConfig(_ value: String) -> String {
        let escaped = value.map { character in
            switch character {
            case "\"", "\\": "\\\(character)"
            case "\n": "\\n"
            case "\t": "\\t"
            default: String(character)
            }
        }
        return "\"\(escaped.joined())\""
    }

    /// Clears away what killed processes left of their work on `gitdir`. To be called where nobody else
    /// replays or fetches: under the engine's lock.
    public static func clear(besides gitdir: String) {
        ScratchFolder.clear(gitdir)
        ScratchFolder.clear("\(gitdir)/objects/pack")
        PackWriter.clear(gitdir)
        KeptPacks.clear(gitdir)
        let place = place(for: gitdir)
        if place != gitdir { ScratchFolder.clear(place) }
    }

    /// In the gitdir, unless others may write there: they could put a folder of their own in its
    /// place, and git would follow the configuration in that.
    private static func place(for gitdir: String) -> String {
        let status = fileStatus(gitdir)
        let isOurs = status.map { $0.owner == currentUser() && $0.mode & 0o022 == 0 } ?? false
        return isOurs ? gitdir : environmentVariable("TMPDIR") ?? "/tmp"
    }

    /// The environment for a git child that works here.
    ///
    /// - Parameters:
    ///   - incoming: where it writes objects; nil: into the scratch folder. It reads the gitdir's, too.
    ///   - settings: injected configuration, which wins over every file.
    ///   - caller: the environment that the user's own variables are taken from.
    public func environment(
        writing incoming: String? = nil, settings: [(key: String, value: String)] = [],
        adding entries: [EnvironmentEntry] = [], of caller: Environment = .current()
    ) -> [EnvironmentEntry] {
        var inherited = ["PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME"] + Self.networkVariables
        if configuration != .none { inherited += ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM"] }
        var environment = inherited.compactMap(caller.entry)
        environment += [
            "LC_ALL=C", "GIT_DIR=\(path)", "GIT_TERMINAL_PROMPT=0", "GIT_LITERAL_PATHSPECS=1",
        ]
        environment.append("GIT_OBJECT_DIRECTORY=\(incoming ?? "\(path)/objects")")
        environment.append(
            "GIT_ALTERNATE_OBJECT_DIRECTORIES=\(Self.quoted("\(gitdir)/objects"))")
        if configuration == .none {
            environment += [
                "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
            ]
        }
        // A graph of commits may say of them what they do not.
        let injected =
            [
                ("core.hooksPath", "/dev/null"), ("gc.auto", "0"), ("core.commitGraph", "false"),
                // Or git runs another one in the gitdir itself, with that one's configuration.
                ("core.alternateRefsCommand", "true"),
            ] + settings
        environment.append("GIT_CONFIG_COUNT=\(injected.count)")
        for (index, setting) in injected.enumerated() {
            environment.append("GIT_CONFIG_KEY_\(index)=\(setting.0)")
            environment.append("GIT_CONFIG_VALUE_\(index)=\(setting.1)")
        }
        return environment + entries
    }

    /// What curl and git read of the network, in the user's own environment.
    private static let networkVariables = [
        "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "NO_PROXY",
        "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", "GIT_SSL_NO_VERIFY",
    ]

    /// In that list a colon separates; a name that begins with a quote is read as C would.
    private static func quoted(_ path: String) -> String {
        guard path.contains(":") || path.hasPrefix("\"") else { return path }
        let escaped = path.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        return "\"\(escaped)\""
    }
}

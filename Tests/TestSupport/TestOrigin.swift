// An origin as engines meet them: a path, a server reached by SSH with a deploy key, one of the web
// with a token. With switches for what goes wrong there.

import Model
import POSIX

/// A pod and its origin, and the way from one to the other.
///
/// origin/main has two commits and the pod's main two more (``PodFixture``).
public final class TestOrigin: Sendable {
    public enum Kind: String, Sendable, CaseIterable, CustomStringConvertible {
        case path, ssh, https

        public var description: String { rawValue }
    }

    public let kind: Kind
    public let pod: PodFixture
    /// The server of an origin reached by SSH; nil for others.
    public let server: SSHServer?
    /// The server of an origin of the web; nil for others.
    public let web: WebServer?

    /// The bare repository over there.
    public var path: String { pod.origin }
    /// The key that may read and write; nil where there are no keys.
    public let deployKey: String?
    /// A key that may only read.
    public let readOnlyKey: String?
    public let knownHosts: String?
    /// The file of the token that may read and write; nil where there are no tokens.
    public let tokenFile: String?
    /// The file of a token that may only read.
    public let readOnlyTokenFile: String?

    /// The flags of the engine's verbs that let a pod in.
    public var flags: [String] {
        let files = [
            ("--deploy-key", deployKey), ("--known-hosts", knownHosts), ("--token-file", tokenFile),
        ]
        return files.flatMap { flag, file in file.map { [flag, $0] } ?? [] }
    }

    /// - Parameter sshd: lines for its configuration, where it is reached by SSH.
    public init(_ kind: Kind, sshd lines: [String] = []) throws(Failure) {
        self.kind = kind
        let pod = try PodFixture()
        self.pod = pod
        if kind == .ssh {
            let server = try SSHServer(lines: lines)
            self.server = server
            let key = try SSHKey(.ed25519, at: pod.folder.file("deploy_key"))
            let deploy = pod.folder.file("deploy")
            try writeFile(deploy, Self.gitOnly, mode: 0o755)
            try server.authorize(key.publicLine, options: SSHServer.forced(deploy))
            deployKey = key.path
            let reader = try SSHKey(.ed25519, at: pod.folder.file("read_only_key"))
            let command = pod.folder.file("read_only")
            try writeFile(command, Self.readOnly, mode: 0o755)
            try server.authorize(reader.publicLine, options: SSHServer.forced(command))
            readOnlyKey = reader.path
            let file = pod.folder.file("known_hosts")
            try writeFile(file, server.knownHosts())
            knownHosts = file
        } else {
            (server, deployKey, readOnlyKey, knownHosts) = (nil, nil, nil, nil)
        }
        if kind == .https {
            let web = try WebServer(root: pod.folder.path)
            self.web = web
            tokenFile = pod.folder.file("token")
            try writeFile(pod.folder.file("token"), WebServer.token + "\n", mode: 0o600)
            readOnlyTokenFile = pod.folder.file("read_only_token")
            try writeFile(
                pod.folder.file("read_only_token"), WebServer.readOnlyToken, mode: 0o600)
            try pod.home.configure("http.sslCAInfo", web.authority ?? "")
        } else {
            (web, tokenFile, readOnlyTokenFile) = (nil, nil, nil)
        }
    }

    /// What a deploy key may do on a host: read and write by git, and nothing else.
    private static let gitOnly = """
        #!/bin/sh
        case $SSH_ORIGINAL_COMMAND in
        "git-upload-pack "* | "git-receive-pack "*) exec sh -c "exec $SSH_ORIGINAL_COMMAND" ;;
        esac
        echo 'ERROR: this key is for git alone.' >&2
        exit 1

        """

    /// Serves reading, and says of writing what GitHub says.
    private static let readOnly = """
        #!/bin/sh
        case $SSH_ORIGINAL_COMMAND in
        "git-upload-pack "*) exec sh -c "$SSH_ORIGINAL_COMMAND" ;;
        esac
        echo 'ERROR: The key you are authenticating with has been marked as read only.' >&2
        exit 1

        """

    /// Where the pod finds it.
    public var url: String {
        if let web { return web.url(of: "origin.git") }
        return url(port: server?.port)
    }

    /// The same by way of another port, which a proxy has.
    public func url(port: UInt16?) -> String {
        if let web, let port { return web.url(of: "origin.git", port: port) }
        guard let server, let port else { return path }
        return "ssh://\(server.user)@127.0.0.1:\(port)\(path)"
    }

    /// Lets another key in, as the deploy key is.
    public func authorize(_ key: SSHKey) throws(Failure) {
        try server?.authorize(
            key.publicLine, options: SSHServer.forced(pod.folder.file("deploy")))
    }

    /// The tip of a ref over there; nil if there is none.
    public func tip(_ ref: String = "refs/heads/main") throws(Failure) -> String? {
        try pod.tip(of: ref, in: path)
    }

    // MARK: what goes wrong

    /// Has a hook called `name` refuse every push, with these words.
    public func refuse(_ words: String = "no commits on Fridays", hook name: String = "pre-receive")
        throws(Failure)
    {
        try writeFile(
            "\(path)/hooks/\(name)", "#!/bin/sh\ncat >/dev/null\necho '\(words)' >&2\nexit 1\n",
            mode: 0o755)
    }

    /// Locks a ref, as a git does that moves it, or that was killed while it did.
    public func lock(_ ref: String = "refs/heads/main") throws(Failure) {
        try writeFile("\(path)/\(ref).lock", "")
    }

    public func unlock(_ ref: String = "refs/heads/main") throws(Failure) {
        try run(["rm", "-f", "\(path)/\(ref).lock"]).check()
    }

    /// Stops the server, or takes the repository away where there is none.
    public func vanish() throws(Failure) {
        guard let process = server?.process ?? web?.process else {
            try rename(path, to: "\(path).gone")
            return
        }
        Processes.end(process)
    }

    /// Puts the repository where the URL does not say it is.
    public func hideRepository() throws(Failure) { try rename(path, to: "\(path).hidden") }

    /// The lines of a known_hosts file that has another key for it.
    public func otherKnownHosts() throws(Failure) -> String? {
        guard let server else { return nil }
        let other = try SSHKey(.ed25519, at: pod.folder.file("other_host_key"))
        let file = pod.folder.file("other_known_hosts")
        try writeFile(file, "[127.0.0.1]:\(server.port) \(other.publicLine)\n")
        return file
    }

    /// How often somebody was let in at its sshd.
    public var logins: Int { (server?.log ?? "").ranges(of: "Accepted publickey").count }
}

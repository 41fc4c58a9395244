// A real web server on loopback that serves git's own smart HTTP: lighttpd, TLS by a certificate
// authority of its own, and a small script that looks at tokens before `git http-backend` does.

import Model
import POSIX

/// Debian's lighttpd on 127.0.0.1, run by whoever runs the tests, root or not.
public final class WebServer: Sendable {
    /// What a request was: `GET /git/origin.git/info/refs?service=git-upload-pack`, and what it said
    /// of who sent it: empty, or `Basic …`.
    public struct Request: Sendable {
        public let line: String
        public let authorization: String
    }

    public let port: UInt16
    /// The certificate of the authority that vouches for it; nil for plain HTTP.
    public let authority: String?
    /// The user of every token.
    public static let user = "x-access-token"
    public static let token = "ghp-test_0123456789abcdefghijklmnop"
    public static let readOnlyToken = "ghp-read_0123456789abcdefghijklmnop"
    private let folder: TemporaryDirectory
    private let daemon: Daemon

    /// The process that listens.
    public var process: Int32 { daemon.process }

    /// Every request so far.
    public var requests: [Request] {
        contents(folder.file("requests")).split(separator: "\n").map { line in
            let parts = line.split(separator: "|", omittingEmptySubsequences: false)
            return Request(line: String(parts[0]), authorization: String(parts.last ?? ""))
        }
    }

    /// Serves the repositories below `root`, over TLS unless told otherwise.
    ///
    /// - Throws: ``Failure`` with the server's own words if it does not start.
    public init(root: String, isEncrypted: Bool = true) throws(Failure) {
        let folder = try TemporaryDirectory()
        self.folder = folder
        authority = isEncrypted ? try Self.makeCertificates(in: folder) : nil
        try writeFile(folder.file("requests"), "", mode: 0o666)
        try writeFile(folder.file("cgi"), Self.script(root, folder), mode: 0o755)
        (port, daemon) = try Self.start(isEncrypted: isEncrypted, in: folder)
    }

    /// The URL of the repository `name`, with `host` as one of the server's names.
    public func url(of name: String, host: String = "127.0.0.1", port: UInt16? = nil) -> String {
        "\(authority == nil ? "http" : "https")://\(host):\(port ?? self.port)/git/\(name)"
    }

    /// The header that a token is sent in.
    public static func authorization(_ token: String) -> String {
        "Basic " + Base64.encode(Array("\(user):\(token)".utf8))
    }

    // MARK: what goes wrong

    /// Sends everybody on to `base`, which takes the place of `…/git`; or only who has the token.
    public func redirect(to base: String, onlyKnown: Bool = false) throws(Failure) {
        try run(["rm", "-f", folder.file("redirect"), folder.file("redirect_known")]).check()
        try writeFile(folder.file(onlyKnown ? "redirect_known" : "redirect"), base)
    }

    /// Sends who asks for one repository on to another one of this server, as after a move.
    public func rename(_ old: String, to new: String) throws(Failure) {
        try writeFile(folder.file("renamed"), "\(old) \(new)\n")
    }

    /// Answers nothing from now on, and keeps connections open.
    public func fallSilent() throws(Failure) { try writeFile(folder.file("silent"), "") }

    /// Answers everybody who has the token with this status and these words.
    public func answer(_ status: String, _ words: String) throws(Failure) {
        try writeFile(folder.file("answer"), "\(status)\n\(words)\n")
    }

    /// Answers everybody as before ``answer(_:_:)``.
    public func answerAsBefore() throws(Failure) {
        try run(["rm", "-f", folder.file("answer")]).check()
    }

    // MARK: making it

    /// What runs for each request (RFC 3875).
    private static func script(_ root: String, _ folder: TemporaryDirectory) -> String {
        """
        #!/bin/sh
        cd \(folder.path)
        say() { printf 'Status: %s\\r\\nContent-Type: text/plain\\r\\n%s\\r\\n\\r\\n' "$1" "$2"; }
        echo "$REQUEST_METHOD $REQUEST_URI|$HTTP_AUTHORIZATION" >>requests
        if test -e silent; then \(folder.standStill); exit; fi
        redirect() { say '302 Found' "Location: $(cat $1)${REQUEST_URI#/git}"; exit; }
        test ! -e redirect || test "${HTTP_HOST%%:*}" = localhost || redirect redirect
        test ! -e renamed || read -r old new <renamed
        case $REQUEST_URI in
        "/git/${old:-none}/"*)
            say '301 Moved Permanently' "Location: /git/$new${REQUEST_URI#/git/$old}"
            exit ;;
        esac
        case $HTTP_AUTHORIZATION in
        "\(authorization(token))") REMOTE_USER=writer ;;
        "\(authorization(readOnlyToken))") REMOTE_USER=reader ;;
        *)
            say '401 Unauthorized' 'WWW-Authenticate: Basic realm="git"'
            echo 'Invalid username or password.'
            exit ;;
        esac
        if test -e redirect_known; then
            redirect redirect_known
        elif test -e answer; then
            say "$(head -n 1 answer)" 'Cache-Control: no-store'
            tail -n +2 answer
            exit
        fi
        case $REMOTE_USER:$REQUEST_URI in
        reader:*git-receive-pack*)
            say '403 Forbidden' 'Cache-Control: no-store'
            echo 'Write access to repository not granted.'
            exit ;;
        esac
        export REMOTE_USER GIT_PROJECT_ROOT='\(root)' GIT_HTTP_EXPORT_ALL=1
        exec git http-backend

        """
    }

    /// A certificate authority and a certificate of its for both names of the loopback.
    private static func makeCertificates(in folder: TemporaryDirectory) throws(Failure) -> String {
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        let request = ["openssl", "req", "-x509"] + key
        let authority = folder.file("authority.pem")
        try run(
            request + [
                "-subj", "/CN=Authority of a test", "-keyout", folder.file("authority.key"),
                "-out", authority,
            ]
        ).check()
        try run(
            request + [
                "-subj", "/CN=localhost", "-keyout", folder.file("server.key"),
                "-out", folder.file("server.pem"), "-CA", authority,
                "-CAkey", folder.file("authority.key"),
                "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                "-addext", "basicConstraints=critical,CA:FALSE",
            ]
        ).check()
        return authority
    }

    /// Starts the server on a free port; another try if somebody takes the port meanwhile.
    private static func start(isEncrypted: Bool, in folder: TemporaryDirectory) throws(Failure)
        -> (UInt16, Daemon)
    {
        let program = findProgram("lighttpd") ?? "/usr/sbin/lighttpd"
        for _ in 0..<5 {
            let listener = try Loopback.listener()
            let port = Loopback.port(of: listener.raw)
            _ = consume listener
            try writeFile(folder.file("config"), configuration(port, isEncrypted, folder))
            try writeFile(folder.file("log"), "")
            let daemon = try Daemon([program, "-D", "-f", folder.file("config")])
            let listens = eventually {
                contents(folder.file("log")).contains("server started") || !daemon.isRunning
            }
            if listens, daemon.isRunning { return (port, daemon) }
        }
        throw Failure(.failed, "lighttpd did not start: \(contents(folder.file("log")))")
    }

    private static func configuration(
        _ port: UInt16, _ isEncrypted: Bool, _ folder: TemporaryDirectory
    ) -> String {
        let modules = ["mod_alias", "mod_cgi"] + (isEncrypted ? ["mod_openssl"] : [])
        let lines = [
            "server.modules = (\(modules.map { "\"\($0)\"" }.joined(separator: ", ")))",
            "server.bind = \"127.0.0.1\"",
            "server.port = \(port)",
            "server.document-root = \"\(folder.path)\"",
            "server.errorlog = \"\(folder.file("log"))\"",
            "server.upload-dirs = (\"\(folder.path)\")",
            "server.stream-response-body = 1",
            // Its HTTP/2 (1.4.69) breaks off requests whose length is not told beforehand: packs.
            "server.feature-flags = (\"server.h2proto\" => \"disable\")",
            "alias.url = (\"/git\" => \"\(folder.file("cgi"))\")",
            "$HTTP[\"url\"] =~ \"^/git\" { cgi.assign = (\"\" => \"\") }",
        ]
        let encryption = [
            "ssl.engine = \"enable\"",
            "ssl.pemfile = \"\(folder.file("server.pem"))\"",
            "ssl.privkey = \"\(folder.file("server.key"))\"",
        ]
        return (lines + (isEncrypted ? encryption : [])).joined(separator: "\n") + "\n"
    }
}

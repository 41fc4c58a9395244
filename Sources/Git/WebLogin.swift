// Who we are to an origin of the web, and how git gets to know it: by a credential helper that reads
// the token's file itself. The token is in no argument, no setting and no URL that git is given.

import Model
import POSIX

/// A user and where the secret that goes with it is.
struct WebLogin {
    /// Injected configuration: for this server, our helper and no other.
    let settings: [(key: String, value: String)]
    /// What the helper reads.
    let environment: [EnvironmentEntry]
    /// What no log and no message may show.
    let secrets: [String]

    /// Nil if we have no secret: then the user's own credential helpers are asked.
    ///
    /// - Throws: ``OriginFailure`` for a token file that cannot be used, or a server to which a
    ///   secret would go in the clear.
    init?(_ settings: OriginSettings) throws(OriginFailure) {
        guard case .http(_, let user, let password) = settings.url.way,
            let server = settings.url.server
        else { return nil }
        let name = user.flatMap { $0.isEmpty ? nil : $0 } ?? settings.tokenUser
        let secret: String
        do throws(Failure) {
            if let file = settings.tokenFile {
                secret = try Self.token(in: file)
                environment = ["GIT_POD_USER=\(name)", "GIT_POD_TOKEN_FILE=\(absolute(file))"]
            } else if let password, !password.isEmpty || user?.isEmpty == false {
                secret = password
                environment = ["GIT_POD_USER=\(name)", "GIT_POD_PASSWORD=\(password)"]
            } else {
                return nil
            }
            guard !settings.url.isReadableOnTheWay else {
                throw Failure(
                    .configuration, "the token for \(server) could be read on its way there",
                    hint: "use https://")
            }
        } catch { throw OriginFailure(.authentication, error) }
        secrets = [secret, Base64.encode(Array("\(name):\(secret)".utf8))].filter { !$0.isEmpty }
        // The empty value takes back every helper that was named before: none is asked, and none
        // is told of the token to keep it. Ours counts for this server alone, so that no other one,
        // a proxy or where origin redirects to, gets the token.
        self.settings = [("credential.helper", ""), ("credential.\(server).helper", Self.helper)]
    }

    /// Run by git through a shell: it must hold nothing that anybody chose. printf is the shell's
    /// own, so that the token is in no process's arguments.
    private static let helper = """
        !f() { \
        test "$1" = get || exit 0; password=$GIT_POD_PASSWORD; \
        test -z "$GIT_POD_TOKEN_FILE" || IFS= read -r password <"$GIT_POD_TOKEN_FILE"; \
        printf 'username=%s\\npassword=%s\\n' "$GIT_POD_USER" "$password"; }; f
        """

    /// The most that a token's file may hold.
    private static let largestTokenFile = 64 << 10

    /// The first line of a token's file.
    static func token(in file: String) throws(Failure) -> String {
        let content = try readSecret(
            file, what: "token file", setting: "--token-file (pod.tokenFile)",
            limit: largestTokenFile)
        let line = content.prefix { $0 != UInt8(ascii: "\n") }
        guard !line.isEmpty else {
            throw Failure(
                .configuration, "the token file \(file) begins with an empty line",
                hint: "put the token on its first line")
        }
        // RFC 6750, section 2.1, and every password that a host makes: visible ASCII.
        guard line.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw Failure(
                .configuration,
                "the token file \(file) has a blank or another character that no token has",
                hint: "put the token alone on its first line, without a carriage return")
        }
        return String(decoding: line, as: UTF8.self)
    }
}

/// A path that means the same in another folder.
private func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : (realPath(".") ?? ".") + "/" + path
}

// What `~/.ssh/config` says of a host, as `ssh -G` prints it.

import Model
import POSIX

/// The answers of `ssh -G`, in lower-case keywords.
struct SSHConfiguration: Sendable {
    private var values: [String: [String]] = [:]
    /// Whether some of it is no UTF-8, so that a file in it may be called otherwise.
    private var isMended = false

    /// Reads `keyword value` lines.
    init(output: String = "") {
        for line in output.split(separator: "\n") {
            guard let blank = line.firstIndex(of: " ") else { continue }
            let value = String(line[line.index(after: blank)...])
            values[line[..<blank].lowercased(), default: []].append(value)
        }
    }

    /// Reads what `ssh -G` wrote.
    init(bytes: [UInt8]) {
        self.init(output: String(decoding: bytes, as: UTF8.self))
        isMended = String(validating: bytes, as: UTF8.self) == nil
    }

    /// Asks `ssh`; nothing where there is none, or none that works for this user.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if ssh refuses its own configuration.
    static func read(
        host: String, user: String?, port: UInt16?, until deadline: Deadline
    ) throws(Failure) -> SSHConfiguration {
        guard findProgram("ssh") != nil else { return SSHConfiguration() }
        var arguments = ["ssh", "-G"]
        if let user { arguments += ["-l", user] }
        if let port { arguments += ["-p", "\(port)"] }
        let result = try runToEnd(arguments + ["--", host], until: deadline)
        guard result.status.isSuccess else {
            // As where there is none: whoever has no account, as in a container, has no use for it.
            if result.firstComplaint.contains("No user exists for uid") {
                return SSHConfiguration()
            }
            throw Failure(
                .configuration, "ssh does not take its configuration: \(result.firstComplaint)",
                hint: "see what `ssh -G \(host)` says")
        }
        return SSHConfiguration(bytes: result.output)
    }

    func value(_ keyword: String) -> String? {
        values[keyword]?.first.flatMap { $0.isEmpty || $0 == "none" ? nil : $0 }
    }

    func all(_ keyword: String) -> [String] {
        (values[keyword] ?? []).filter { $0 != "none" }
    }

    /// A list of names on one line, as `ciphers` has it; nil where ssh does not say.
    func names(_ keyword: String) -> [String]? {
        value(keyword)?.split(separator: ",").map(String.init)
    }

    /// The files of known host keys, the user's first. `home` is what ssh takes for `~`.
    ///
    /// ssh prints a list of files without quotes, so that a blank in a name looks like the end of it;
    /// the list that it has by default is known all the same.
    ///
    /// - Throws: ``UnreadableList`` where a piece of a list cannot be a whole name.
    func knownHostsFiles(home: String) throws(UnreadableList) -> [String] {
        let own = ["known_hosts", "known_hosts2"].map { "\(home)/.ssh/\($0)" }
        let user = try files("userknownhostsfile", byDefault: own)
        return try user + files("globalknownhostsfile", byDefault: ["/etc/ssh/ssh_known_hosts"])
    }

    /// A list of file names that cannot be told apart.
    struct UnreadableList: Error {}

    private func files(_ keyword: String, byDefault files: [String]) throws(UnreadableList)
        -> [String]
    {
        guard let list = values[keyword]?.first, list != files.joined(separator: " ") else {
            return files
        }
        if list == "none" { return [] }
        let pieces = list.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let areWhole = pieces.allSatisfy { $0.hasPrefix("/") || $0.hasPrefix("~/") }
        guard areWhole else { throw UnreadableList() }
        return pieces
    }

    /// What has an `ssh` child do something else than run our command with our input and output, as
    /// options that turn it off. Only what this ssh knows: it refuses an option that it does not.
    var takenBack: [String] {
        let plain = [
            ("remotecommand", "RemoteCommand=none"), ("sessiontype", "SessionType=default"),
            ("stdinnull", "StdinNull=no"),
            ("forkafterauthentication", "ForkAfterAuthentication=no"),
        ]
        return plain.filter { keyword, option in
            values[keyword]?.first.map { !option.hasSuffix("=\($0)") } ?? false
        }.map(\.1)
    }

    /// The first thing in it that libssh2 cannot do, if there is one.
    var beyondLibrary: String? {
        let keywords = [
            ("proxyjump", "ProxyJump"), ("proxycommand", "ProxyCommand"),
            ("certificatefile", "CertificateFile"), ("pkcs11provider", "PKCS11Provider"),
            ("knownhostscommand", "KnownHostsCommand"), ("revokedhostkeys", "RevokedHostKeys"),
            ("bindaddress", "BindAddress"), ("bindinterface", "BindInterface"),
        ]
        if let (_, name) = keywords.first(where: { value($0.0) != nil }) { return name }
        if ["no", "false"].contains(value("pubkeyauthentication")) {
            return "PubkeyAuthentication = no"
        }
        if let family = value("addressfamily"), family != "any" { return "AddressFamily" }
        let paths = all("identityfile") + [value("identityagent") ?? ""]
        if isMended { return "file names that are no UTF-8" }
        let tokens = paths.contains {
            $0.replacing("%%", with: "").contains("%") || $0.contains("${")
        }
        return tokens ? "tokens in IdentityFile" : nil
    }
}

extension String {
    /// This text with every `part` replaced: Foundation has the like, and is not linked.
    fileprivate func replacing(_ part: String, with other: String) -> String {
        var result = ""
        var rest = self[...]
        while let first = rest.first {
            if rest.hasPrefix(part) {
                result += other
                rest = rest.dropFirst(part.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}

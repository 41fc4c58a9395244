// Looking a host up in its known_hosts files, and judging the key it showed.

import CLibssh2
import Model
import POSIX

extension KnownHosts {
    /// Reads the lines that speak of `target` out of its files; a file that is not there has none.
    init(for target: SSHTarget, session: Session) throws(SSHProblem) {
        let bare = (target.hostKeyAlias ?? target.host).lowercased()
        let name = target.hostKeyAlias == nil ? Self.name(bare, port: target.port) : bare
        var exact: [KnownHostLine] = []
        var portless: [KnownHostLine] = []
        for file in target.knownHostsFiles where fileStatus(file) != nil {
            let content = try Self.read(file, for: target)
            for text in content.split(separator: UInt8(ascii: "\n")) {
                guard let line = KnownHostLine(String(decoding: text, as: UTF8.self)) else {
                    continue
                }
                if session.matches(line, name) {
                    exact.append(line)
                } else if name != bare, session.matches(line, bare) {
                    portless.append(line)
                }
            }
        }
        self.init(exact: exact, portless: portless)
    }

    /// The largest file that is searched; a larger one is left to ssh.
    private static let largestFile = 4 << 20

    private static func read(_ file: String, for target: SSHTarget) throws(SSHProblem) -> [UInt8] {
        if let status = fileStatus(file), status.kind == .file, status.size > largestFile {
            throw .beyondLibrary("search a file as large as \(file)")
        }
        do throws(Failure) { return try readFile(file, limit: largestFile) } catch {
            throw .failure(
                Failure(
                    .configuration, error.message,
                    hint: "the host key of \(target.words.peer) is looked up there: let user "
                        + "\(currentUser()) read it, or name another file"))
        }
    }

    /// Lets a host key pass, or says why not.
    ///
    /// - Throws: ``Failure`` of kind `refused`.
    func admit(
        _ key: PublicKey, fingerprint: String, of target: SSHTarget,
        _ person: any SSHConversationalist
    ) throws(Failure) {
        let shown = "\(key.type) \(fingerprint)"
        let files = target.knownHostsFiles.joined(separator: " or ")
        switch verdict(on: key) {
        case .known:
            person.note("host key of \(target.place) is known: \(shown)")
        case .revoked:
            throw Failure(
                .refused, "the host key of \(target.place) is revoked in \(files): \(shown)",
                hint: "do not connect until the owner of \(target.words.peer) has explained it")
        case .mismatch:
            throw Failure(
                .refused, "the host key of \(target.place) is not the one in \(files): \(shown)",
                hint:
                    "if \(target.words.peer) was made anew, remove the old line with ssh-keygen "
                    + "-f \(target.knownHostsFiles.first ?? "FILE") -R "
                    + "'\(Self.name(target.hostKeyAlias ?? target.host, port: target.port))'; "
                    + "if not, somebody may be in between")
        case .unknown where target.policy == .acceptNew:
            try remember(key, of: target)
            person.note("host key of \(target.place) is new and now known: \(shown)")
        case .unknown:
            throw Failure(
                .refused, "the host key of \(target.place) is not in \(files): \(shown)",
                hint: "compare it with what \(target.words.peer) has, then add it with "
                    + "ssh-keyscan -p \(target.port) \(target.host)")
        }
    }

    private func remember(_ key: PublicKey, of target: SSHTarget) throws(Failure) {
        guard let named = target.knownHostsFiles.first else { return }
        let file = realPath(named) ?? named
        let name = Self.name(target.hostKeyAlias ?? target.host, port: target.port)
        if let folder = file.lastIndex(of: "/") { try makeFolder(String(file[..<folder])) }
        // A last line that somebody did not end would be spoilt by ours, and ours by it.
        let last = (try? readFile(file))?.last
        let end = last == nil || last == UInt8(ascii: "\n") ? "" : "\n"
        try appendToFile(file, "\(end)\(name) \(key.line)\n", mode: 0o600)
    }
}

extension Session {
    /// Whether `line` speaks of `name`; a hashed name is asked of libssh2, which has the HMAC.
    fileprivate func matches(_ line: KnownHostLine, _ name: String) -> Bool {
        if let matched = line.matches(name) { return matched }
        guard case .hashed(let salt, let hash) = line.names,
            let hosts = unsafe libssh2_knownhost_init(handle)
        else { return false }
        defer { unsafe libssh2_knownhost_free(hosts) }
        let stored =
            LIBSSH2_KNOWNHOST_TYPE_SHA1 | LIBSSH2_KNOWNHOST_KEYENC_BASE64
            | LIBSSH2_KNOWNHOST_KEY_SSHRSA
        let added = unsafe libssh2_knownhost_addc(
            hosts, hash, salt, "AAAA", 4, nil, 0, stored, nil)
        // A mask without a key type compares names only: a mismatch of keys is a match of names.
        let asked = LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_BASE64
        let verdict = unsafe libssh2_knownhost_checkp(hosts, name, -1, "BBBB", 4, asked, nil)
        return added == 0 && verdict == LIBSSH2_KNOWNHOST_CHECK_MISMATCH
    }
}

// Proving who we are: the agent's keys, then key files, in the order that OpenSSH tries them.

import CLibssh2
import Model
import POSIX

/// A key that may be offered to the server.
private enum Candidate {
    case agent(PublicKey)
    case file(PrivateKeyFile)
}

extension Session {
    /// Offers keys until the server accepts one.
    ///
    /// Returns false if the server refused a signature after the first channel was asked for: this
    /// session is of no use then, and another must be made with `asksEarly` false.
    ///
    /// - Throws: ``SSHProblem/beyondLibrary(_:)`` if everything that libssh2 can sign with was refused
    ///   and there are keys that it cannot sign with; else a ``Failure`` of kind `refused`, or
    ///   `unreachable` if the connection broke.
    public func authenticate(with person: any SSHConversationalist) throws(SSHProblem) -> Bool {
        let agent = connectAgent(person)
        let (candidates, unusable) = try candidates(agent, person)
        var refused: [String] = []
        var unsigned: Failure?
        for candidate in candidates {
            let (name, accepted) =
                switch candidate {
                case .agent(let key):
                    ("\(key.type) of the agent", try offer(key, of: agent, &unsigned))
                case .file(let file): (file.path, try offer(file, person))
                }
            if accepted {
                person.note("authenticated to \(target.place) as \(target.user) with \(name)")
                return true
            }
            guard case .notAsked = early else { return false }
            person.note("\(target.place) refused \(name)")
            refused.append(name)
        }
        if let first = unusable.first { throw .beyondLibrary("sign with \(first)") }
        if let unsigned { throw .failure(unsigned) }
        throw .failure(
            Failure(
                .refused,
                "\(target.place) lets \(target.user) in with none of our keys (tried: "
                    + (refused.isEmpty ? "none, there is no key" : refused.joined(separator: ", "))
                    + ")",
                hint: "add the public key to \(target.words.keyPlace), or set "
                    + target.words.keySetting))
    }

    private func connectAgent(_ person: any SSHConversationalist) -> Agent? {
        guard let path = target.agentSocket else { return nil }
        do throws(Failure) { return try Agent(path: path) } catch {
            person.note("\(error)")
            return nil
        }
    }

    /// The keys in the order to try them, and the names of those that libssh2 cannot sign with.
    private func candidates(
        _ agent: Agent?, _ person: any SSHConversationalist
    ) throws(SSHProblem) -> ([Candidate], [String]) {
        var held: [PublicKey] = []
        do throws(Failure) {
            if let agent { held = try agent.identities(until: deadline.halfway) }
        } catch { person.note("\(error)") }
        let (files, fileNotes) = try keyFiles(person)
        var unusable = fileNotes
        let named = files.compactMap(\.publicKey)
        var candidates: [Candidate] = []
        let first = held.filter(named.contains)
        let rest = target.identitiesOnly ? [] : held.filter { !named.contains($0) }
        for key in first + rest {
            if key.type.isUsable {
                candidates.append(.agent(key))
            } else {
                unusable.append("the agent's \(key.type) key")
            }
        }
        let loose = files.filter { file in file.publicKey.map { !held.contains($0) } ?? true }
        for file in loose {
            if file.type?.isUsable == true {
                candidates.append(.file(file))
            } else {
                unusable.append("\(file.path) (\(file.type?.name ?? "of a kind it cannot tell"))")
            }
        }
        return (candidates, unusable)
    }

    private func keyFiles(_ person: any SSHConversationalist) throws(SSHProblem)
        -> ([PrivateKeyFile], [String])
    {
        var files: [PrivateKeyFile] = []
        var unusable: [String] = []
        for path in target.identityFiles {
            if fileStatus("\(path)-cert.pub") != nil {
                unusable.append("the certificate \(path)-cert.pub")
            }
            do throws(Failure) {
                if !target.identitiesAreExplicit, fileStatus(path) == nil { continue }
                let content = try readPrivateKey(path, setting: target.words.keySetting)
                let beside = try? readFile("\(path).pub", limit: 64 * 1024)
                guard
                    let file = PrivateKeyFile(
                        path: path, content: content,
                        publicLine: beside.map { String(decoding: $0, as: UTF8.self) })
                else {
                    unusable.append(path)
                    continue
                }
                files.append(file)
            } catch {
                if target.identitiesAreExplicit { throw .failure(error) }
                person.note("\(error)")
            }
        }
        return (files, unusable)
    }

    // MARK: offering

    /// Offers a key that the agent signs with. What keeps the agent from it is no refusal of the
    /// server's: `unsigned` then says what, in case that no other key fits.
    ///
    /// - Throws: ``SSHProblem`` with a ``Failure`` of kind `unreachable` also for an agent that says
    ///   nothing any more.
    private func offer(_ key: PublicKey, of agent: Agent?, _ unsigned: inout Failure?)
        throws(SSHProblem) -> Bool
    {
        guard let agent else { return false }
        let request = SignRequest(session: self) { data throws(Failure) in
            try agent.sign(data, with: key)
        }
        let code = try offer(key, signing: request)
        guard let failure = request.failure else { return try accepted(code) }
        let ours = Failure(.unreachable, failure.message, hint: failure.hint)
        guard failure.kind == .refused else { throw .failure(ours) }
        unsigned = unsigned ?? ours
        return false
    }

    /// Offers a key to the server, which says whether it knows it before anything is signed.
    private func offer(_ key: PublicKey, signing request: SignRequest) throws(SSHProblem) -> Int32 {
        try withExtendedLifetime(request) { () throws(SSHProblem) in
            var context = unsafe UnsafeMutableRawPointer?(
                Unmanaged.passUnretained(request).toOpaque())
            return try proveIdentity {
                unsafe libssh2_userauth_publickey(
                    handle, target.user, key.blob, key.blob.count, signByRequest, &context)
            }
        }
    }

    /// Offers a key file, asking for its passphrase up to three times, as OpenSSH does; and not at
    /// all if the server does not know the key.
    private func offer(_ file: PrivateKeyFile, _ person: any SSHConversationalist)
        throws(SSHProblem) -> Bool
    {
        guard file.isEncrypted else {
            return try accepted(try offer(file, passphrase: nil))
        }
        if let key = file.publicKey {
            let question = SignRequest(session: self, sign: nil)
            let code = try offer(key, signing: question)
            guard question.wasAsked else { return try accepted(code) }
        }
        for attempt in 0..<3 {
            let answer = pausingDeadline {
                person.passphrase(for: file.path, again: attempt > 0)
            }
            guard let passphrase = answer else {
                person.note("nobody to ask for the passphrase of \(file.path)")
                return false
            }
            let code = try offer(file, passphrase: passphrase)
            if try accepted(code) { return true }
            // Else the key could not be opened, and the server knows nothing of it.
            if isRefusal(code) { return false }
        }
        return false
    }

    private func offer(_ file: PrivateKeyFile, passphrase: String?) throws(SSHProblem) -> Int32 {
        let publicLine = file.publicKey?.line
        return try proveIdentity {
            unsafe file.content.withUnsafeBytes { bytes in
                unsafe libssh2_userauth_publickey_frommemory(
                    handle, target.user, target.user.utf8.count,
                    publicLine, publicLine?.utf8.count ?? 0,
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count,
                    passphrase)
            }
        }
    }

    /// Whether `code` is the server's: of the key, or of its signature. libssh2 1.10 has one code for
    /// that and for a key that it could not open; should another version say it in other words, the
    /// passphrase is asked for again.
    private func isRefusal(_ code: Int32) -> Bool {
        code == LIBSSH2_ERROR_AUTHENTICATION_FAILED
            || code == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED
                && lastErrorText?.hasPrefix("Invalid signature") == true
    }

    private func accepted(_ code: Int32) throws(SSHProblem) -> Bool {
        switch code {
        case 0: return true
        case LIBSSH2_ERROR_SOCKET_DISCONNECT, LIBSSH2_ERROR_SOCKET_RECV,
            LIBSSH2_ERROR_SOCKET_SEND, LIBSSH2_ERROR_SOCKET_TIMEOUT:
            throw .failure(
                broken(
                    "authentication", code,
                    hint: "it may have counted too many keys: set \(target.words.keySetting) and "
                        + "IdentitiesOnly"))
        default: return false
        }
    }
}

/// The content of a private key file that may be used.
///
/// As OpenSSH: a key of ours that others may read is no secret. `setting` is what names the file.
///
/// - Throws: ``Failure`` of kind `configuration`, with what to do about the file.
@discardableResult
public func readPrivateKey(_ path: String, setting: String) throws(Failure) -> [UInt8] {
    try readSecret(path, what: "key file", setting: setting, limit: largestPrivateKey)
}

/// Checks that a key file is of use where nobody can be asked for its passphrase.
///
/// A public key, and an encrypted private one, are: where an agent may hold what they lack.
///
/// - Throws: ``Failure`` of kind `configuration`, with what to do about the file.
///
/// - Parameter isForProgram: whether `ssh` gets it, which takes none without a line's end.
public func checkPrivateKey(
    _ path: String, setting: String, hasAgent: Bool, isForProgram: Bool
) throws(Failure) {
    let content = try readPrivateKey(path, setting: setting)
    guard let file = PrivateKeyFile(path: path, content: content, publicLine: nil) else {
        let isPublic = PublicKey(line: String(decoding: content, as: UTF8.self)) != nil
        guard !isPublic || !hasAgent else { return }
        throw Failure(
            .configuration,
            "the key file \(path) holds \(isPublic ? "a public key" : "no private key")",
            hint: "correct \(setting)")
    }
    if !hasAgent, file.isOpenSSH, isForProgram || file.type?.isUsable != true,
        content.last != UInt8(ascii: "\n")
    {
        throw Failure(
            .configuration, "the key file \(path) has no end of line at its end",
            hint: "ssh does not take it without one: echo >>\(path)")
    }
    guard !file.isEncrypted || hasAgent else {
        throw Failure(
            .configuration,
            "the key file \(path) is encrypted, and nobody is here to be asked for its passphrase",
            hint: "use a key without one, or have an ssh-agent hold it")
    }
}

/// The largest file that is taken for a private key.
private let largestPrivateKey = 1 << 20

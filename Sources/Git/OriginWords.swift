// What the words of origins mean: git's own, its hooks' and those of the hosts that people use.
// Only reasons are told from them; the words themselves go into the message.

import Model

/// What an origin, or git about it, wrote for a person.
struct OriginWords {
    /// Lines made harmless, oldest first.
    let lines: [String]

    init(_ lines: [String]) { self.lines = lines }

    /// Signs of a reason, in lower case, in the order in which they decide.
    private static let signs: [(PushFailureReason, [String])] = [
        (
            .diskFull,
            [
                "no space left on device", "disk quota exceeded", "not enough space",
                "disk is full",
                "out of diskspace",
            ]
        ),
        (
            .readOnlyKey,
            [
                // GitHub, Gitea, GitLab, gitolite, cgit and Bitbucket, in this order.
                "marked as read only", "does not have write access", "deploy key does not have",
                "this deploy key does not have write", "is read-only", "read-only access",
                "read only access", "denied to", "not authorized to write",
                "fatal: w any", "write access to repository not granted",
                "no write access", "not allowed to push", "may only read",
            ]
        ),
        (
            .hostKey,
            [
                "host key verification failed", "remote host identification has changed",
                "ssl certificate problem", "server certificate verification failed",
                "certificate verify failed", "unable to get local issuer certificate",
                "no alternative certificate subject name", "ssl: no alternative",
                "certificate subject name", "certificate has expired",
            ]
        ),
        (
            .authentication,
            [
                "permission denied (", "authentication failed", "could not read username",
                "could not read password", "terminal prompts disabled", "invalid username or",
                "requested url returned error: 401", "requested url returned error: 403",
                "access denied", "denied by",
            ]
        ),
        (
            .timeout,
            [
                "operation too slow", "operation timed out", "connection timed out",
                "timeout was reached", "timed out",
            ]
        ),
        (
            .unreachable,
            [
                "could not resolve", "connection refused", "failed to connect", "couldn't connect",
                "connection reset", "network is unreachable", "no route to host",
                "connection closed", "empty reply from server", "remote end hung up",
                "early eof", "unexpected disconnect", "requested url returned error: 5",
                "broken pipe", "does not appear to be a git repository", "repository not found",
                "requested url returned error: 404", "no such file or directory", "' not found",
                // Who answers speaks no TLS, or stops in the middle of it.
                "gnutls_handshake() failed", "gnutls recv error", "wrong version number",
                "ssl_error_syscall", "tls connection was non-properly terminated",
            ]
        ),
    ]

    /// The reason that the words give for a failure as a whole, and the line that gives it.
    var reason: (PushFailureReason, line: String)? {
        for (reason, signs) in Self.signs {
            let line = lines.first { line in
                let low = line.lowercased()
                return signs.contains { low.contains($0) }
            }
            if let line { return (reason, line) }
        }
        return nil
    }

    /// The first line that names something in the folder `path`.
    func line(naming path: String) -> String? { lines.first { $0.contains("\(path)/") } }

    /// Whether a server knows who we are and says no (RFC 9110, section 15.5.4).
    var forbids: Bool { lines.contains { $0.contains("requested URL returned error: 403") } }

    /// The line that says most: an error's, else the last one.
    var telling: String? {
        let marks = ["ERROR: ", "error: ", "fatal: ", "remote: error: ", "remote: fatal: "]
        let empty = [
            "fatal: Could not read from remote repository", "remote: ", "fatal: the remote end",
        ]
        let spoken = lines.filter { line in
            !line.isEmpty && !line.hasPrefix("error: hook declined to update")
                && !empty.contains { line == $0 || line.hasPrefix($0 + ".") }
        }
        return spoken.first { line in marks.contains { line.hasPrefix($0) } } ?? spoken.last
    }

    /// What a ref's own status (`git push`'s parentheses, a report-status line) means.
    func reason(ofStatus status: String) -> PushFailureReason {
        let status = status.lowercased()
        func says(_ signs: String...) -> Bool { signs.contains { status.contains($0) } }
        if let (named, _) = reason, named == .diskFull || named == .readOnlyKey { return named }
        if says("non-fast-forward", "fetch first", "stale info", "incorrect old value") {
            return .nonFastForward
        }
        if says("failed to update", "failed to lock", "cannot lock", "unable to lock") {
            // Somebody else moved the ref between advertisement and update, or holds its lock.
            let moved = lines.contains {
                $0.contains("but expected") || $0.contains("already exists")
                    // It was deleted. A broken one is named in the same words, and what is wrong.
                    || $0.contains("unable to resolve reference '") && $0.hasSuffix("'")
            }
            return moved ? .nonFastForward : .unknown
        }
        if says("already exists") { return .nonFastForward }
        if says("unpack", "missing necessary objects", "remote failure", "internal") {
            return .unknown
        }
        return .rejected
    }
}

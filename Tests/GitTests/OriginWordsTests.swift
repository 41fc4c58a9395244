// What the words of hosts and of git are taken for. The sentences are what these programs write.

import Model
import Testing

@testable import Git

@Suite("The words of an origin")
struct OriginWordsTests {
    @Test(
        "tell the reason of a failure",
        arguments: [
            // GitHub
            (
                "ERROR: The key you are authenticating with has been marked as read only.",
                "read-only-key"
            ),
            ("ERROR: Permission to ada/shop.git denied to deploy key", "read-only-key"),
            ("remote: Permission to ada/shop.git denied to ada.", "read-only-key"),
            ("remote: Write access to repository not granted.", "read-only-key"),
            ("ERROR: Repository not found.", "unreachable"),
            // GitLab
            (
                "remote: ERROR: This deploy key does not have write access to this project.",
                "read-only-key"
            ),
            ("remote: You are not allowed to push code to this project.", "read-only-key"),
            ("remote: HTTP Basic: Access denied", "authentication"),
            // Gitea
            ("Gitea: Deploy Key: 3:pod is not authorized to write to ada/shop.", "read-only-key"),
            ("remote: Invalid username or password.", "authentication"),
            // gitolite
            ("FATAL: W any shop pod DENIED by fallthru", "read-only-key"),
            ("FATAL: R any shop pod DENIED by fallthru", "authentication"),
            // git and curl
            ("fatal: Authentication failed for 'https://h/r.git/'", "authentication"),
            (
                "fatal: unable to access 'https://h/r/': The requested URL returned error: 403",
                "authentication"
            ),
            ("fatal: unable to access 'https://h/r/': Could not resolve host: h", "unreachable"),
            (
                "fatal: unable to access 'https://h/r/': The requested URL returned error: 503",
                "unreachable"
            ),
            (
                "fatal: unable to access 'https://h/r/': The requested URL returned error: 524",
                "unreachable"
            ),
            (
                "fatal: unable to access 'https://h/r/': gnutls_handshake() failed: An unexpected TLS packet was received.",
                "unreachable"
            ),
            ("error: OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to h:443", "unreachable"),
            ("fatal: repository 'https://h/r/' not found", "unreachable"),
            (
                "fatal: unable to access 'https://h/r/': SSL certificate problem: certificate has expired",
                "host-key"
            ),
            ("error: RPC failed; curl 28 Operation too slow. Less than 1 bytes/sec", "timeout"),
            ("fatal: write error: No space left on device", "disk-full"),
            ("remote: fatal: unable to write file: Disk quota exceeded", "disk-full"),
            ("error: something else", nil),
        ])
    func reasons(line: String, reason: String?) {
        #expect(OriginWords([line]).reason?.0.rawValue == reason)
    }

    @Test("of a full disk win over what follows from it")
    func order() {
        let words = OriginWords([
            "remote: fatal: write error: No space left on device",
            "error: remote unpack failed: index-pack abnormal exit",
            "fatal: the remote end hung up unexpectedly",
        ])
        #expect(words.reason?.0 == .diskFull)
        #expect(words.reason(ofStatus: "unpacker error") == .diskFull)
    }

    @Test(
        "tell the reason why one ref was refused",
        arguments: [
            ("non-fast-forward", "non-fast-forward"), ("fetch first", "non-fast-forward"),
            ("stale info", "non-fast-forward"), ("pre-receive hook declined", "rejected"),
            ("protected branch hook declined", "rejected"), ("hook declined", "rejected"),
            ("failed to update ref", "unknown"), ("unpacker error", "unknown"),
        ])
    func statuses(status: String, reason: String) {
        #expect(OriginWords([]).reason(ofStatus: status).rawValue == reason)
    }

    @Test(
        "tell a ref that has moved or gone from one that is locked, or broken",
        arguments: [
            ("is at 1234 but expected 5678", "non-fast-forward"),
            ("reference already exists", "non-fast-forward"),
            ("unable to resolve reference 'refs/heads/main'", "non-fast-forward"),
            ("unable to resolve reference 'refs/heads/main': reference broken", "unknown"),
            ("Unable to create '/r/refs/heads/main.lock': File exists.", "unknown"),
            ("'refs/heads/main' exists; cannot create 'refs/heads/main/a'", "unknown"),
        ])
    func locks(line: String, reason: String) {
        let words = OriginWords(["error: cannot lock ref 'refs/heads/main': \(line)"])
        #expect(words.reason(ofStatus: "failed to update ref").rawValue == reason)
    }

    @Test(
        "on progress are read as git writes them",
        arguments: [
            ("Receiving objects:  42% (21/50), 1.20 MiB | 3.00 MiB/s", "receiving", 21, 50),
            ("Resolving deltas: 100% (9/9), done.", "resolving", 9, 9),
            ("Writing objects:   0% (0/3)", "sending", 0, 3),
            ("Unpacking objects:  33% (1/3)", "receiving", 1, 3),
        ])
    func progress(line: String, stage: String, done: Int, total: Int) {
        let progress = GitChild.progress(line)
        #expect(progress?.stage.rawValue == stage)
        #expect(progress?.done == done && progress?.total == total)
    }

    @Test(
        "that only look like progress are none",
        arguments: [
            "Receiving objects: ", "Receiving objects: (", "Writing objects: (a/b)",
            "remote: Writing objects: (1/2)", "Resolving deltas: (1)", "", "fatal: (1/2)",
            "Writing objects: )(", "Writing objects: (1/2/3)",
        ])
    func noProgress(line: String) { #expect(GitChild.progress(line) == nil) }
}

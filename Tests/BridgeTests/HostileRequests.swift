// What may arrive in SSH_ORIGINAL_COMMAND and must never be served. Used by the tests of the parser,
// of the resolver and of the real binary.

/// One command line that must be refused.
struct HostileRequest: Sendable, CustomStringConvertible {
    let name: String
    let text: String
    /// The parser itself must refuse it, whatever there is in the pod.
    let isMalformed: Bool

    var description: String { name }
}

extension HostileRequest {
    /// Every hostile request, against the tree at `path` (see ``PodTree``).
    static func all(in path: String) -> [HostileRequest] {
        malformed(path).map { HostileRequest(name: $0.0, text: $0.1, isMalformed: true) }
            + elsewhere(path).map { HostileRequest(name: $0.0, text: $0.1, isMalformed: false) }
    }

    private static func malformed(_ path: String) -> [(String, String)] {
        let good = "\(path)/root/shop.git"
        return services(good) + pushes(good) + verbs(good) + bridgeOptions(good)
            + gitOptions(good) + environments(good) + injections(good, "\(path)/touched")
            + quotes(good) + blanks(good) + controls(good) + lookalikes(good) + lengths(good)
            + commands(path)
    }

    // MARK: the wrong thing asked for

    private static func services(_ good: String) -> [(String, String)] {
        [
            "git-upload-packs", "git-upload-pac", "gitupload-pack", "git_upload_pack",
            "GIT-UPLOAD-PACK", "Git-Upload-Pack", "upload-pack", "upload-archive",
            "git-upload-archive--writer", "git-daemon", "git-shell", "git-http-backend",
            "git-cat-file", "git-archive", "git-log", "git-fetch", "git-remote-ext",
            "git-upload-pack2", "-git-upload-pack", "--git-upload-pack", "./git-upload-pack",
            "/usr/bin/git-upload-pack", "/usr/lib/git-core/git-upload-pack", "git-upload-pack.exe",
            "git upload-packs", "git git-upload-pack", "git UPLOAD-PACK", "git cat-file",
            "git archive", "git daemon", "git shell", "git --version", "git help", "git config",
            "git upload-archive--writer", "git remote-ext", "git", "git-", "git-pod", "git pod",
            "git-pod bridge", "git-remote-pod", "'git-upload-pack'", "\"git-upload-pack\"",
            "git 'upload-pack'", "git\\-upload-pack", "git-upload\\-pack", "$SHELL", "~", "",
        ].map { ("service [\($0)]", "\($0) '\(good)'") }
    }

    private static func pushes(_ good: String) -> [(String, String)] {
        [
            "git-receive-pack '\(good)'", "git receive-pack '\(good)'", "git-receive-pack \(good)",
            "git-pod bridge git-receive-pack '\(good)'",
            "git pod bridge --protocol=2 git-receive-pack '\(good)'", "git-receive-pack ''",
            "git-receive-pack 'a' 'b'", "git-receive-pack '", "git receive-pack --stateless-rpc /",
        ].map { ("push [\($0)]", $0) }
    }

    private static func verbs(_ good: String) -> [(String, String)] {
        let verbs = [
            "serve", "status", "clone", "reconcile", "push", "lock", "log", "lease", "flush",
            "recover", "doctor", "proxy", "add", "help", "--help", "-h", "--version", "bridges",
            "BRIDGE", "bridge/", "../bridge",
        ]
        return verbs.flatMap { verb in
            [
                ("verb git-pod [\(verb)]", "git-pod \(verb) '\(good)'"),
                ("verb git pod [\(verb)]", "git pod \(verb) git-upload-pack '\(good)'"),
                ("verb alone [\(verb)]", "git-pod \(verb)"),
            ]
        }
    }

    private static func bridgeOptions(_ good: String) -> [(String, String)] {
        let options = [
            "--root /", "--root=/", "--repository x=/", "--repository=x=/", "--allow-archive",
            "--actor root", "--actor=root", "--max-requests 9999", "--max-time 24h",
            "--audit-log /tmp/x", "--audit-log=/tmp/x", "--print-sshd-config",
            "--print-authorized-key /etc/shadow", "--", "-h", "--help", "--protocol=3",
            "--protocol=-1", "--protocol=02", "--protocol=", "--protocol=2x", "--protocol",
            "--protocol 2", "--protocol=1 --protocol=2", "--Protocol=2", "-protocol=2",
            "--protocol='2'", "--protocol=2:x", "--protocol=version=2", "--protocol=2,1",
        ]
        return options.flatMap { option in
            [
                ("bridge [\(option)]", "git-pod bridge \(option) git-upload-pack '\(good)'"),
                ("bridge late [\(option)]", "git-pod bridge git-upload-pack \(option) '\(good)'"),
                ("bridge last [\(option)]", "git-pod bridge git-upload-pack '\(good)' \(option)"),
            ]
        }
    }

    private static func gitOptions(_ good: String) -> [(String, String)] {
        let options = [
            "--strict", "--no-strict", "--advertise-refs", "--http-backend-info-refs",
            "--stateless-rpc", "--timeout=1", "--upload-pack=id", "--exec=id", "-x", "--", "-",
        ]
        let globals = [
            "-c core.pager=id", "-c uploadpack.packObjectsHook=id", "--exec-path=/tmp", "-p",
            "--git-dir=/", "-C /", "--bare", "--namespace=x", "--config-env=a.b=HOME",
        ]
        return options.flatMap {
            [
                ("option [\($0)]", "git-upload-pack \($0) '\(good)'"),
                ("option behind [\($0)]", "git-upload-pack '\(good)' \($0)"),
            ]
        } + globals.map { ("global option [\($0)]", "git \($0) upload-pack '\(good)'") }
    }

    private static func environments(_ good: String) -> [(String, String)] {
        [
            "GIT_DIR=/", "PATH=/tmp", "LD_PRELOAD=/tmp/x.so", "GIT_CONFIG_COUNT=1", "A=", "=",
            "GIT_PROTOCOL=version=2", "env", "env A=b", "exec", "command", "sudo", "nohup", "time",
        ].map { ("prefix [\($0)]", "\($0) git-upload-pack '\(good)'") }
    }

    // MARK: more than was asked for

    private static func injections(_ good: String, _ touched: String) -> [(String, String)] {
        let tails = [
            ";touch TO", "; touch TO", " ; touch TO", "&touch TO", " && touch TO", "|tee TO",
            " | tee TO", "||touch TO", ">TO", " > TO", ">>TO", "<TO", " < /etc/passwd",
            "$(touch TO)",
            "`touch TO`", "${IFS}touch${IFS}TO", "\\", "*", "?", "[a]", "{a,b}", "#", " #", "!",
            "$",
            "$HOME", "(", ")", "%00", "\"", "''", "'", "\"\"", " 2>TO", "~'", "\\''", "'\\'",
        ].map { $0.replacing("TO", with: "\(touched)/x") }
        return tails.flatMap { tail in
            [
                ("behind plain [\(tail)]", "git-upload-pack \(good)\(tail)"),
                ("behind quoted [\(tail)]", "git-upload-pack '\(good)'\(tail)"),
                ("in front [\(tail)]", "\(tail)git-upload-pack '\(good)'"),
                ("behind service [\(tail)]", "git-upload-pack\(tail) '\(good)'"),
            ]
        }
    }

    private static func quotes(_ good: String) -> [(String, String)] {
        [
            "'\(good)", "\(good)'", "''\(good)'", "'\(good)''", "\"\(good)\"", "\"\(good)", "'",
            "''",
            "'''", "''''", "\\'\(good)\\'", "'\(good)'\\''", "'\(good)'\\'", "'\(good)'\\",
            "'\(good)'\\x'x'", "'\(good)'\\\\''", "'\(good)''x'", "'\(good)'x", "x'\(good)'",
            "'\(good)'\"x\"", "$'\(good)'", "$\"\(good)\"", "'\(good)'\\!", "'\(good)'!''",
            "\(good)'x'", "\(good)\\ x", "\u{2019}\(good)\u{2019}", "`\(good)`",
        ].map { ("quotes [\($0)]", "git-upload-pack \($0)") }
    }

    private static func blanks(_ good: String) -> [(String, String)] {
        [
            " git-upload-pack '\(good)'", "git-upload-pack  '\(good)'",
            "git-upload-pack '\(good)' ",
            "git-upload-pack\t'\(good)'", "git  upload-pack '\(good)'", "git-upload-pack'\(good)'",
            "git-upload-pack\(good)", "git-upload-pack", "git-upload-pack ", "git upload-pack",
            "git ",
            " ", "git-pod  bridge git-upload-pack '\(good)'", "git-pod bridge  git-upload-pack '/'",
            "git-upload-pack '\(good)' '\(good)'", "git-upload-pack \(good) \(good)",
            "git-upload-pack '\(good)'\ngit-upload-pack '\(good)'", "git-upload-pack '\(good)'\n",
            "git-upload-pack '\(good)'\r\n", "\ngit-upload-pack '\(good)'",
            "git-upload-pack\u{a0}'\(good)'", "git-upload-pack\u{2003}'\(good)'",
            "git-upload-pack\u{3000}'\(good)'", "git-upload-pack\u{b}'\(good)'",
            "git-pod bridge git-upload-pack", "git-pod bridge --protocol=2 git-upload-pack",
            "git-pod bridge", "git-pod bridge ", "git-pod ", "git-pod bridge '\(good)'",
        ].map { ("blanks [\($0)]", $0) }
    }

    // MARK: characters

    private static func controls(_ good: String) -> [(String, String)] {
        let codes =
            Array(0..<0x20 as Range<UInt32>) + Array(0x7f..<0xa0 as Range<UInt32>)
            + [0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202d, 0x202e, 0x2066, 0x2069]
        return codes.compactMap(Unicode.Scalar.init).flatMap { scalar in
            let code = String(scalar.value, radix: 16)
            return [
                ("control \(code) in a path", "git-upload-pack '\(good)\(Character(scalar))'"),
                ("control \(code) behind", "git-upload-pack '\(good)'\(Character(scalar))"),
            ]
        }
    }

    private static func lookalikes(_ good: String) -> [(String, String)] {
        [
            "ｇit-upload-pack", "git‐upload‐pack", "git–upload–pack", "git−upload-pack",
            "gіt-upload-pack", "git-upload-pac\u{212a}", "git-upload-pack\u{301}",
            "git-upload-pack\u{200b}", "\u{feff}git-upload-pack", "git\u{ad}-upload-pack",
        ].map { ("lookalike [\($0)]", "\($0) '\(good)'") }
            + [
                ("an unquoted accent", "git-upload-pack \(good)\u{301}"),
                ("an unquoted letter that is no ASCII", "git-upload-pack \(good)é"),
                ("an accent on the closing quote", "git-upload-pack '\(good)'\u{301}"),
                ("an accent on the space", "git-upload-pack \u{301}'\(good)'"),
            ]
    }

    private static func lengths(_ good: String) -> [(String, String)] {
        [4097, 5000, 65536, 100_000].flatMap { length in
            let slashes = String(repeating: "/a", count: length / 2)
            return [
                ("\(length) bytes of path", "git-upload-pack '\(slashes)'"),
                ("\(length) bytes of service", "\(slashes) '\(good)'"),
                (
                    "\(length) blanks",
                    "git-upload-pack '\(good)'" + slashes.map { _ in " " }.joined()
                ),
                ("\(length) quotes", "git-upload-pack " + slashes.map { _ in "'" }.joined()),
            ]
        }
    }

    private static func commands(_ path: String) -> [(String, String)] {
        [
            "id", "sh", "bash -i", "sh -c 'touch \(path)/touched/x'", "ls -la /", "cat /etc/passwd",
            "cat '\(path)/secret/secret.git/HEAD'", "scp -t /tmp", "scp -f /etc/passwd",
            "internal-sftp", "/usr/lib/openssh/sftp-server", "rsync --server . /", "exit", "true",
            ":", ".", "/", "-", "--", "echo", "nc -l 1", "python3 -c 'import os'", "tar cf - /",
            "kill -9 1", "git-upload-pack;", "touch \(path)/touched/x", "{}", "[]", "null", "0",
        ].map { ("command [\($0)]", $0) }
    }

    // MARK: the wrong repository, well asked for

    private static func elsewhere(_ path: String) -> [(String, String)] {
        let refused = PodTree.refused.map { "\(path)/root/\($0)" }
        return (refused + spellings(path) + outside(path) + names(path)).flatMap { target in
            [
                ("fetch \(target.dropPath(path))", "git-upload-pack '\(target)'"),
                ("bridge \(target.dropPath(path))", "git-pod bridge git-upload-pack '\(target)'"),
            ]
        }
    }

    /// Paths that would lead to what is served, or out of it, if they were tidied up.
    private static func spellings(_ path: String) -> [String] {
        let root = "\(path)/root"
        return [
            "\(root)/../secret/secret.git", "\(root)/./shop.git", "\(root)/.", "\(root)/..", root,
            "\(root)/", "\(root)//shop.git", "/\(root)/shop.git", "//\(root)/shop.git",
            "\(root)/shop.git/", "\(root)/shop.git//", "\(root)/shop.git/.", "\(root)/shop.git/..",
            "\(root)/sub/../shop.git", "\(root)/sub/deep/../../../secret/secret.git",
            "\(root)/shop.git/../shop.git", "\(root)/...", "\(root)/..secret", "\(root)/ shop.git",
            "\(root)/shop.git ", "\(root)/%2e%2e/secret/secret.git", "\(root)/..%2fsecret",
            "\(root)/cafe\u{301}.git", "\(root)\\shop.git", "\(root)/shop.git:x", "\(root)/*",
            "\(root)/shop.gi?", "\(root)/$(pwd)", "\(root)/`id`", "\(root)/sh*", "\(root)/.git",
            "\(root)/shop.git/.git", "\(root)/../root-evil/evil.git", "\(root)/\u{ff0e}\u{ff0e}/x",
        ]
    }

    private static func outside(_ path: String) -> [String] {
        [
            "\(path)/secret/secret.git", "\(path)/root-evil/evil.git", "\(path)/secret", path, "/",
            "\(path)/root-evil", "\(path)/linked", "\(path)/nowhere.git", "/etc", "/etc/passwd",
            "/proc/self/root\(path)/secret/secret.git", "/proc/self/cwd", "/dev/null", "/dev/stdin",
            "/dev/fd/0", "/proc/self/fd/0", "/tmp", "/root", "/root/.ssh", "/var/lib",
            "/nonexistent",
        ]
    }

    /// What is no absolute path, and no name that is served.
    private static func names(_ path: String) -> [String] {
        [
            "shop.git", "./shop.git", "root/shop.git", "../root/shop.git", "~", "~/shop.git",
            "~root/shop.git", "-shop", "--upload-pack=id", "-c", "named/x", "named/", "/named/",
            "//named", "NAMED", "/NAMED", "name", "named2", "named.git", "/named/objects",
            "\(path)/root/named", "\(path)/named", "./named", "file:///\(path)/root/shop.git",
            "https://example.com/x.git", "pod://x/y", "ext::sh -c id", "host:shop.git", "C:\\shop",
            "nam\u{200b}ed", "name\u{64}\u{301}", ".", "..", " named", "named ", "@", "a=b",
        ]
    }
}

extension String {
    fileprivate func dropPath(_ path: String) -> String { replacing(path, with: "") }
}

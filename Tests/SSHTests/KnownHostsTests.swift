// known_hosts lines and what they say of a key.

import Model
import TestSupport
import Testing

@testable import SSH

@Suite("known_hosts")
struct KnownHostsTests {
    /// A key of no algorithm's mathematics: only its type is ever looked at.
    private static func key(_ seed: UInt8, type: String = "ssh-ed25519") -> PublicKey {
        var blob: [UInt8] = []
        blob.append(string: type.utf8)
        blob.append(string: [UInt8](repeating: seed, count: 32))
        return PublicKey(blob: blob)!
    }

    private static let keyText = key(1).line

    private func line(_ names: String) throws -> KnownHostLine {
        try #require(KnownHostLine("\(names) \(Self.keyText)"))
    }

    @Test(
        "patterns match as sshd(8) says",
        arguments: [
            ("host", "host", true), ("host", "hosts", false), ("HOST", "host", true),
            ("a,b,c", "b", true), ("*.example", "x.example", true), ("*.example", "example", false),
            ("h?st", "host", true), ("h?st", "hst", false), ("*", "anything", true),
            ("*,!bad", "bad", false), ("!bad,*", "bad", false), ("*,!bad", "good", true),
            ("!bad", "good", false), ("!*.x,*", "a.x", false), ("[host]:2222", "[host]:2222", true),
            ("[host]:2222", "host", false), ("host", "[host]:2222", false),
            ("[*]:2222", "[any]:2222", true), ("[127.0.0.?]:22*", "[127.0.0.1]:2201", true),
            ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false), ("**", "x", true),
            ("::1", "::1", true), ("host,", "host", true), ("*?", "", false),
        ])
    func patterns(names: String, host: String, matches: Bool) throws {
        #expect(try line(names).matches(host) == matches)
    }

    @Test("a pattern made to be slow is not")
    func slowPattern() throws {
        let pattern = String(repeating: "a*", count: 200) + "b"
        #expect(try line(pattern).matches(String(repeating: "a", count: 5000)) == false)
    }

    @Test("markers are read, and an unknown one makes no entry")
    func markers() throws {
        #expect(try line("host").marker == .none)
        #expect(try line("@revoked host").marker == .revoked)
        #expect(try line("@cert-authority *.example").marker == .certAuthority)
        #expect(KnownHostLine("@other host \(Self.keyText)") == nil)
        #expect(KnownHostLine("@revoked \(Self.keyText)") == nil)
    }

    @Test("what ssh-keygen -H hashes is kept as salt and hash")
    func hashed() throws {
        let folder = try TemporaryDirectory()
        let key = try SSHKey(.ed25519, at: folder.file("k"))
        try writeFile(folder.file("known_hosts"), "[pod.example]:2222 \(key.publicLine)\n")
        try run(["ssh-keygen", "-q", "-H", "-f", folder.file("known_hosts")]).check()
        let line = try #require(KnownHostLine(contents(folder.file("known_hosts")).dropLast()))
        guard case .hashed(let salt, let hash) = line.names else {
            Issue.record("\(line.names)")
            return
        }
        #expect(Base64.decode(salt)?.count == 20 && Base64.decode(hash)?.count == 20)
        #expect(line.matches("[pod.example]:2222") == nil)
        #expect(line.key.line == key.publicLine)
    }

    @Test("blanks, tabs and a comment do not matter")
    func blanks() throws {
        let plain = try line("host")
        #expect(KnownHostLine("  host\t\(Self.keyText)  some comment ") == plain)
    }

    @Test("what is no entry is none")
    func garbage() {
        let texts = [
            "", "   ", "# host \(Self.keyText)", "  # x", "host", "host ssh-ed25519",
            "host ssh-ed25519 !!!", "host ssh-rsa \(Self.keyText.split(separator: " ")[1])",
            "host 1024 35 1234567", "|1|salt \(Self.keyText)", "|2|a|b \(Self.keyText)",
            "|1|a|b|c \(Self.keyText)", "host ssh-ed25519 AAAA", "\0\0\0", "@ \(Self.keyText)",
            "host \(Self.keyText) " + String(repeating: "x", count: KnownHostLine.maximumLength),
        ]
        for text in texts { #expect(KnownHostLine(text) == nil, "\(text.prefix(80))") }
        var numbers = SeededNumbers(seed: 23)
        for _ in 0..<500 {
            #expect(KnownHostLine(String(decoding: numbers.bytes(60), as: UTF8.self)) == nil)
        }
    }

    private func hosts(_ exact: [String], portless: [String] = []) -> KnownHosts {
        KnownHosts(
            exact: exact.compactMap { KnownHostLine($0) },
            portless: portless.compactMap { KnownHostLine($0) })
    }

    @Test("a key is known, unknown, a mismatch or revoked")
    func verdicts() {
        let (mine, other) = (Self.key(1), Self.key(2))
        let ecdsa = Self.key(3, type: "ecdsa-sha2-nistp256")
        #expect(hosts([]).verdict(on: mine) == .unknown)
        #expect(hosts(["h \(mine.line)"]).verdict(on: mine) == .known)
        #expect(hosts(["h \(mine.line)"]).verdict(on: other) == .mismatch)
        #expect(hosts(["h \(mine.line)"]).verdict(on: ecdsa) == .mismatch)
        #expect(hosts(["h \(other.line)", "h \(mine.line)"]).verdict(on: mine) == .known)
        #expect(hosts(["h \(mine.line)", "@revoked * \(mine.line)"]).verdict(on: mine) == .revoked)
        #expect(hosts(["@revoked * \(other.line)"]).verdict(on: mine) == .unknown)
        #expect(hosts([], portless: ["@revoked h \(mine.line)"]).verdict(on: mine) == .revoked)
        #expect(hosts(["@cert-authority h \(mine.line)"]).verdict(on: mine) == .unknown)
    }

    @Test("a line without the port can vouch, but not contradict")
    func portless() {
        let (mine, other) = (Self.key(1), Self.key(2))
        #expect(hosts([], portless: ["h \(mine.line)"]).verdict(on: mine) == .known)
        #expect(hosts([], portless: ["h \(mine.line)"]).verdict(on: other) == .unknown)
        let both = hosts(["h \(other.line)"], portless: ["h \(mine.line)"])
        #expect(both.verdict(on: mine) == .mismatch)
    }

    @Test("key types come from lines that vouch; a lone authority wants a certificate")
    func types() {
        let authority = "@cert-authority h \(Self.key(1).line)"
        #expect(hosts([authority]).wantsCertificate && hosts([authority]).knownTypes.isEmpty)
        #expect(!hosts([authority, "h \(Self.key(2).line)"]).wantsCertificate)
        #expect(!hosts([]).wantsCertificate)
        #expect(hosts(["h \(Self.key(2).line)"]).knownTypes == [KeyType("ssh-ed25519")])
    }

    @Test("the name of a host is lower case, with its port where that is not 22")
    func names() {
        #expect(KnownHosts.name("Pod.Example", port: 22) == "pod.example")
        #expect(KnownHosts.name("Pod", port: 2222) == "[pod]:2222")
        #expect(KnownHosts.name("::1", port: 2222) == "[::1]:2222")
    }
}

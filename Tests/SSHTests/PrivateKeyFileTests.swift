// Private keys of every kind and format that ssh-keygen writes.

import Model
import POSIX
import TestSupport
import Testing

@testable import SSH

@Suite("Private key files")
struct PrivateKeyFileTests {
    struct Case: Sendable, CustomStringConvertible {
        let arguments: [String]
        let type: String
        var description: String { arguments.joined(separator: " ") }
    }

    static let cases: [Case] = [
        Case(arguments: ["-t", "ed25519"], type: "ssh-ed25519"),
        Case(arguments: ["-t", "rsa", "-b", "2048"], type: "ssh-rsa"),
        Case(arguments: ["-t", "rsa", "-b", "2048", "-m", "PEM"], type: "ssh-rsa"),
        Case(arguments: ["-t", "rsa", "-b", "2048", "-m", "PKCS8"], type: "ssh-rsa"),
        Case(arguments: ["-t", "ecdsa", "-b", "256"], type: "ecdsa-sha2-nistp256"),
        Case(arguments: ["-t", "ecdsa", "-b", "384"], type: "ecdsa-sha2-nistp384"),
        Case(arguments: ["-t", "ecdsa", "-b", "521", "-m", "PEM"], type: "ecdsa-sha2-nistp521"),
        Case(arguments: ["-t", "ecdsa", "-b", "256", "-m", "PEM"], type: "ecdsa-sha2-nistp256"),
        Case(arguments: ["-t", "ecdsa", "-b", "256", "-m", "PKCS8"], type: "ecdsa-sha2-nistp256"),
    ]

    @Test("type, public half and lock are told", arguments: cases, ["", "secret"])
    func kinds(key: Case, passphrase: String) throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("k")
        try run(["ssh-keygen", "-q", "-N", passphrase, "-C", "", "-f", path] + key.arguments)
            .check()
        let beside = contents("\(path).pub")
        let content = try readFile(path)
        let file = try #require(PrivateKeyFile(path: path, content: content, publicLine: beside))
        #expect(file.type?.name == key.type)
        #expect(file.isEncrypted == !passphrase.isEmpty)
        #expect(file.publicKey == PublicKey(line: beside))
        let alone = try #require(PrivateKeyFile(path: path, content: content, publicLine: nil))
        #expect(alone.isEncrypted == file.isEncrypted)
        if String(decoding: content, as: UTF8.self).contains("OPENSSH") {
            #expect(alone.publicKey == file.publicKey && alone.type == file.type)
        } else {
            #expect(alone.publicKey == nil)
            // Which curve it is can matter to nobody; whether it is RSA must not be mistaken.
            #expect(alone.type.map { $0.isUsable } != (key.type == "ssh-rsa"))
        }
    }

    @Test("what stands before a key is passed over, and its last line gets its end")
    func surroundings() throws {
        let folder = try TemporaryDirectory()
        let key = folder.file("k")
        try run(["ssh-keygen", "-q", "-N", "", "-t", "ecdsa", "-m", "PEM", "-f", key]).check()
        let text = contents(key)
        let parameters =
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        for around in [
            parameters + text, String(text.dropLast()), "# of the pod\n\n" + text + "\n\n",
            text.split(separator: "\n").joined(separator: "\r\n"),
            "\u{FEFF}" + text.split(separator: "\n").joined(separator: " \n"),
        ] {
            let file = try #require(
                PrivateKeyFile(path: key, content: Array(around.utf8), publicLine: nil))
            #expect(String(decoding: file.content, as: UTF8.self) == text)
            #expect(!file.isEncrypted && file.type?.isUsable == true)
        }
    }

    @Test("a public key, a text and a broken key are no private keys")
    func garbage() throws {
        for text in [
            "", "ssh-ed25519 AAAA", "-----BEGIN ", "-----BEGIN CERTIFICATE-----\nAAAA\n",
            "-----BEGIN OPENSSH PRIVATE KEY-----", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n",
            "-----BEGIN OPENSSH PRIVATE KEY-----\n!!!!\n-----END OPENSSH PRIVATE KEY-----\n",
        ] {
            #expect(
                PrivateKeyFile(path: "k", content: Array(text.utf8), publicLine: nil) == nil,
                "\(text)")
        }
    }

    @Test("a key cut or spoilt anywhere is read or refused, and never crashes")
    func hostile() throws {
        let folder = try TemporaryDirectory()
        let key = try SSHKey(.ed25519, at: folder.file("k"))
        let content = try readFile(key.path)
        var numbers = SeededNumbers(seed: 37)
        for count in stride(from: 0, to: content.count, by: 7) {
            _ = PrivateKeyFile(path: "k", content: Array(content.prefix(count)), publicLine: nil)
            var spoilt = content
            spoilt[count] = UInt8.random(in: 0...255, using: &numbers)
            _ = PrivateKeyFile(path: "k", content: spoilt, publicLine: nil)
        }
    }
}

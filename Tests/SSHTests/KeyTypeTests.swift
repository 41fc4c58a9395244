// Public keys, as lines and as blobs that a stranger sent.

import Model
import TestSupport
import Testing

@testable import SSH

@Suite("Public keys")
struct KeyTypeTests {
    @Test("what ssh-keygen writes is read, and written the same", arguments: SSHKey.Kind.allCases)
    func real(kind: SSHKey.Kind) throws {
        let folder = try TemporaryDirectory()
        let made = try SSHKey(kind, at: folder.file("k"))
        let key = try #require(PublicKey(line: made.publicLine + " a comment"))
        #expect(key.line == made.publicLine)
        #expect(key.type.isUsable == (kind != .rsa))
        #expect(PublicKey(blob: key.blob) == key)
    }

    @Test("a blob that names no algorithm is no key")
    func hostile() {
        let blobs: [[UInt8]] = [
            [], [0], [0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 5, 0x61], [0xff, 0xff, 0xff, 0xff, 0x61],
            [0x7f, 0xff, 0xff, 0xff], [0, 0, 0, 65] + [UInt8](repeating: 0x61, count: 65),
        ]
        for blob in blobs { #expect(PublicKey(blob: blob) == nil, "\(blob)") }
        var numbers = SeededNumbers(seed: 29)
        for count in 0..<300 { _ = PublicKey(blob: numbers.bytes(count)) }
    }

    @Test("an algorithm's name moves no cursor")
    func harmless() throws {
        var blob: [UInt8] = []
        blob.append(string: "\u{1b}[2J".utf8)
        #expect(try #require(PublicKey(blob: blob)).type.name == "\\x1b[2J")
        #expect(KeyType("x").description == "x" && !KeyType("x").isUsable)
    }

    @Test(
        "a line whose words disagree is no key",
        arguments: ["", "ssh-ed25519", "ssh-ed25519 AAAA", "AAAAC3NzaC1lZDI1NTE5AAAAAA==", "a b c"])
    func badLines(line: String) { #expect(PublicKey(line: line) == nil) }
}

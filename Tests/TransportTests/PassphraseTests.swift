// Who is asked for a passphrase, when nobody sits at a terminal.

import POSIX
import TestSupport
import Testing

@testable import Transport

@Suite("Passphrases")
struct PassphraseTests {
    private func source(_ values: [String: String]) -> PassphraseSource {
        PassphraseSource(environment: Environment(values, accountHome: "/", accountName: "n"))
    }

    /// A program that answers `reply` and writes down what it was asked.
    private func askpass(_ folder: TemporaryDirectory, _ reply: String) throws -> String {
        let script = "#!/bin/sh\nprintf '%s' \"$1\" > \(folder.file("asked"))\n\(reply)\n"
        try writeFile(folder.file("askpass"), script, mode: 0o755)
        return folder.file("askpass")
    }

    @Test("SSH_ASKPASS is asked, and its first line is the answer")
    func answers() throws {
        let folder = try TemporaryDirectory()
        let program = try askpass(folder, "printf 'open sesame\\r\\nmore\\n'")
        let source = source(["SSH_ASKPASS": program, "SSH_ASKPASS_REQUIRE": "force"])
        #expect(source.canAsk)
        #expect(source.ask("Passphrase for 'k': ") == "open sesame")
        #expect(contents(folder.file("asked")) == "Passphrase for 'k': ")
    }

    @Test("an answer that was broken off is none")
    func brokenOff() throws {
        let folder = try TemporaryDirectory()
        let program = try askpass(folder, "echo half; exit 1")
        #expect(source(["SSH_ASKPASS": program, "SSH_ASKPASS_REQUIRE": "force"]).ask("?") == nil)
        let missing = folder.file("none")
        #expect(source(["SSH_ASKPASS": missing, "SSH_ASKPASS_REQUIRE": "force"]).ask("?") == nil)
    }

    @Test("with force and no program, or never and no terminal, nobody can be asked")
    func nobody() {
        #expect(!source(["SSH_ASKPASS_REQUIRE": "force"]).canAsk)
        let never = source(["SSH_ASKPASS": "/bin/true", "SSH_ASKPASS_REQUIRE": "never"])
        #expect(never.canAsk == hasTerminal())
    }
}

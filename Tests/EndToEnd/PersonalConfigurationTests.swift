// What a person's ~/.ssh/config says besides, and a fetch that is the same for all that.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A fetch by a person with an ssh configuration")
struct PersonalConfigurationTests {
    @Test("that would have ssh run something else", arguments: Way.ssh)
    func otherCommand(way: Way) throws {
        let served = try ServedPod()
        try writeFile(
            served.pod.home.sshConfiguration,
            "RemoteCommand echo hello\nRequestTTY yes\nStdinNull yes\nSessionType none\n")
        let fetched = try served.attempt("fetch", way.rawValue)
        #expect(fetched.succeeded, "\(fetched.errors)")
    }

    /// Lines of ssh_config(5), and whether libssh2 can keep to them.
    static let lines = [
        ("Ciphers aes256-ctr\nMACs hmac-sha2-512\nKexAlgorithms ecdh-sha2-nistp256", true),
        ("Ciphers aes256-gcm@openssh.com", false), ("MACs umac-128@openssh.com", false),
        ("KexAlgorithms sntrup761x25519-sha512@openssh.com", false),
        ("HostKeyAlgorithms rsa-sha2-512", false), ("PubkeyAuthentication no", false),
    ]

    @Test("that allows some algorithms alone", arguments: lines)
    func algorithms(lines: String, isOurs: Bool) throws {
        let served = try ServedPod(hostKeys: [.ed25519, .rsa])
        try writeFile(served.pod.home.sshConfiguration, lines + "\n")
        let helper = try served.helper("pod://libssh2")
        let refusal = ExitStatus.exited(ExitCode.configuration.rawValue)
        #expect(helper.status == (isOurs ? .exited(0) : refusal), "\(helper.errors)")
        try served.name("auto", way: .libssh2, settings: ["sshBackend": "auto"])
        let chosen = try served.helper("pod://auto")
        #expect(chosen.succeeded != lines.hasPrefix("Pubkey"), "\(chosen.errors)")
    }
}

// What `ssh -G` prints, and what of it libssh2 cannot do.

import Testing

@testable import Transport

@Suite("ssh's configuration")
struct SSHConfigurationTests {
    @Test("keywords are read in any case; none means nothing; lists are kept whole")
    func values() {
        let read = SSHConfiguration(
            output: """
                HostName pod.example
                port 2222
                proxyjump none
                identityfile ~/.ssh/a
                identityfile ~/.ssh/b c
                userknownhostsfile ~/.ssh/k1 /etc/k2
                lonely

                """)
        #expect(read.value("hostname") == "pod.example" && read.value("port") == "2222")
        #expect(read.value("proxyjump") == nil && read.value("lonely") == nil)
        #expect(read.all("identityfile") == ["~/.ssh/a", "~/.ssh/b c"])
        #expect(read.files("userknownhostsfile") == ["~/.ssh/k1", "/etc/k2"])
        #expect(read.files("globalknownhostsfile") == nil)
    }

    @Test("file names that are no UTF-8 are left to ssh")
    func noText() {
        let output = Array("identityfile /k".utf8) + [0xe9, 0x0a]
        #expect(SSHConfiguration(bytes: output).beyondLibrary == "file names that are no UTF-8")
        #expect(SSHConfiguration(bytes: Array("identityfile /k\u{e9}".utf8)).beyondLibrary == nil)
    }

    @Test(
        "what libssh2 cannot do is named",
        arguments: [
            ("", nil), ("hostname h\nport 22\nproxyjump none\naddressfamily any", nil),
            ("proxyjump bastion", "ProxyJump"), ("proxycommand nc %h %p", "ProxyCommand"),
            ("proxycommand none", nil), ("certificatefile ~/c", "CertificateFile"),
            ("pkcs11provider /lib/x.so", "PKCS11Provider"), ("pkcs11provider none", nil),
            ("knownhostscommand /bin/x", "KnownHostsCommand"),
            ("revokedhostkeys /etc/r", "RevokedHostKeys"), ("bindaddress 10.0.0.1", "BindAddress"),
            ("bindinterface eth0", "BindInterface"), ("addressfamily inet6", "AddressFamily"),
            ("identityfile ~/.ssh/%h", "tokens in IdentityFile"),
            ("identityfile ~/.ssh/100%%", nil),
            ("identityfile ${HOME}/k", "tokens in IdentityFile"),
            ("identityagent /run/%i/agent", "tokens in IdentityFile"),
            ("identityagent /run/agent", nil),
            ("identityfile ~/.ssh/%%%u", "tokens in IdentityFile"),
        ] as [(String, String?)])
    func beyondLibrary(output: String, name: String?) {
        #expect(SSHConfiguration(output: output).beyondLibrary == name)
    }

    @Test("ssh itself is asked, and its refusal is a configuration error")
    func real() throws {
        let read = try SSHConfiguration.read(
            host: "pod.example", user: "me", port: 2222, until: .longEnough)
        #expect(read.value("user") == "me" && read.value("port") == "2222")
    }
}

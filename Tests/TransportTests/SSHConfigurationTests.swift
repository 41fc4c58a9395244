// What `ssh -G` prints, and what of it libssh2 cannot do.

import Testing

@testable import Transport

@Suite("ssh's configuration")
struct SSHConfigurationTests {
    @Test("keywords are read in any case; none means nothing; lists are kept whole")
    func values() throws {
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
        #expect(try read.knownHostsFiles(home: "/h").prefix(2) == ["~/.ssh/k1", "/etc/k2"])
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
            ("pubkeyauthentication false", "PubkeyAuthentication = no"),
            ("pubkeyauthentication true", nil), ("pubkeyauthentication unbound", nil),
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

    @Test(
        "a list of files is read only where each piece can be a whole name",
        arguments: [
            ("", ["/a b/.ssh/known_hosts", "/a b/.ssh/known_hosts2"]),
            (
                "userknownhostsfile /a b/.ssh/known_hosts /a b/.ssh/known_hosts2",
                ["/a b/.ssh/known_hosts", "/a b/.ssh/known_hosts2"]
            ),
            ("userknownhostsfile none", []), ("userknownhostsfile ~/k /l", ["~/k", "/l"]),
            ("userknownhostsfile /x/known hosts", nil), ("userknownhostsfile /x/k ", nil),
            ("userknownhostsfile /x/a  /b", nil), ("userknownhostsfile relative", nil),
            ("userknownhostsfile ~other/k", nil),
            ("userknownhostsfile /k\nglobalknownhostsfile a", nil),
        ] as [(String, [String]?)])
    func fileLists(output: String, files: [String]?) {
        let read = try? SSHConfiguration(output: output).knownHostsFiles(home: "/a b")
        #expect(read == files.map { $0 + ["/etc/ssh/ssh_known_hosts"] })
    }

    @Test("what would keep an ssh child from our command is taken back, if this ssh knows of it")
    func takenBack() {
        let plain = "sessiontype default\nstdinnull no\nforkafterauthentication no"
        #expect(SSHConfiguration(output: plain).takenBack.isEmpty)
        #expect(SSHConfiguration().takenBack.isEmpty)
        let odd = "remotecommand echo\nsessiontype none\nstdinnull yes\nforkafterauthentication yes"
        #expect(
            SSHConfiguration(output: odd).takenBack == [
                "RemoteCommand=none", "SessionType=default", "StdinNull=no",
                "ForkAfterAuthentication=no",
            ])
    }
}

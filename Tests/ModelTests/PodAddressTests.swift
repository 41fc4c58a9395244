// Addresses, good and hostile: every one can have come from somebody else's `.gitmodules`.

import Model
import TestSupport
import Testing

@Suite("Pod addresses")
struct PodAddressTests {
    /// What an address should be read as.
    struct Parts: Sendable, Equatable {
        var user: String?
        var host: String
        var port: UInt16?
        var path: String?

        init(_ user: String?, _ host: String, _ port: UInt16?, _ path: String?) {
            (self.user, self.host, self.port, self.path) = (user, host, port, path)
        }
    }

    static let good: [(String, Parts)] = [
        ("pod://host/data/r.git", Parts(nil, "host", nil, "/data/r.git")),
        ("pod://git@host:2222/r", Parts("git", "host", 2222, "/r")),
        ("pod://prod", Parts(nil, "prod", nil, nil)),
        ("pod://prod/", Parts(nil, "prod", nil, nil)),
        ("pod://prod//", Parts(nil, "prod", nil, "//")),
        ("prod", Parts(nil, "prod", nil, nil)),
        ("prod/data/r.git", Parts(nil, "prod", nil, "/data/r.git")),
        ("pod://my_pod-1.x", Parts(nil, "my_pod-1.x", nil, nil)),
        ("pod://10.1.2.3:22/r", Parts(nil, "10.1.2.3", 22, "/r")),
        ("pod://host:1", Parts(nil, "host", 1, nil)),
        ("pod://host:65535/", Parts(nil, "host", 65535, nil)),
        ("pod://host:0022/r", Parts(nil, "host", 22, "/r")),
        ("pod://[::1]/r", Parts(nil, "::1", nil, "/r")),
        ("pod://[::1]:2222/r", Parts(nil, "::1", 2222, "/r")),
        ("pod://git@[2001:db8::1]:22/r", Parts("git", "2001:db8::1", 22, "/r")),
        ("pod://[::ffff:10.0.0.1]/r", Parts(nil, "::ffff:10.0.0.1", nil, "/r")),
        ("pod://first.last+tag@host/r", Parts("first.last+tag", "host", nil, "/r")),
        ("pod://me@example.org@host/r", Parts("me@example.org", "host", nil, "/r")),
        ("pod://me%40example.org@host/r", Parts("me@example.org", "host", nil, "/r")),
        ("pod://h%6fst/r", Parts(nil, "host", nil, "/r")),
        ("pod://host/a%20b", Parts(nil, "host", nil, "/a b")),
        ("pod://host/%e6%97%a5", Parts(nil, "host", nil, "/日")),
        ("pod://host/日", Parts(nil, "host", nil, "/日")),
        ("pod://host/-x/--y", Parts(nil, "host", nil, "/-x/--y")),
        ("pod://host/it's;$(id)", Parts(nil, "host", nil, "/it's;$(id)")),
        ("pod://host/a:b@c", Parts(nil, "host", nil, "/a:b@c")),
        ("pod://host/%2525", Parts(nil, "host", nil, "/%25")),
        ("pod://u/x@host/r", Parts(nil, "u", nil, "/x@host/r")),
        ("pod://0/r", Parts(nil, "0", nil, "/r")),
    ]

    @Test("a good address is read", arguments: good)
    func reads(text: String, parts: Parts) throws {
        let address = try PodAddress(text)
        #expect(Parts(address.user, address.host, address.port, address.path) == parts)
    }

    static let bad: [(String, String)] = [
        ("", "no host"), ("pod://", "no host"), ("pod:///path", "no host"),
        ("pod://@host/r", "no user"), ("pod://git@/r", "no host"), ("pod://:22/r", "no host"),
        ("pod://-oProxyCommand=id/r", "begins with"), ("-oProxyCommand=id", "begins with"),
        ("pod://%2doProxyCommand/r", "begins with"), ("pod://-x@host/r", "begins with"),
        ("pod://%2dx@host/r", "begins with"), ("pod://%2Dx@host/r", "begins with"),
        ("pod://git@-host/r", "begins with"), ("pod://git@%2dhost/r", "begins with"),
        ("pod://ho%00st/r", "character in its host"), ("pod://ho%0ast/r", "character in its host"),
        ("pod://ho st/r", "character in its host"), ("pod://ho%20st/r", "character in its host"),
        ("pod://h$(id)/r", "character in its host"), ("pod://h`id`/r", "character in its host"),
        ("pod://h;id/r", "character in its host"), ("pod://h%2fx/r", "character in its host"),
        ("pod://h%25x/r", "character in its host"), ("pod://hôst/r", "character in its host"),
        ("pod://h\u{301}ost/r", "character in its host"), ("pod://a,b/r", "character in its host"),
        ("pod://h\u{ff0e}x/r", "character in its host"), ("pod://h\\x/r", "character in its host"),
        ("pod://host\r\n/r", "character in its host"), ("pod://h?q/r", "character in its host"),
        ("pod://us%0aer@host/r", "character in its user"),
        ("pod://u%00@host/r", "character in its user"),
        ("pod://user:secret@host/r", "character in its user"),
        ("pod://u%3ap@host/r", "character in its user"),

        ("pod://u$x@host/r", "character in its user"),
        ("pod://%zz/r", "no host"), ("pod://host%/r", "no host"), ("pod://%ff/r", "no host"),
        ("pod://host/%zz", "broken percent escape"), ("pod://host/%2", "broken percent escape"),
        ("pod://host/%", "broken percent escape"), ("pod://host/%ff", "broken percent escape"),
        ("pod://host/%c0%ae", "broken percent escape"), ("pod://host/%+1", "broken percent escape"),
        ("pod://host/a%00b", "control character"), ("pod://host/a%0ab", "control character"),
        ("pod://host/a\nb", "control character"), ("pod://host/%1b[2J", "control character"),
        ("pod://host/%7f", "control character"), ("pod://host/%c2%9b", "control character"),
        ("pod://host/%e2%80%ae", "control character"), ("pod://host/a\r\n", "control character"),
        ("pod://host:/r", "port"), ("pod://host:0/r", "port"), ("pod://host:65536/r", "port"),
        ("pod://host:-1/r", "port"), ("pod://host:+1/r", "port"), ("pod://host:2 2/r", "port"),
        ("pod://host:ssh/r", "port"), ("pod://host:22:22/r", "port"), ("pod://host:%32/r", "port"),
        ("pod://host:\u{662}/r", "port"), ("pod://::1/r", "no host"),
        ("pod://2001:db8::1/r", "port"),
        ("pod://[::1/r", "does not close"), ("pod://[]/r", "no IPv6"),
        ("pod://[host]/r", "no IPv6"),
        ("pod://[10.0.0.1]/r", "no IPv6"), ("pod://[::1%25eth0]/r", "no IPv6"),
        ("pod://[-::1]/r", "no IPv6"), ("pod://[::1\n]/r", "no IPv6"), ("pod://[::g]/r", "no IPv6"),
        ("pod://[::1]x/r", "port"), ("pod://[::1]22/r", "port"), ("pod://[::1]:/r", "port"),
        ("pod::prod", "port"), ("ssh://host/r", "port"),
    ]

    @Test("a bad address is refused with its reason, as a configuration error", arguments: bad)
    func refuses(text: String, reason: String) {
        let failure = #expect(throws: Failure.self) { try PodAddress(text) }
        #expect(failure?.kind == .configuration)
        #expect(failure?.message.contains(reason) == true, "\(failure?.message ?? "")")
        #expect(failure.map { "\($0)".harmless == "\($0)" } == true)
        #expect(failure?.hint?.contains("pod://NAME") == true)
    }

    @Test("only a host alone can be a section's name")
    func names() throws {
        #expect(try PodAddress("prod").isName)
        #expect(try PodAddress("pod://prod/data").isName)
        #expect(try !PodAddress("pod://git@prod").isName)
        #expect(try !PodAddress("pod://prod:22").isName)
        #expect(try !PodAddress("pod://[::1]").isName)
    }

    @Test("an address may be so long and no longer, and a refusal does not repeat all of it")
    func length() throws {
        let longest = "pod://host/" + String(repeating: "a", count: PodAddress.maximumLength - 11)
        #expect(try PodAddress(longest).path?.utf8.count == PodAddress.maximumLength - 10)
        for tooLong in [longest + "a", "e" + String(repeating: "\u{301}", count: 100_000)] {
            let failure = #expect(throws: Failure.self) { try PodAddress(tooLong) }
            #expect(failure?.message.contains("longer than") == true)
            #expect((failure?.message.utf8.count ?? .max) < 2000)
        }
    }

    @Test("no text makes it crash, and what passes is plain")
    func random() {
        var numbers = SeededNumbers(seed: 13)
        let alphabet = Array("pod://@:[]%2d00aF-._+ \n\0é".unicodeScalars)
        for _ in 0..<5000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0..<24, using: &numbers) {
                text.append(alphabet.randomElement(using: &numbers)!)
            }
            guard let address = try? PodAddress("pod://" + String(text)) else { continue }
            #expect(!address.host.isEmpty && !address.host.hasPrefix("-"))
            #expect(address.user.map { !$0.isEmpty && !$0.hasPrefix("-") } ?? true)
            #expect(address.path.map { $0.hasPrefix("/") && $0.harmless == $0 } ?? true)
            #expect(
                (address.host + (address.user ?? "")).utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
        }
    }
}

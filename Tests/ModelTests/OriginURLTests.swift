// Addresses of origins: what is one, what is refused, and what is never shown.

import Model
import Testing

@Suite("The address of an origin")
struct OriginURLTests {
    @Test(
        "is read as git reads it",
        arguments: [
            ("ssh://git@example.com/team/data.git", "git", "example.com", nil, "/team/data.git"),
            ("ssh://example.com:2222/r", nil, "example.com", 2222, "/r"),
            ("ssh://[::1]:22/r", nil, "::1", 22, "/r"),
            ("ssh://h/~git/r", nil, "h", nil, "~git/r"),
            ("ssh://h/a%20b", nil, "h", nil, "/a b"),
            ("git@example.com:team/data.git", "git", "example.com", nil, "team/data.git"),
            ("example.com:/srv/r.git", nil, "example.com", nil, "/srv/r.git"),
            ("git@[fe80::1]:r", "git", "fe80::1", nil, "r"),
            ("h:~/r", nil, "h", nil, "~/r"),
        ] as [(String, String?, String, UInt16?, String)])
    func ssh(text: String, user: String?, host: String, port: UInt16?, path: String) throws {
        let url = try OriginURL(text)
        #expect(url.way == .ssh(user: user, host: host, port: port, path: path))
        #expect(url.description == text)
    }

    @Test("is a path where it is one")
    func paths() throws {
        #expect(try OriginURL("/srv/my repo.git").way == .path("/srv/my repo.git"))
        #expect(try OriginURL("file:///srv/my%20repo.git").way == .path("/srv/my repo.git"))
        #expect(try OriginURL("file://localhost/r").way == .path("/r"))
    }

    @Test("of the web never shows who, nor the password")
    func web() throws {
        let url = try OriginURL("https://ada:s%40crt@example.com:8443/team/data.git")
        #expect(
            url.way
                == .http(
                    url: "https://example.com:8443/team/data.git", user: "ada", password: "s@crt"))
        #expect(url.description == "https://example.com:8443/team/data.git")
        #expect(
            try OriginURL("http://h/r").way == .http(url: "http://h/r", user: nil, password: nil))
    }

    @Test(
        "is nothing else",
        arguments: [
            "", "-oProxyCommand=x", "--upload-pack=x", "ext::sh -c id", "fd::7", "helper::x/y",
            "git://example.com/r", "ftp://h/r", "pod://prod", "data.git", "./r", "../r", "~/r",
            "ssh://-oProxyCommand=x/r", "ssh://-l@h/r", "ssh://h", "ssh://h/", "ssh:///r",
            "ssh://u:p@h/r", "ssh://h:0/r", "ssh://h:99999/r", "ssh://h%00/r", "ssh://h/r%00",
            "ssh://h/r%0a", "ssh://h/%zz", "ssh://h;id/r", "-h:r", "h:-r", "-\u{301}x:r",
            "h:-\u{301}r", "h:", ":r", "a b:r",
            "https://h", "https://-h/r", "https://u:%0a@h/r", "https://h/r%0d%0aX", "https://h/a b",
            "https://u:p%00@h/r", "file://host/r", "file:///", "/r\u{1b}[2J", "h:r\nx",
            "C::r",
        ])
    func refused(text: String) {
        let failure = #expect(throws: Failure.self) { try OriginURL(text) }
        #expect(failure?.kind == .configuration)
        #expect(failure?.hint != nil)
    }

    @Test(
        "that is refused shows no password either",
        arguments: [
            "ssh://ada:hunter2@h/r", "https://ada:hunter2@-h/r", "ftp://ada:hunter2@h/r",
            "https://ada:hunter2@h/%zz", "https://h/r?token=hunter2", "https://h/r#hunter2",
            "http://ada@h/r.git?a=b&c=hunter2", "https://ada:hunter2%40h/r", "//ada:hunter2@h/r",
        ])
    func secrets(text: String) {
        let failure = #expect(throws: Failure.self) { try OriginURL(text) }
        #expect(failure?.description.contains("hunter2") == false, "\(failure?.description ?? "")")
    }

    @Test("is not longer than one can be")
    func long() {
        #expect(throws: Failure.self) {
            try OriginURL("ssh://h/" + String(repeating: "x", count: OriginURL.maximumLength))
        }
    }
}

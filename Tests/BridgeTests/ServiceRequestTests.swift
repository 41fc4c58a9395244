import Bridge
import Model
import PackProtocol
import Testing

@Suite("A request from an SSH client")
struct ServiceRequestTests {
    /// A request that is understood, and what it means.
    struct Valid: Sendable, CustomTestStringConvertible {
        let text: String
        let service: Service
        let path: String
        var version: Int?

        var testDescription: String { text }
    }

    private static let forms: [(text: String, service: Service, version: Int?)] = [
        ("git-upload-pack", .uploadPack, nil), ("git upload-pack", .uploadPack, nil),
        ("git-upload-archive", .uploadArchive, nil), ("git upload-archive", .uploadArchive, nil),
        ("git-pod bridge git-upload-pack", .uploadPack, nil),
        ("git pod bridge git-upload-pack", .uploadPack, nil),
        ("git-pod bridge --protocol=0 git-upload-pack", .uploadPack, 0),
        ("git-pod bridge --protocol=1 git-upload-pack", .uploadPack, 1),
        ("git pod bridge --protocol=2 git-upload-archive", .uploadArchive, 2),
    ]

    /// Paths, each as it may be spelled and as it is.
    private static let paths = [
        ("'/a'", "/a"), ("/a", "/a"), ("'/srv/a.git'", "/srv/a.git"), ("'a b;c|d'", "a b;c|d"),
        ("'it'\\''s'", "it's"), ("'wow'\\!''", "wow!"), ("'wow!'", "wow!"),
        ("''\\'''\\'''", "''"), ("'/caf\u{e9}/日本'", "/café/日本"), ("'\\'", "\\"),
        ("'\"$(id)`id`'", "\"$(id)`id`"), ("~x/@+=:,-_.0", "~x/@+=:,-_.0"),
        ("'/a/../b'", "/a/../b"), ("'-x'", "-x"),
    ]

    private static let valid = forms.flatMap { form in
        paths.map { spelled, path in
            Valid(
                text: "\(form.text) \(spelled)", service: form.service, path: path,
                version: form.version)
        }
    }

    @Test("is understood in each form that git, the helper and people write", arguments: valid)
    func understands(_ valid: Valid) throws {
        let request = try ServiceRequest(parsing: valid.text)
        #expect(request.service == valid.service)
        #expect(Array(request.path.utf8) == Array(valid.path.utf8))
        #expect(request.protocolVersion == valid.version)
    }

    @Test("may have 4096 bytes and not one more")
    func bound() throws {
        let empty = "git-upload-pack ''".utf8.count
        let path = "/" + String(repeating: "a", count: 4096 - empty - 1)
        #expect(try ServiceRequest(parsing: "git-upload-pack '\(path)'").path == path)
        #expect(throws: Failure.self) {
            try ServiceRequest(parsing: "git-upload-pack '\(path)a'")
        }
    }

    @Test("survives being quoted as git quotes, whatever the path", arguments: PodTree.served)
    func quoting(_ name: String) throws {
        let text = "git-upload-pack " + ShellWords.quote("/data/\(name)")
        #expect(try ServiceRequest(parsing: text).path == "/data/\(name)")
    }

    @Test(
        "for another verb says so, with words behind it or none",
        arguments: ["git-pod status", "git pod status", "git-pod status '/a'", "git-pod 'status'"])
    func verbs(text: String) {
        let failure = #expect(throws: Failure.self) { try ServiceRequest(parsing: text) }
        #expect(failure?.message == "\"git pod status\" is not to be had over this connection")
        let unfinished = #expect(throws: Failure.self) {
            try ServiceRequest(parsing: "git-pod bridge")
        }
        #expect(unfinished?.message.contains("does not understand") == true)
    }

    @Test("that is malformed is refused in one harmless line")
    func refusals() throws {
        let table = HostileRequest.all(in: "/t").filter(\.isMalformed)
        #expect(table.count >= 300)
        for hostile in table {
            let failure = #expect(throws: Failure.self, "\(hostile.name)") {
                try ServiceRequest(parsing: hostile.text)
            }
            #expect(failure?.kind == .refused, "\(hostile.name)")
            let line = failure?.description ?? "\n"
            #expect(line.harmless == line && line.count < 600, "\(hostile.name): \(line)")
        }
    }

    @Test("to push is sent to origin, and another verb is named")
    func wording() {
        func line(_ text: String) -> String {
            do { return "\(try ServiceRequest(parsing: text))" } catch { return error.description }
        }
        #expect(line("git-receive-pack '/a'") == "a pod is fetched from; push to origin")
        #expect(
            line("git-pod serve --repo /a")
                == "\"git pod serve\" is not to be had over this connection;"
                + " this bridge only serves fetches")
        #expect(line("ls /").contains("\"ls /\""))
    }

    @Test("is shown with at most 200 characters")
    func shown() {
        #expect(ServiceRequest.shown(String(repeating: "x", count: 200)).count == 200)
        let cut = ServiceRequest.shown(String(repeating: "\u{1}", count: 200))
        #expect(cut.unicodeScalars.count == 200)
        #expect(cut.hasSuffix("…"))
    }

    @Test("in the bridge's own arguments needs no quotes and takes no more words")
    func ownArguments() throws {
        let request = try ServiceRequest(arguments: ["--protocol=2", "git-upload-pack", "/a b"])
        #expect(request.path == "/a b")
        #expect(request.protocolVersion == 2)
        for (arguments, kind): ([String], FailureKind) in [
            ([], .configuration), (["git-upload-pack"], .configuration),
            (["git-upload-pack", ""], .configuration),
            (["git-upload-pack", "/a", "/b"], .configuration),
            (["--protocol=3", "git-upload-pack", "/a"], .configuration),
            (["git-receive-pack", "/a"], .refused), (["sh", "/a"], .refused),
            (["git-upload-pack", "/a\n"], .refused), (["upload-pack", "/a"], .refused),
        ] {
            let failure = #expect(throws: Failure.self) {
                try ServiceRequest(arguments: arguments)
            }
            #expect(failure?.kind == kind, "\(arguments)")
        }
    }
}

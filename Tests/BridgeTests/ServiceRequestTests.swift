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

    static let valid: [Valid] = [
        Valid(text: "git-upload-pack '/a'", service: .uploadPack, path: "/a"),
        Valid(text: "git-upload-pack /a", service: .uploadPack, path: "/a"),
        Valid(text: "git upload-pack '/srv/a.git'", service: .uploadPack, path: "/srv/a.git"),
        Valid(text: "git-upload-archive '/a'", service: .uploadArchive, path: "/a"),
        Valid(text: "git upload-archive /a", service: .uploadArchive, path: "/a"),
        Valid(text: "git-pod bridge git-upload-pack '/a'", service: .uploadPack, path: "/a"),
        Valid(text: "git pod bridge git-upload-pack /a", service: .uploadPack, path: "/a"),
        Valid(
            text: "git-pod bridge --protocol=0 git-upload-pack '/a'", service: .uploadPack,
            path: "/a", version: 0),
        Valid(
            text: "git-pod bridge --protocol=1 git-upload-pack '/a'", service: .uploadPack,
            path: "/a", version: 1),
        Valid(
            text: "git pod bridge --protocol=2 git-upload-archive '/a'", service: .uploadArchive,
            path: "/a", version: 2),
        Valid(text: "git-upload-pack 'a b;c|d'", service: .uploadPack, path: "a b;c|d"),
        Valid(text: "git-upload-pack 'it'\\''s'", service: .uploadPack, path: "it's"),
        Valid(text: "git-upload-pack 'wow'\\!''", service: .uploadPack, path: "wow!"),
        Valid(text: "git-upload-pack 'wow!'", service: .uploadPack, path: "wow!"),
        Valid(text: "git-upload-pack ''\\'''\\'''", service: .uploadPack, path: "''"),
        Valid(text: "git-upload-pack '/caf\u{e9}/日本'", service: .uploadPack, path: "/café/日本"),
        Valid(text: "git-upload-pack '\\'", service: .uploadPack, path: "\\"),
        Valid(text: "git-upload-pack '\"$(id)`id`'", service: .uploadPack, path: "\"$(id)`id`"),
        Valid(text: "git-upload-pack ~x/@+=:,-_.0", service: .uploadPack, path: "~x/@+=:,-_.0"),
        Valid(text: "git-upload-pack '/a/../b'", service: .uploadPack, path: "/a/../b"),
        Valid(text: "git-upload-pack '-x'", service: .uploadPack, path: "-x"),
    ]

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

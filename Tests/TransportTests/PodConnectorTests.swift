// From an address to a service that speaks: settings, first bytes, and failures in the far side's words.

import Model
import POSIX
import TestSupport
import Testing

@testable import Transport

@Suite("Connecting to a pod")
struct PodConnectorTests {
    private let folder: TemporaryDirectory
    private let listener = Listener()

    init() throws { folder = try TemporaryDirectory() }

    /// A connector whose pod is a shell script, which gets the far command as its arguments.
    private func connector(_ script: String, _ more: [String: [String]] = [:]) throws(Failure)
        -> PodConnector
    {
        try writeFile(folder.file("far"), script)
        let values = [
            "pod.p.transport": ["command"], "pod.p.path": ["/r"],
            "pod.p.command": ["sh \(folder.file("far"))"],
        ]
        return PodConnector(
            configuration: GitConfiguration(values.merging(more) { $1 }),
            environment: Environment([:], accountHome: "/", accountName: "n"), caller: listener)
    }

    private func failure(_ script: String, _ more: [String: [String]] = [:]) throws -> Failure? {
        let connector = try connector(script, more)
        return #expect(throws: Failure.self) {
            _ = try connector.open(PodAddress("pod://p"), service: .uploadPack)
        }
    }

    @Test("the address's path is stronger than the section's")
    func path() throws {
        let connector = try connector("")
        #expect(try connector.settings(for: PodAddress("pod://p")).path == "/r")
        #expect(try connector.settings(for: PodAddress("pod://p/x")).path == "/x")
    }

    @Test("a slash behind the path is not sent, wherever the path comes from")
    func lastSlash() throws {
        let connector = try connector("", ["pod.p.path": ["/r/"]])
        #expect(try connector.settings(for: PodAddress("pod://p")).path == "/r")
        #expect(try connector.settings(for: PodAddress("pod://u@h/r.git/")).path == "/r.git")
        #expect(try connector.settings(for: PodAddress("pod://u@h/r.git//")).path == "/r.git/")
    }

    @Test(
        "a path out of an address reaches no carrier that might hand it to a shell",
        arguments: [
            "/x;touch%20pwned;", "/x%20y", "/$(id)", "/`id`", "/x|y", "/x&", "/x>y", "/'x'", "/*",
            "/caf%C3%A9", "/x\\y", "/%23x", "/x!y", "/{a,b}", "/x%25",
        ])
    func shellPaths(path: String) throws {
        let connector = try connector("echo ran >\(folder.file("ran"))")
        let failure = #expect(throws: Failure.self) {
            _ = try connector.open(PodAddress("pod://p\(path)"), service: .uploadPack)
        }
        #expect(failure?.kind == .configuration)
        #expect(failure?.hint?.contains("pod.p.path") == true, "\(failure?.description ?? "")")
        #expect(!exists(folder.file("ran")))
    }

    @Test("a path of the section's own may hold anything, and an address of plain words names any")
    func ownPaths() throws {
        let connector = try connector("", ["pod.p.path": ["/a b;c"]])
        #expect(try connector.settings(for: PodAddress("pod://p")).path == "/a b;c")
        let plain = "/srv/a-b_c.git/@x+y=z:0,~"
        #expect(try connector.settings(for: PodAddress("pod://p\(plain)")).path == plain)
        let elsewhere = try connector.settings(for: PodAddress("pod://u@h/a%20b;c"))
        #expect(elsewhere.path == "/a b;c")
    }

    @Test("a hint names the setting that is read: the section's, or every pod's")
    func settingNames() throws {
        let connector = try connector("")
        for (address, name) in [("pod://p", "pod.p.idleTimeout"), ("pod://h/x", "pod.idleTimeout")]
        {
            let settings = try connector.settings(for: PodAddress(address)).0
            let failure = Transport.silent(settings, for: .seconds(1), "while waiting")
            #expect(failure.hint == "look at the pod, or raise \(name)")
        }
    }

    @Test("a section without a path, a name without a section and a relative path are refused")
    func noPath() throws {
        let connector = try connector("", ["pod.q.host": ["h"], "pod.s.path": ["relative"]])
        for (address, words) in [
            ("pod://q", "pod.q.path is not set"), ("pod://z", "\"z\" is no [pod] section"),
            ("pod://s", "not absolute"),
        ] {
            let failure = #expect(throws: Failure.self) {
                try connector.settings(for: PodAddress(address))
            }
            #expect(failure?.kind == .configuration)
            #expect(failure?.message.contains(words) == true)
        }
    }

    @Test("an address with a user or a port is no section's name")
    func noSection() throws {
        let settings = try connector("").settings(for: PodAddress("pod://u@p/x")).0
        #expect(settings.carrier == .ssh && settings.command.isEmpty)
    }

    @Test("a variable that means nothing is warned of")
    func unknown() throws {
        _ = try connector("", ["pod.p.idletimout": ["1s"]]).settings(for: PodAddress("pod://p"))
        #expect(
            listener.warnings == ["pod.p.idletimout means nothing; did you mean idleTimeout?"])
    }

    @Test("a carrier without its setting says which one")
    func noCommand() throws {
        let failure = try failure("", ["pod.p.command": [""]])
        #expect(failure?.kind == .configuration)
        #expect(failure?.message == "pod.p.command is not set")
    }

    @Test("the far side is asked for the service, the version and the path")
    func asks() throws {
        let failure = try failure("echo \"git-pod: $*\" >&2; exit 1")
        #expect(
            failure?.message == "p: bridge --protocol=2 git-upload-pack /r"
                || failure?.message.contains("git-pod bridge --protocol=2 git-upload-pack /r")
                    == true
        )
    }

    @Test(
        "an end without a byte is the far side's failure, of its own kind and in its own words",
        arguments: [
            ("echo 'git-pod: not allowed' >&2; exit 5", FailureKind.refused, "p: not allowed"),
            ("echo 'git-pod: gone' >&2; exit 4", .unreachable, "p: gone"),
            ("echo 'fatal: no such repo' >&2; echo noise >&2; exit 128", .failed, "no such repo"),
            ("echo last >&2; exit 3", .failed, "(exit status 3): last"),
            ("exit 0", .failed, "(exit status 0)"), ("kill -KILL $$", .failed, "(signal 9)"),
        ])
    func farFailures(script: String, kind: FailureKind, words: String) throws {
        let failure = try failure(script)
        #expect(failure?.kind == kind)
        let message = failure?.message ?? ""
        #expect(message == words || message.hasPrefix("p ended without an answer"))
        #expect(message.contains(words), "\(message)")
    }

    @Test("a far side without our bridge is asked for plain git, with a warning")
    func plainGit() throws {
        let script = """
            case "$1" in git-pod) echo 'sh: git-pod: not found' >&2; exit 127;; esac
            echo "git-pod: asked $*" >&2; exit 5
            """
        let failure = try failure(script)
        #expect(failure?.kind == .refused)
        #expect(
            failure?.message.hasSuffix("asked env GIT_PROTOCOL=version=2 git upload-pack /r")
                == true)
        #expect(listener.warnings.first?.contains("using plain git") == true)
    }

    @Test("a banner is no git, and its own words say whose it is")
    func banner() throws {
        let failure = try failure("echo 'Welcome to shop-0'; exec cat")
        #expect(failure?.kind == .failed)
        #expect(failure?.message.contains("something that is not git: Welcome to shop-0") == true)
        #expect(failure?.hint?.contains("login shell") == true)
    }

    @Test("a far side that never says a word is unreachable, when its time is over")
    func silent() throws {
        let failure = try failure(
            "exec cat", ["pod.p.connecttimeout": ["100ms"], "pod.p.idletimeout": ["100ms"]])
        #expect(failure?.kind == .unreachable)
        #expect(
            failure?.message == "p sent no byte for 200 ms while waiting for the advertisement")
    }

    @Test("a program that is not there is a configuration error")
    func missing() throws {
        #expect(try failure("", ["pod.p.command": ["git-no-such-program"]])?.kind == .configuration)
    }

    @Test("a repository without refs is told from one with any")
    func refs() throws {
        let gitdir = folder.file("g")
        try folder.folder("g/refs/heads/feature")
        #expect(hasNoRefs(gitdir))
        try writeFile("\(gitdir)/refs/heads/feature/x", "")
        #expect(!hasNoRefs(gitdir))
        try run(["rm", "\(gitdir)/refs/heads/feature/x"]).check()
        #expect(hasNoRefs(gitdir))
        try writeFile("\(gitdir)/packed-refs", "")
        #expect(!hasNoRefs(gitdir))
    }

    /// How opening fails where the far side writes its process id to a file first, and whether it then
    /// ends.
    private func failureLeavingNobody(_ script: String, near: Int32? = nil) throws -> Failure? {
        let note = folder.file("process")
        let connector = try connector("echo $$ >\(note); \(script)")
        let failure = #expect(throws: Failure.self) {
            _ = try connector.open(PodAddress("pod://p"), service: .uploadPack, near: near)
        }
        let process = try #require(Int32(contents(note).split(separator: "\n").first ?? ""))
        #expect(eventually { !Processes.isRunning(process) })
        return failure
    }

    @Test("a far side that is no git is left running nowhere")
    func noOrphan() throws {
        let failure = try failureLeavingNobody("echo Welcome; exec sleep 300")
        #expect(failure?.message.contains("something that is not git: Welcome") == true)
    }

    @Test("a git that has gone waits for no first byte")
    func nearGone() throws {
        ignoreBrokenPipes()
        let down = try PipeEnds()
        down.closeReader()
        let failure = try failureLeavingNobody("exec sleep 300", near: down.writer)
        #expect(failure?.message == "git went away while waiting for the advertisement")
    }
}

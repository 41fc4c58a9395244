import Model
import POSIX
import TestSupport
import Testing

@Suite("The bridge under attack")
struct RefusalTests {
    /// What a file system looks like to somebody who watches for any change.
    private func listing(_ tree: PodTree) throws -> String {
        try TestSupport.run([
            "find", tree.path, "-not", "-name", "git-pod-*", "-not", "-path", tree.root,
            "-printf", "%p %y %m %s %T@ %l\n",
        ]).check().output
    }

    @Test("refuses every hostile request with one line and 5, and leaves no trace but its audit")
    func refusesEverything() throws {
        let tree = try PodTree()
        let secret = try tree.home.git("rev-parse", PodTree.canary, at: tree.secret)
        let table = HostileRequest.all(in: tree.path).filter {
            !$0.text.utf8.contains(0) && $0.text.utf8.count < 100_000
        }
        #expect(table.count >= 300)
        let bridge = BridgeCommand(options: [
            "--root", tree.root, "--repository", "named=\(tree.path)/named/real.git",
        ])
        let before = try listing(tree)
        for hostile in table {
            let run = try bridge.ssh(hostile.text)
            #expect(run.status == .exited(5), "\(hostile.name): \(run.errors)")
            #expect(run.bytes.isEmpty, "\(hostile.name)")
            #expect(
                run.errorLines.count == 2 && run.errorLines.last == ""
                    && run.errors.hasPrefix("git-pod: "), "\(hostile.name): \(run.errors)")
            let line = String(run.errors.dropLast())
            #expect(line.harmless == line && line.utf8.count < 1200, "\(hostile.name)")
            #expect(
                !run.errors.contains(secret) && !run.errors.contains(PodTree.canary),
                "\(hostile.name)")
        }
        #expect(try listing(tree) == before)
        #expect(directoryEntries(tree.touched) == [])
        let audit = contents("\(tree.root)/git-pod-audit.log").split(separator: "\n")
        #expect(audit.count == table.count)
        for (line, hostile) in zip(audit, table) {
            let record = JSON(parsing: Array(line.utf8))
            #expect(record?["result"]?.string == "refused", "\(hostile.name)")
            #expect((record?["request"]?.string?.unicodeScalars.count ?? 999) <= 200)
        }
    }

    @Test("refuses bytes that are no text")
    func notText() throws {
        let tree = try PodTree()
        for bytes in ["\\377", "\\303", "\\355\\240\\200", "\\300\\257"] {
            let run = try TestSupport.run([
                "sh", "-c",
                """
                export SSH_ORIGINAL_COMMAND="$(printf "git-upload-pack '\(tree.shop)\(bytes)'")"
                exec "$0" bridge --root "$1"
                """, BridgeCommand.program, tree.root,
            ])
            #expect(run.status == .exited(5), "\(bytes): \(run.errors)")
            #expect(run.bytes.isEmpty)
            #expect(run.errors.contains("does not understand"))
        }
    }

    @Test("serves everything that its root holds, asked for as git asks")
    func servesAll() throws {
        let tree = try PodTree()
        let bridge = BridgeCommand(options: ["--root", tree.root])
        for name in PodTree.served {
            let path = ShellWords.quote("\(tree.root)/\(name)")
            let run = try bridge.ssh("git-upload-pack \(path)", input: Array("0000".utf8))
            #expect(run.status == .exited(0), "\(name): \(run.errors)")
            #expect(run.output.contains("refs/heads/main"), "\(name)")
        }
    }

    @Test("serves nobody over SSH when no root is configured, and an exec what it names")
    func withoutRoots() throws {
        let tree = try PodTree()
        let request = "git-upload-pack '\(tree.shop)'"
        #expect(try BridgeCommand().ssh(request).status == .exited(5))
        let flush = Array("0000".utf8)
        let run = try BridgeCommand().exec(["git-upload-pack", tree.shop], input: flush)
        #expect(run.status == .exited(0), "\(run.errors)")
        #expect(exists("\(tree.shop)/git-pod-audit.log"))
    }

    @Test("gives a login no shell, and takes one request only")
    func logins() throws {
        let tree = try PodTree()
        var bridge = BridgeCommand(options: ["--root", tree.root])
        let both = try BridgeCommand(options: ["--root", tree.root, "git-upload-pack", tree.shop])
            .ssh("git-upload-pack '\(tree.shop)'")
        #expect(both.status == .exited(2))
        #expect(both.errorLines.count == 2)
        #expect(try bridge.exec([]).status == .exited(2))
        bridge.environment = ["SSH_CONNECTION": "::1 1 ::1 2"]
        let login = try bridge.exec([])
        #expect(login.status == .exited(5))
        #expect(
            login.errors == "git-pod: this bridge only serves fetches; there is no shell here\n")
    }

    @Test("serves archives only where they are allowed")
    func archives() throws {
        let tree = try PodTree()
        var bridge = BridgeCommand(options: ["--root", tree.root])
        let request = "git-upload-archive '\(tree.shop)'"
        #expect(try bridge.ssh(request).status == .exited(5))
        bridge.options.append("--allow-archive")
        let arguments = Array("0011argument HEAD0000".utf8)
        #expect(try bridge.ssh(request, input: arguments).status == .exited(0))
    }

    @Test(
        "wants its own options to be right",
        arguments: [
            ["--root"], ["--root", "/nonexistent"], ["--repository", "x"], ["--max-requests", "0"],
            ["--max-requests", "x"], ["--max-time", "soon"], ["--max-time", "0"], ["--rot", "/"],
            ["--allow-archive=yes"], ["--actor", "a b"], ["--actor", ""], ["--actor=-x"],
            ["--print-sshd-config"], ["--print-authorized-key", "x", "--root", "/"],
        ])
    func usage(_ options: [String]) throws {
        let run = try BridgeCommand(options: options).ssh("git-upload-pack '/x'")
        #expect(run.status == .exited(2))
        #expect(run.bytes.isEmpty)
        #expect(run.errorLines.count == 2)
    }
}

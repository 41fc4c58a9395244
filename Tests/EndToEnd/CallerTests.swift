// What a caller may do to the helper before it even starts: names that are no text, descriptors that
// are closed.

import Model
import POSIX
import TestSupport
import Testing

@Suite("However git calls the helper")
struct CallerTests {
    /// Runs the helper by a shell that says `words` to it and does `setup` first.
    private func helper(_ served: ServedPod, setup: String, redirection: String) throws -> Finished
    {
        let script = """
            \(setup)
            printf 'capabilities\\noption verbosity 2\\nconnect git-upload-pack\\n0000' |
            \(Products.path("git-remote-pod")) pod pod://libssh2 \(redirection)
            """
        return try run(
            ["sh", "-c", script], environment: served.pod.home.environment(),
            directory: served.pod.clone)
    }

    @Test("a configuration whose name is no UTF-8 is read")
    func nameIsNoText() throws {
        let served = try ServedPod()
        let setup = """
            name=$(printf '\(served.pod.folder.path)/h\\351')
            cp \(served.pod.home.configuration) "$name"
            GIT_CONFIG_GLOBAL=$name; export GIT_CONFIG_GLOBAL
            """
        let finished = try helper(served, setup: setup, redirection: "")
        #expect(finished.succeeded, "\(finished.errors)")
    }

    @Test("git-pod gives its children an environment byte for byte")
    func childsEnvironment() throws {
        let served = try ServedPod()
        let script = """
            name=$(printf '\(served.pod.folder.path)/h\\351')
            git config --file "$name" pod.branch \(PodFixture.conflictBranch)
            GIT_CONFIG_GLOBAL=$name \(Products.path("git-pod")) status --json --repo .
            """
        let finished = try run(
            ["sh", "-c", script], environment: served.pod.home.environment(),
            directory: served.pod.gitdir)
        #expect(
            finished.output.hasPrefix(
                "{\"branches\":[{\"branch\":\"\(PodFixture.conflictBranch)\""),
            "\(finished)"
        )
    }

    @Test("an ssh of the user's own whose name is no UTF-8 is refused")
    func sshIsNoText() throws {
        let served = try ServedPod()
        for name in ["GIT_SSH", "GIT_SSH_COMMAND"] {
            let setup = "\(name)=$(printf 'h\\351'); export \(name)"
            let finished = try helper(served, setup: setup, redirection: "")
            #expect(finished.status == .exited(2))
            #expect(finished.errors.contains("\(name) is \"h\u{fffd}\", which is no UTF-8"))
        }
    }

    @Test("our messages never go into a connection that took a closed descriptor's number")
    func closedDescriptors() throws {
        let served = try ServedPod()
        let finished = try helper(served, setup: "", redirection: "2>&-")
        #expect(finished.succeeded)
        #expect(finished.output.contains("version 2"))
    }

    @Test(
        "what is no UTF-8 names no other file: it is refused",
        arguments: [
            ("git-remote-pod", "pod \"pod://h/$odd\" </dev/null"),
            ("git-pod", "status --repo \"$odd\""),
            ("git-pod", "lock --repo plain.git -- ls \"$odd\""),
            ("git-pod", "status --repo named.git"),
            ("git-remote-pod", "pod pod://odd <said"),
        ])
    func noText(program: String, words: String) throws {
        let served = try ServedPod()
        let said = "capabilities\\nconnect git-upload-pack\\n0000"
        let script = """
            odd=$(printf 'h\\351'); mended=$(printf 'h\\357\\277\\275')
            for name in plain.git "$mended" named.git; do git init -q --bare "$name"; done
            git -C named.git config remote.origin.url "/$odd"
            git config --global pod.odd.path "/$odd"
            printf '\(said)' >said
            exec \(Products.folder)/\(program) \(words)
            """
        let finished = try run(
            ["sh", "-c", script], environment: served.pod.home.environment(),
            directory: served.pod.folder.path)
        #expect(finished.status == .exited(2), "\(finished.errors)")
        #expect(finished.errors.hasPrefix("\(program): "))
        #expect(finished.errors.contains("no UTF-8"))
        #expect(finished.errors.split(separator: "\n").count == 1)
    }
}

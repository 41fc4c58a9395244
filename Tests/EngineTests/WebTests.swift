// The engine's verbs and an origin of the web: exit codes, and what is left of a push that was killed.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A reconcile with an origin of the web")
struct WebTests {
    @Test("that takes no token of ours ends with 5, and nothing moved")
    func wrongToken() throws {
        let scene = try Scene(.https)
        let refs = try scene.refs("refs/")
        let file = scene.origin.pod.folder.file("stranger")
        try writeFile(file, "ghp-somebody-else", mode: 0o600)
        let wrong = try scene.reconcile("--token-file", file)
        #expect(wrong.outcome == "fetch-failed")
        #expect(wrong.code == .refused, "\(wrong.errors)")
        #expect(wrong.error.contains("pod.tokenFile"))
        try scene.home.git(
            "config", "--file", scene.home.configuration, "--unset", "http.sslCAInfo")
        let unknown = try scene.reconcile()
        #expect(unknown.code == .refused, "\(unknown.errors)")
        #expect(unknown.error.contains("certificate"))
        try run(["chmod", "0644", file]).check()
        let open = try scene.reconcile("--token-file", file)
        #expect(open.code == .configuration, "\(open.errors)")
        #expect(open.error.contains("chmod 600"))
        #expect(try scene.refs("refs/") == refs)
    }

    @Test("is not written to with a token that may only read")
    func readOnlyToken() throws {
        let scene = try Scene(.https)
        let file = try #require(scene.origin.readOnlyTokenFile)
        let answer = try scene.reconcile("--token-file", file)
        #expect(answer.outcome == "pushed-ahead", "\(answer.errors)")
        #expect(answer.code == .refused)
        #expect(
            try scene.push("--token-file", file).json["reason"]?.string == "read-only-key")
    }

    @Test("is cloned from with a token, and the clone's config has none of it")
    func clone() throws {
        let scene = try Scene(.https)
        let folder = scene.origin.pod.folder.file("new.git")
        let answer = try scene.answer(
            ["clone", scene.origin.url, folder, "--json"] + scene.origin.flags)
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(try scene.tip(in: folder) == scene.origin.tip())
        #expect(!contents("\(folder)/config").contains(WebServer.token))
    }

    @Test(
        "is let go of by every process when git-pod is killed", arguments: TestOrigin.Kind.allCases)
    func killed(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        try scene.commit("ours.txt", "ours")
        let started = scene.origin.pod.folder.file("started")
        try writeFile(
            "\(scene.origin.path)/hooks/pre-receive",
            "#!/bin/sh\n: >'\(started)'\nwhile test -e '\(started)'; do sleep 0.1; done\n",
            mode: 0o755)
        let push = try RunningCommand(
            [Products.path("git-pod"), "push", "--repo", scene.gitdir, "--origin"]
                + [scene.origin.url] + scene.origin.flags,
            environment: scene.home.environment())
        #expect(eventually { exists(started) })
        let below = Processes.below(push.child.process)
        let pushers = ["push", "receive-pack"]
        #expect(
            kind == .ssh
                || below.contains { Processes.arguments(of: $0).contains(where: pushers.contains) })
        push.child.signal(Signals.kill)
        _ = try push.finish()
        // A receive-pack of this machine is left to end by itself, when its hook lets it.
        if kind == .path { try run(["rm", "-f", started]).check() }
        #expect(eventually { !below.contains(where: Processes.isRunning) })
    }
}

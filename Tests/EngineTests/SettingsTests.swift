// Settings as a user makes them: by flags, environment, the gitdir's config and git's, and what
// --print-config says of it.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A setting")
struct SettingsTests {
    private static let verbs = ["serve", "flush", "push", "reconcile", "status"]

    @Test(
        "that does not exist is refused in the environment, with the nearest one", arguments: verbs)
    func unknownVariable(verb: String) throws {
        let scene = try Scene()
        let answer = try scene.answer(
            [verb, "--repo", scene.gitdir], environment: ["GIT_POD_ON_DIVERGANCE": "stop"])
        #expect(answer.code == .configuration)
        let text = "GIT_POD_ON_DIVERGANCE is no setting; did you mean GIT_POD_ON_DIVERGENCE?"
        #expect(answer.errors.contains(text), "\(answer.errors)")
    }

    @Test(
        "that does not exist is refused in a config, with the nearest one",
        arguments: ["serve", "push", "reconcile", "status"])
    func unknownKey(verb: String) throws {
        let scene = try Scene()
        try scene.home.git("config", "pod.retryCup", "5m", at: scene.gitdir)
        let words = [verb, "--repo", scene.gitdir]
        let answer = try scene.answer(words)
        #expect(answer.code == .configuration)
        let hint = "is no setting; did you mean pod.retryCap?"
        #expect(answer.errors.contains("pod.retrycup in the gitdir's config \(hint)"))
        try scene.home.git("config", "--unset", "pod.retryCup", at: scene.gitdir)
        try scene.home.git("config", "--global", "pod.retryCup", "5m")
        #expect(try scene.answer(words).errors.contains("pod.retrycup in git config \(hint)"))
    }

    @Test("of a pod, of a section or of somebody else is none of the engine's")
    func others() throws {
        let scene = try Scene()
        for (key, value) in [
            ("pod.identityFile", "/key"), ("pod.remoteCommand", "git"), ("pod.prod.path", "/x"),
            ("podium.height", "3"),
        ] {
            try scene.home.git("config", "--global", key, value)
        }
        // What Kubernetes sets where there are services called git-pod and git-pod-eu.
        let environment = [
            "GIT_POD_SERVICE_HOST": "10.0.0.1", "GIT_POD_SERVICE_PORT": "80",
            "GIT_POD_SERVICE_PORT_HTTP": "80", "GIT_POD_PORT": "tcp://10.0.0.1:80",
            "GIT_POD_PORT_80_TCP_ADDR": "10.0.0.1", "GIT_POD_EU_SERVICE_HOST": "10.0.0.2",
            "GIT_POD_EU_PORT": "tcp://10.0.0.2:80", "GIT_PODS": "x",
        ]
        let words = ["status", "--repo", scene.gitdir, "--json"]
        let answer = try scene.answer(words, environment: environment)
        #expect(answer.code == .done, "\(answer.errors)")
        let alone = try scene.answer(words, environment: ["GIT_POD_EU_PORT": "x"])
        #expect(alone.code == .configuration)
    }

    @Test(
        "that cannot be is refused at the start, though nothing needs it yet",
        arguments: [
            ("onDivergence", "x", "one of rebase, merge, escape, stop"),
            ("onRewrite", "rebase", "one of replay, stop"),
            ("checkoutOf", "none", "one of durable, local"),
            ("keepBefore", "3h", "a number of days"), ("lockTimeout", "soon", "a time such as"),
            ("cloneRetryCap", "1w", "a time such as"), ("cloneMaxRetries", "-1", "a number"),
            ("expectedSize", "much", "a size"), ("remote", "a..b", "a remote's name"),
            ("autoReconcile", "perhaps", "true or false"),
            ("retryFirst", "0", "10 ms or more"), ("retryCap", "1ms", "100 ms or more"),
            ("originCheck", "0s", "10 ms or more"),
        ])
    func wrong(name: String, value: String, wanted: String) throws {
        let scene = try Scene()
        try scene.home.git("config", "pod.\(name)", value, at: scene.gitdir)
        let answer = try scene.answer([
            "serve", "--repo", scene.gitdir, "--origin", scene.origin.url,
        ])
        #expect(answer.code == .configuration, "\(answer.errors)")
        #expect(answer.errors.contains("pod.\(name) is \"\(value)\""), "\(answer.errors)")
        #expect(answer.errors.contains("it must be \(wanted)"), "\(answer.errors)")
    }

    @Test("is shown with its value and with who made it")
    func printed() throws {
        let scene = try Scene()
        try scene.home.git("config", "--global", "pod.retryFirst", "3s")
        try scene.home.git("config", "--global", "pod.warmFor", "1m")
        try scene.home.git("config", "pod.warmFor", "2m", at: scene.gitdir)
        try scene.home.git("config", "pod.originCheck", "20s", at: scene.gitdir)
        let arguments = [
            "serve", "--repo", scene.gitdir, "--print-config", "--retry-cap", "4m",
        ]
        let environment = ["GIT_POD_ORIGIN_CHECK": "30s", "GIT_POD_RETRY_CAP": "9m"]
        let json = try scene.answer(arguments + ["--json"], environment: environment)
        #expect(json.code == .done, "\(json.errors)")
        let wanted = [
            ("retryCap", "4m", "flag"), ("originCheck", "30s", "environment"),
            ("warmFor", "2m", "gitdir"), ("retryFirst", "3s", "git config"),
            ("saveStuck", "true", "default"),
        ]
        let text = try run(
            [Products.path("git-pod")] + arguments, environment: scene.home.environment(environment)
        ).check()
        for (name, value, source) in wanted {
            #expect(json.json[name]?["value"]?.string == value)
            #expect(json.json[name]?["from"]?.string == source)
            let line = text.lines.first { $0.hasPrefix("\(name) ") } ?? ""
            #expect(line.hasSuffix(" \(value)  (\(source))"), "\(line)")
        }
        #expect(json.json["deployKey"]?["value"] == .null)
        #expect(json.json["deployKey"]?["from"]?.string == "not set")
        #expect(text.lines.contains { $0.hasPrefix("deployKey ") && $0.hasSuffix("-  (not set)") })
    }

    @Test(
        "that holds a password is shown without it",
        arguments: [
            "https://me:s3cret@127.0.0.1:1/r.git", "https://me:s3cret@[/r.git",
        ])
    func secrets(url: String) throws {
        let scene = try Scene()
        let arguments = ["serve", "--repo", scene.gitdir, "--print-config"]
        for extra in [[], ["--json"]] {
            let answer = try run(
                [Products.path("git-pod")] + arguments + ["--origin", url] + extra,
                environment: scene.home.environment()
            ).check()
            #expect(!answer.output.contains("s3cret"))
        }
        try scene.home.git("config", "remote.origin.url", url, at: scene.gitdir)
        let answer = try scene.answer(arguments + ["--json"])
        #expect(!answer.json.text.contains("s3cret"))
        #expect(answer.json["origin"]?["from"]?.string == "remote.origin.url")
    }

    @Test("of several branches is taken by serve, and by no verb that works on one")
    func branches() throws {
        let scene = try Scene()
        let print = ["serve", "--repo", scene.gitdir, "--print-config", "--json"]
        let both = try scene.answer(
            print + ["--branch", "main", "--branch=refs/heads/data/*"],
            environment: ["GIT_POD_BRANCH": "other"])
        #expect(both.json["branch"]?["value"]?.string == "main refs/heads/data/*")
        let answer = try scene.verb("push", [], environment: ["GIT_POD_BRANCH": "main data/*"])
        #expect(answer.code == .configuration)
        #expect(answer.errors.contains("\"main data/*\" is more than one branch"))
        let last = try scene.verb("push", ["--branch", "none", "--branch", "main"])
        #expect(last.code == .done, "\(last.errors)")
    }

    @Test(
        "that cannot be ends serve before it begins",
        arguments: [
            (["--branch", "a..b"], "\"a..b\" cannot be a branch's name"),
            (["--branch", "*/*"], "\"*/*\" cannot be a branch's name"),
            (["--log-format", "xml"], "--log-format is \"xml\"; it must be one of text, json"),
            (["--max-retries", "-1"], "--max-retries is \"-1\"; it must be a number"),
            (["--auto-reconcile", "maybe"], "--auto-reconcile is \"maybe\"; it must be true"),
            (["--retry-cap", "long"], "--retry-cap is \"long\"; it must be a time"),
            (["--json"], "--json goes with --print-config; --log-format json writes the log"),
        ])
    func wrong(flags: [String], complaint: String) throws {
        let scene = try Scene()
        let answer = try scene.answer(["serve", "--repo", scene.gitdir] + flags)
        #expect(answer.code == .configuration)
        #expect(answer.errors.contains(complaint), "\(answer.errors)")
    }
}

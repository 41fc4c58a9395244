// The token of an origin of the web: what its file must be like, and that nothing shows it.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("A token")
struct TokenTests {
    private func failure(_ work: OriginAtWork) throws -> Failure {
        let failure = try #require(throws: OriginFailure.self) {
            _ = try work.origin.fetch(branch: OriginAtWork.main)
        }
        #expect(failure.reason == .authentication && failure.failure.kind == .configuration)
        #expect(!failure.message.contains("\n"))
        return failure.failure
    }

    @Test("is taken from a file that nobody else may read, and that is there")
    func files() throws {
        let work = try OriginAtWork(.https)
        let file = try #require(work.there.tokenFile)
        try run(["chmod", "0640", file]).check()
        let open = try failure(work)
        #expect(open.message == "others may read the token file \(file)")
        #expect(open.hint == "chmod 600 \(file)")
        work.settings.tokenFile = "/nonexistent/token"
        let missing = try failure(work)
        #expect(missing.message.contains("there is no token file /nonexistent/token"))
        #expect(missing.hint?.contains("--token-file") == true)
        work.settings.tokenFile = work.pod.folder.path
        #expect(try failure(work).message.contains("is no plain file"))
        #expect(try #require(work.there.web).requests.isEmpty)
    }

    @Test(
        "is the first line of its file",
        arguments: [
            ("", "begins with an empty line"), ("\n\(WebServer.token)\n", "begins with an empty"),
            ("\(WebServer.token)\r\n", "another character"), ("to ken", "a blank or"),
            ("\(WebServer.token)", nil), ("\(WebServer.token)\nmade on Friday\n", nil),
        ])
    func content(content: String, complaint: String?) throws {
        let work = try OriginAtWork(.https)
        try writeFile(try #require(work.there.tokenFile), content, mode: 0o600)
        guard let complaint else {
            #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1)
            return
        }
        let failure = try failure(work)
        #expect(failure.message.contains(complaint), "\(failure)")
        #expect(!failure.description.contains(WebServer.token))
    }

    @Test("reaches git whatever its file is called, and no shell reads that name")
    func names() throws {
        let work = try OriginAtWork(.https)
        let canary = work.pod.folder.file("canary")
        for name in ["a b", "$(touch canary)", "'; touch canary; '", "\"`touch canary`\"", "-n"] {
            let file = work.pod.folder.file(name.replacing("canary", with: "can"))
            try writeFile(file, WebServer.token, mode: 0o600)
            work.settings.tokenFile = file
            #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1, "\(name)")
        }
        #expect(!exists(canary) && !exists("can"))
    }

    @Test("is in nothing that we say, in no process's arguments and in no other helper's hands")
    func shown() throws {
        let work = try OriginAtWork(.https)
        let kept = work.pod.folder.file("kept")
        try work.pod.home.configure("credential.helper", "store --file='\(kept)'")
        var values = ["GIT_CURL_VERBOSE": "1", "GIT_TRACE_CURL": "1", "GIT_TRACE_REDACT": "0"]
        values["GIT_TRACE"] = "1"
        values["GIT_TRACE2_EVENT"] = work.pod.folder.file("trace")
        work.settings.environment = OriginAtWork.environment(work.pod.home, values)
        // Somebody over there who says what was sent, in every way that is passed on.
        try work.there.refuse("your token is \(WebServer.token)")
        let said = Locked<[String]>([])
        let arguments = Locked<[String]>([])
        work.settings.note = { line in said.with { $0.append(line) } }
        work.settings.isCancelled = {
            let all = Processes.below(processNumber()).flatMap { Processes.arguments(of: $0) }
            arguments.with { $0 += all }
            return false
        }
        let result = try work.pushAhead()
        said.with { $0.append("\(String(describing: result))") }
        try #require(work.there.web).answer("403 No", "not with \(WebServer.token)")
        let failure = try #require(throws: OriginFailure.self) { _ = try work.pushAhead() }
        said.with { $0.append("\(failure)") }
        let words = said.with { $0.joined(separator: "\n") }
        #expect(words.contains("your token is …") && words.contains("not with …"), "\(words)")
        let secrets = [
            WebServer.token, String(WebServer.authorization(WebServer.token).dropFirst(6)),
        ]
        for secret in secrets {
            #expect(!words.contains(secret))
            #expect(!arguments.with { $0.contains { $0.contains(secret) } })
        }
        #expect(arguments.with { $0.contains("push") })
        #expect(!exists(kept) && !exists(work.pod.folder.file("trace")))
        #expect(try run(["grep", "-rF", WebServer.token, work.pod.gitdir]).output.isEmpty)
    }
}

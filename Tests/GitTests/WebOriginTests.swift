// What only an origin of the web can get wrong, and that the token goes to it and nowhere else.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("An origin of the web")
struct WebOriginTests {
    private func failure(_ work: OriginAtWork) throws -> OriginFailure {
        let failure = try #require(throws: OriginFailure.self) {
            _ = try work.origin.fetch(branch: OriginAtWork.main)
        }
        #expect(!failure.message.contains("\n"))
        #expect(!failure.message.contains(WebServer.token), "\(failure)")
        return failure
    }

    private func web(_ work: OriginAtWork) throws -> WebServer { try #require(work.there.web) }

    @Test("may be read and not written with a read-only token")
    func readOnly() throws {
        let work = try OriginAtWork(.https)
        work.settings.tokenFile = work.there.readOnlyTokenFile
        #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1)
        let failure = try #require(throws: OriginFailure.self) { _ = try work.pushAhead() }
        #expect(failure.reason == .readOnlyKey && failure.failure.kind == .refused, "\(failure)")
        #expect(failure.message.contains("Write access"), "\(failure)")
    }

    @Test("that lets us in and then forbids a push, without words, has a token that may only read")
    func forbidden() throws {
        let work = try OriginAtWork(.https)
        try web(work).answer("403 Forbidden", "Computer says no.")
        #expect(try failure(work).reason == .authentication)
        let failure = try #require(throws: OriginFailure.self) { _ = try work.pushAhead() }
        #expect(failure.reason == .readOnlyKey && failure.failure.kind == .refused, "\(failure)")
    }

    @Test("refuses a token that it does not know, and nobody is asked for another")
    func wrongToken() throws {
        let work = try OriginAtWork(.https)
        let file = work.pod.folder.file("stranger")
        try writeFile(file, "ghp-somebody-else\n", mode: 0o600)
        work.settings.tokenFile = file
        try work.pod.home.configure(
            "core.askPass", "touch '\(work.pod.folder.file("asked"))'; echo")
        let failure = try failure(work)
        #expect(failure.reason == .authentication && failure.failure.kind == .refused, "\(failure)")
        #expect(failure.message.contains("pod.tokenFile"), "\(failure)")
        #expect(!exists(work.pod.folder.file("asked")))
        work.settings.tokenFile = nil
        #expect(try self.failure(work).reason == .authentication)
        #expect(!exists(work.pod.folder.file("asked")))
    }

    @Test(
        "takes user and password of its URL the same way",
        arguments: [
            ("\(WebServer.user):\(WebServer.token)", false), ("\(WebServer.user)", true),
            (":\(WebServer.token)", false), ("\(WebServer.user):wrong", true),
        ])
    func userAndPassword(who: String, withTokenFile: Bool) throws {
        let work = try OriginAtWork(.https)
        work.settings.url = try OriginURL(
            work.there.url.replacing("https://", with: "https://\(who)@"))
        if !withTokenFile { work.settings.tokenFile = nil }
        #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1)
        #expect(try work.pushAhead() == .done)
    }

    @Test(
        "is told no user of its URL's in a message: it may be a token",
        arguments: ["ghp_secret", "ghp_secret:", "ghp%5Fsecret"])
    func tokenAsUser(who: String) throws {
        let work = try OriginAtWork(.https)
        work.settings.url = try OriginURL(
            work.there.url.replacing("https://", with: "https://\(who)@"))
        work.settings.tokenFile = nil
        let noted = Locked<[String]>([])
        work.settings.note = { line in noted.with { $0.append(line) } }
        let failure = try failure(work)
        #expect(failure.reason == .authentication, "\(failure)")
        #expect(!failure.message.contains("secret"), "\(failure)")
        #expect(!noted.with { $0 }.joined().contains("secret"))
        let wanted = who.hasSuffix(":") ? Base64.encode(Array(who.utf8)) : nil
        let sent = try web(work).requests.map(\.authorization)
        if let wanted { #expect(sent.contains { $0.contains(wanted) }, "\(sent)") }
    }

    @Test("whose certificate nobody vouches for gets no token")
    func unknownAuthority() throws {
        let work = try OriginAtWork(.https)
        try work.pod.home.git(
            "config", "--file", work.pod.home.configuration, "--unset", "http.sslCAInfo")
        let failure = try failure(work)
        #expect(failure.reason == .hostKey && failure.failure.kind == .refused, "\(failure)")
        #expect(failure.message.contains("certificate"), "\(failure)")
        #expect(try web(work).requests.isEmpty)
    }

    @Test(
        "that redirects to another server does not take the token along", arguments: [true, false])
    func redirectElsewhere(onlyKnown: Bool) throws {
        let work = try OriginAtWork(.https)
        let name = try web(work).url(of: "", host: "localhost").dropLast()
        try web(work).redirect(to: String(name), onlyKnown: onlyKnown)
        let failure = try failure(work)
        #expect(failure.reason == .authentication && failure.failure.kind == .refused, "\(failure)")
        if !onlyKnown {
            #expect(failure.message.contains("redirects to https://localhost:"), "\(failure)")
        }
        let sent = try web(work).requests.map(\.authorization)
        let known = WebServer.authorization(WebServer.token)
        #expect(sent.filter { $0 == known }.count == (onlyKnown ? 1 : 0))
        #expect(sent.count == (onlyKnown ? 3 : 2) && sent.last == "")
    }

    @Test("that redirects to where its repository is on the same server is followed")
    func redirectHere() throws {
        let work = try OriginAtWork(.https)
        try web(work).rename("old.git", to: "origin.git")
        work.settings.url = try OriginURL(try web(work).url(of: "old.git"))
        #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1)
        #expect(try work.pushAhead() == .done)
    }

    @Test("that redirects to what is not encrypted is not followed there")
    func redirectToPlain() throws {
        let work = try OriginAtWork(.https)
        let plain = try WebServer(root: work.pod.folder.path, isEncrypted: false)
        for onlyKnown in [true, false] {
            let base = plain.url(of: "").dropLast()
            try web(work).redirect(to: String(base), onlyKnown: onlyKnown)
            #expect(try failure(work).message.contains("\"http\""))
        }
        #expect(plain.requests.isEmpty)
    }

    @Test("is given its token in the clear on this machine alone")
    func plain() throws {
        let work = try OriginAtWork(.https)
        let plain = try WebServer(root: work.pod.folder.path, isEncrypted: false)
        work.settings.url = try OriginURL(plain.url(of: "origin.git"))
        #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1)
        for url in ["http://origin.example/r.git", "http://127.0.0.1.example:1/r.git"] {
            work.settings.url = try OriginURL(url)
            let failure = try failure(work)
            #expect(failure.failure.kind == .configuration, "\(failure)")
            #expect(failure.failure.hint == "use https://")
        }
    }

    @Test("that accepts connections and says nothing is given up", arguments: [true, false])
    func silent(speaksTLS: Bool) throws {
        let work = try OriginAtWork(.https)
        let listener = try Loopback.listener()
        if speaksTLS {
            try web(work).fallSilent()
        } else {
            work.settings.url = try OriginURL(
                "https://127.0.0.1:\(Loopback.port(of: listener.raw))/r.git")
        }
        work.settings.connectTimeout = .milliseconds(500)
        work.settings.idleTimeout = .milliseconds(1200)
        let failure = try failure(work)
        #expect(failure.reason == .timeout && failure.failure.kind == .unreachable, "\(failure)")
    }

    @Test("is not taken for silent while its hook speaks")
    func slowHook() throws {
        let work = try OriginAtWork(.https)
        let problem = try withMoreTime { time in
            let tenth = Double(time.components.seconds) * 0.3
            try writeFile(
                "\(work.there.path)/hooks/pre-receive",
                "#!/bin/sh\nfor i in 1 2 3 4 5 6; do sleep \(tenth); echo still at work; done\n",
                mode: 0o755)
            work.settings.connectTimeout = .milliseconds(1)
            work.settings.idleTimeout = time
            do throws(OriginFailure) {
                let result = try work.origin.push([try ahead(work)])[OriginAtWork.main]
                return result == .done ? nil : "\(String(describing: result))"
            } catch { return "\(error)" }
        }
        #expect(problem == nil)
    }

    private func ahead(_ work: OriginAtWork) throws(OriginFailure) -> RefUpdate {
        do { return try work.ahead() } catch { throw OriginFailure(.unknown, "\(error)") }
    }

    @Test("that does not listen is unreachable")
    func noListener() throws {
        let work = try OriginAtWork(.https)
        let listener = try Loopback.listener()
        let port = Loopback.port(of: listener.raw)
        _ = consume listener
        work.settings.url = try OriginURL("https://127.0.0.1:\(port)/r.git")
        #expect(try failure(work).reason == .unreachable)
        work.settings.url = try OriginURL("https://nowhere.invalid/r.git")
        #expect(try failure(work).reason == .unreachable)
    }

    @Test("is what its URL says, whatever a configuration makes of URLs")
    func rewriting() throws {
        let work = try OriginAtWork(.https)
        try work.pod.home.configure("url.ssh://127.0.0.1/.insteadOf", "https://")
        try work.pod.home.configure("url.https://nowhere.invalid/.pushInsteadOf", "https://")
        let whole = work.settings.url.description
        try work.pod.home.configure("url.https://nowhere.invalid/.insteadOf", whole)
        #expect(try work.origin.fetch(branch: OriginAtWork.main).count == 1)
        #expect(try work.pushAhead() == .done)
    }

    @Test("takes a pack of several megabytes")
    func large() throws {
        let work = try OriginAtWork(.https)
        try work.pod.addBulk(megabytes: 3, to: work.pod.gitdir)
        let bulk = try #require(RefName(branch: "bulk"))
        let tip = try #require(try work.own(bulk.description))
        let result = try work.origin.push([RefUpdate(bulk, from: nil, to: tip)])
        #expect(result == [bulk: .done])
    }
}

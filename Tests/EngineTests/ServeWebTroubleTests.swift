// What goes wrong between a serving engine and an origin of the web, each made for real: it is named,
// tried again, and over when it is mended, without anybody's telling the engine.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A serving engine and the web in trouble")
struct ServeWebTroubleTests {
    @Test("names a token that is not known there, until the token's file has another one")
    func wrongToken() throws {
        let stage = try TroubleStage(.https)
        let engine = try stage.serve()
        let file = stage.scene.origin.pod.folder.file("stranger")
        try writeFile(file, "ghp-somebody-else\n")
        try stage.use(key: file)
        try stage.endures(engine, "authentication", "pod.tokenFile", loud: 1) {
            try stage.useRightKey()
        }
        #expect(!engine.words.contains("ghp-"))
    }

    @Test("names a token that may only read, until the token's file has another one")
    func readOnlyToken() throws {
        let stage = try TroubleStage(.https)
        let engine = try stage.serve()
        try stage.use(key: stage.scene.origin.readOnlyTokenFile)
        try stage.endures(engine, "read-only-key", "Write access", loud: 1) {
            try stage.useRightKey()
        }
        #expect(!engine.words.contains("ghp-"))
    }

    @Test(
        "names a server that answers with an error of its own",
        arguments: [
            "500 Internal Server Error", "503 Service Unavailable", "524 A Timeout Occurred",
        ])
    func brokenServer(status: String) throws {
        let stage = try TroubleStage(.https)
        let engine = try stage.serve()
        let web = try #require(stage.scene.origin.web)
        try web.answer(status, "Please come back later.")
        let words = "error: \(status.prefix(3))"
        try stage.endures(engine, "unreachable", words, loud: 0) { try web.answerAsBefore() }
    }

    @Test("names a server that is gone")
    func gone() throws {
        let stage = try TroubleStage(.https)
        let engine = try stage.serve()
        try stage.use(nil)
        try stage.endures(engine, "unreachable", "127.0.0.1 port", loud: 0) { try stage.cut() }
    }

    @Test("names a server that takes connections and says nothing")
    func silent() throws {
        let stage = try TroubleStage(.https)
        let engine = try stage.serve("--connect-timeout", "1s")
        try stage.use(LagProxy.Faults(silent: true))
        try stage.endures(engine, "timeout", "", loud: 0) { try stage.cut() }
    }

    @Test("names a certificate that nobody vouches for, until somebody does")
    func unknownAuthority() throws {
        let stage = try TroubleStage(.https)
        let engine = try stage.serve()
        let home = stage.scene.home
        try home.git("config", "--file", home.configuration, "--unset", "http.sslCAInfo")
        try stage.endures(engine, "host-key", "certificate", loud: 1) {
            try home.configure("http.sslCAInfo", stage.scene.origin.web?.authority ?? "")
        }
    }

    @Test("names a server that speaks no TLS")
    func noEncryption() throws {
        let stage = try TroubleStage(.https)
        let engine = try stage.serve()
        let plain = try WebServer(root: stage.scene.origin.pod.folder.path, isEncrypted: false)
        try stage.use(LagProxy.Faults(), to: plain.port)
        try stage.endures(engine, "unreachable", "TLS", loud: 0) { try stage.cut() }
        #expect(plain.requests.isEmpty)
    }
}

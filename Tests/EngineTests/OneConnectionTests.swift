// That what the engine does once, in the foreground, takes one connection to origin.

import Model
import TestSupport
import Testing

@Suite("One connection to origin is enough")
struct OneConnectionTests {
    @Test("for a push")
    func push() throws {
        let scene = try Scene(.ssh)
        let answer = try scene.push()
        #expect(answer.isPushed && answer.code == .done, "\(answer.errors)")
        #expect(scene.origin.logins == 1)
    }

    @Test("for a reconcile that replays and pushes")
    func reconcile() throws {
        let scene = try Scene(.ssh)
        try scene.commitToOrigin("theirs", "1\n")
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rebased" && answer.isPushed, "\(answer.errors)")
        #expect(scene.origin.logins == 1)
    }

    @Test("for a clone of the branch that origin's HEAD stands on")
    func clone() throws {
        let scene = try Scene(.ssh)
        let path = scene.origin.pod.folder.file("clone.git")
        let answer = try scene.answer(
            ["clone", scene.origin.url, path, "--json"] + scene.accessWithoutOrigin)
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(scene.origin.logins == 1)
    }
}

// Origin was reached, and it does not come to a decision: what is wrong here or there is named as that,
// and nothing moves.

import POSIX
import TestSupport
import Testing

@Suite("An origin that was reached")
struct OriginReachedTests {
    /// What is wrong with the gitdir.
    enum Trouble: CaseIterable {
        case noPackFolder, emptyObject
    }

    @Test(
        "is not blamed for a gitdir that cannot take or read objects",
        arguments: TestOrigin.Kind.allCases, Trouble.allCases)
    func trouble(kind: TestOrigin.Kind, trouble: Trouble) throws {
        let scene = try Scene.inSync(kind)
        let ours = try scene.commit("ours.txt", "ours")
        try scene.commitToOrigin("theirs.txt", "theirs")
        let refs = try scene.refs("refs/")
        switch trouble {
        case .noPackFolder:
            try scene.loosen()
            try run(["rm", "-rf", "\(scene.gitdir)/objects/pack"]).check()
            try run(["ln", "-s", "/nonexistent/folder", "\(scene.gitdir)/objects/pack"]).check()
        case .emptyObject:
            try scene.loosen()
            try run(["truncate", "-s", "0", scene.file(of: ours)]).check()
        }
        let answer = try scene.reconcile()
        #expect(answer.outcome == "failed", "\(answer.errors)")
        #expect(answer.code == .failed)
        #expect(answer.errors.split(separator: "\n").count == 1, "\(answer.errors)")
        #expect(answer.error.contains("fsck"), "\(answer.errors)")
        if trouble == .noPackFolder { #expect(try scene.refs("refs/") == refs) }
    }

    @Test(
        "with a tag in the branch's place moves nothing here",
        arguments: TestOrigin.Kind.allCases)
    func tag(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let origin = scene.origin.path
        try scene.home.git("tag", "-a", "-m", "no commit", "v1", "main", at: origin)
        let tag = try scene.home.git("rev-parse", "refs/tags/v1", at: origin)
        try writeFile("\(origin)/refs/heads/main", "\(tag)\n")
        let refs = try scene.refs("refs/")
        for verb in ["reconcile", "push"] {
            let answer = try scene.verb(verb, [])
            #expect(answer.code == .failed, "\(answer.errors)")
            #expect(answer.error.contains("refs/heads/main that is no commit"), "\(answer.errors)")
            #expect(try scene.refs("refs/") == refs)
        }
        let place = scene.origin.pod.folder.file("clone.git")
        let clone = try scene.answer(
            ["clone", scene.origin.url, place, "--branch", "main", "--json"]
                + scene.accessWithoutOrigin)
        #expect(clone.error.contains("that is no commit"), "\(clone.errors)")
        #expect(!exists(place))
    }
}

extension Scene {
    /// Takes every object of the gitdir out of its packs.
    fileprivate func loosen() throws {
        let packs = "\(gitdir)/objects/pack"
        for name in directoryEntries(packs) ?? [] where name.hasSuffix(".pack") {
            let pack = try readFile("\(packs)/\(name)")
            try run(["rm", "-f", "\(packs)/\(name)"]).check()
            try run(["rm", "-f", "\(packs)/\(name.dropLast(4))idx"]).check()
            try home.attempt(["unpack-objects", "-q"], at: gitdir, input: pack).check()
        }
    }

    fileprivate func file(of object: String) -> String {
        "\(gitdir)/objects/\(object.prefix(2))/\(object.dropFirst(2))"
    }
}

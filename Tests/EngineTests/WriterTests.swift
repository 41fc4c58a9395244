// A writer that never pauses: it is not overrun, and it does not keep a reconcile from ending.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A writer in a tight loop")
struct WriterTests {
    /// How many commits the writer has ready; far more than it gets to write.
    private static let commits = 4000

    /// Moves main along a chain of commits, one `git update-ref` at a time, until somebody else has
    /// moved it.
    private static let writer = """
        #!/bin/sh
        old=$(git rev-parse refs/heads/main)
        git rev-list --reverse refs/heads/main..refs/heads/chain >"$1/chain"
        while read -r new; do
          git update-ref refs/heads/main "$new" "$old" 2>>"$1/refused" || exit 0
          old=$new
          echo "$new" >>"$1/written"
        done <"$1/chain"
        exit 1
        """

    private func begin(_ scene: Scene) throws -> RunningCommand {
        var stream = "reset refs/heads/chain\nfrom refs/heads/main^0\n\n"
        for number in 1...Self.commits {
            stream += "commit refs/heads/chain\ncommitter Pod <pod@example.com> 1767323045 +0000\n"
            stream += "data <<.\nNote \(number)\n.\n"
            stream += "M 100644 inline note\(number % 50).txt\ndata <<.\n\(number)\n.\n\n"
        }
        try scene.origin.pod.load(stream, into: scene.gitdir)
        let folder = scene.origin.pod.folder
        let script = folder.file("writer")
        try writeFile(script, Self.writer, mode: 0o755)
        let running = try RunningCommand(
            [script, folder.path], environment: scene.home.environment(["GIT_DIR": scene.gitdir]))
        let begun = eventually { fileStatus(folder.file("written")) != nil }
        #expect(begun)
        return running
    }

    private func written(_ scene: Scene) -> [String] {
        contents(scene.origin.pod.folder.file("written")).split(separator: "\n").map(String.init)
    }

    @Test("loses none of its commits to a replay, which ends")
    func replay() throws {
        let scene = try Scene.inSync()
        try scene.commitToOrigin("theirs.txt", "theirs")
        let writer = try begin(scene)
        let answer = try scene.reconcile()
        #expect(answer.outcome == "rebased", "\(answer.errors)")
        #expect(answer.code == .done)
        let ended = try writer.finish()
        #expect(ended.status == .exited(0), "the writer ran out of commits: \(ended.errors)")
        let written = written(scene)
        #expect(written.count > 3)
        #expect(answer.json["ahead"]?.text == "\(written.count)")
        let subjects = try scene.subjects().filter { $0.hasPrefix("Note ") && $0.count < 10 }
        let wanted = (1...written.count).map { "Note \($0)" }
        #expect(Array(subjects.prefix(written.count).reversed()) == wanted)
        #expect(try scene.origin.tip() == scene.tip())
        #expect(try scene.isKept(try #require(written.last)))
        try scene.check()
    }

    @Test("loses none of its commits to an escape, which ends")
    func escape() throws {
        let scene = try Scene.inSync()
        try scene.commit("both.txt", "ours")
        try scene.commitToOrigin("both.txt", "theirs")
        let writer = try begin(scene)
        let answer = try scene.reconcile()
        #expect(answer.outcome == "conflict-escaped", "\(answer.errors)")
        let ended = try writer.finish()
        #expect(ended.status == .exited(0), "the writer ran out of commits: \(ended.errors)")
        #expect(answer.json["ahead"]?.text == "\(written(scene).count + 1)")
        let branch = try #require(answer.conflictBranch)
        #expect(try scene.tip("refs/heads/\(branch)") == written(scene).last)
        #expect(try scene.origin.tip("refs/heads/\(branch)") == written(scene).last)
        #expect(try scene.origin.tip() == scene.tip())
    }
}

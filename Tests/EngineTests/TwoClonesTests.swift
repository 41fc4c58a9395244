// Two clones into one place at once.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Two clones into one folder")
struct TwoClonesTests {
    @Test("are one clone, and one that finds it there", arguments: [false, true])
    func atOnce(isThere: Bool) throws {
        let scene = try Scene()
        try scene.origin.pod.addBulk(megabytes: 4, to: scene.origin.path)
        let path = scene.origin.pod.folder.file("place")
        if isThere { try scene.origin.pod.folder.folder("place") }
        let clones = try (0..<3).map { _ in
            try RunningCommand(
                [Products.path("git-pod"), "clone", scene.origin.path, path, "--branch", "bulk"],
                environment: scene.home.environment())
        }
        let ended = try RunningCommand.finish(clones, timeout: .seconds(120))
        let codes = ended.map(\.status)
        #expect(codes.filter { $0 == .exited(0) }.count == 1, "\(ended.map(\.errors))")
        #expect(codes.filter { $0 == .exited(ExitCode.configuration.rawValue) }.count == 2)
        try scene.home.git("fsck", "--full", at: path)
        let left = (directoryEntries(path.parentFolder) ?? []) + (directoryEntries(path) ?? [])
        #expect(!left.contains { $0.contains("git-pod-clone") }, "\(left)")
    }
}

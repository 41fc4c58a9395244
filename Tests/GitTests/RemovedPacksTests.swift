// Packs that another process removes while a repository is open for long.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("A repository whose packs are replaced")
struct RemovedPacksTests {
    /// What this process has open of `folder` though it was removed: descriptors and mapped files.
    private func removed(_ folder: String) throws -> [String] {
        let process = processNumber()
        let open = try run(["ls", "-l", "/proc/\(process)/fd"]).lines
        let mapped = contents("/proc/\(process)/maps").split(separator: "\n").map(String.init)
        return (open + mapped).filter { $0.contains(folder) && $0.hasSuffix("(deleted)") }
    }

    @Test("lets go of those that are removed, and finds all objects")
    func letsGo() throws {
        let pod = try PodFixture()
        let repository = try Repository(path: pod.gitdir)
        let main = try #require(RefName("refs/heads/main"))
        for number in 1...3 {
            try pod.commit(to: pod.gitdir, "main", ["Number \(number)"])
            try pod.home.git("repack", "-a", "-d", "-q", at: pod.gitdir)
            let tip = try #require(try repository.target(of: main))
            _ = try repository.object(tip)
        }
        let folder = "\(pod.folder.path)/"
        #expect(try !removed(folder).isEmpty)
        try repository.forgetRemovedPacks()
        #expect(try removed(folder).isEmpty)
        let tip = try #require(try repository.target(of: main))
        #expect(try !repository.object(tip).content.isEmpty)
        #expect(repository.contains(tip))
    }
}

// What a serving engine costs a pod when it has pushed for long: memory and descriptors that stay.
// `bin/soak memory` measures it over 10,000 pushes.

import Model
import POSIX
import TestSupport
import Testing

@Suite("An engine that has pushed for long")
struct MemoryTests {
    private func pushes(_ numbers: ClosedRange<Int>, _ engine: Serving, _ writer: LibraryWriter)
        throws
    {
        for number in numbers {
            let tip = try #require(
                try writer.commit("refs/heads/main", "file-\(number % 50)", "\(number)")?.last)
            // The next commit before the last is durable would go with it.
            #expect(eventually { engine.words.contains("\"newCommit\":\"\(tip)\"") })
        }
    }

    /// How many descriptors it has when nothing is under way.
    private func descriptors(_ engine: Serving) -> Int {
        var last = -1
        _ = eventually {
            pause(.milliseconds(100))
            let now = openDescriptors(of: engine.process)
            defer { last = now }
            return now == last
        }
        return last
    }

    @Test("has the memory that it had after the first hundred, and as many descriptors")
    func stays() throws {
        let scene = try Scene(.ssh)
        let engine = try Serving(scene)
        try engine.begin()
        let writer = try LibraryWriter(gitdir: scene.gitdir)
        // A pack is open from here on.
        try scene.home.git("repack", "-a", "-d", "-q", at: scene.gitdir)
        try pushes(1...100, engine, writer)
        let first = residentKilobytes(of: engine.process)
        let open = descriptors(engine)
        for start in stride(from: 101, to: 600, by: 100) {
            try pushes(start...start + 99, engine, writer)
            // What upkeep takes away is not to be kept by the engine.
            try scene.home.git("repack", "-a", "-d", "-q", at: scene.gitdir)
        }
        try pushes(601...601, engine, writer)
        let last = residentKilobytes(of: engine.process)
        #expect(last <= first + first / 10, "\(first) kB, then \(last) kB")
        #expect(descriptors(engine) == open)
        #expect(engine.stop() == .exited(0), "\(engine.words.suffix(1000))")
    }
}

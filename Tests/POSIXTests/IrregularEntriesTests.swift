import POSIX
import TestSupport
import Testing

@Suite("What is neither a file nor a folder")
struct IrregularEntriesTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// What is found below the folder once `script` was run in it, each as one line.
    private func found(_ script: String) throws -> [String] {
        try run(["sh", "-ec", script], directory: folder.path).check()
        return try irregularEntries(below: folder.path).map { entry in
            let place = String(entry.path.dropFirst(folder.path.count + 1))
            switch entry.kind {
            case .link(let target): return "\(place) -> \(target ?? "nowhere")"
            case .special: return "\(place) special"
            }
        }.sorted()
    }

    @Test("is found however deep it lies, and no link is followed")
    func kinds() throws {
        let found = try found(
            """
            mkdir -p a/b/c other && touch file a/file a/b/c/file .hidden
            mkfifo a/b/c/pipe && ln -s ../file a/link && ln -s nothing a/b/dangling
            ln -s ../other a/folder && mkfifo .pipe && mkdir ...
            """)
        #expect(
            found == [
                ".pipe special", "a/b/c/pipe special", "a/b/dangling -> nowhere",
                "a/folder -> \(folder.path)/other", "a/link -> \(folder.path)/file",
            ])
    }

    @Test("is found in a folder whose name is no UTF-8, too")
    func bytes() throws {
        let found = try found("d=$(printf 'caf\\351'); mkdir $d && mkfifo $d/pipe")
        #expect(found == ["caf\u{fffd}/pipe special"])
    }

    @Test("is in no folder that is not there")
    func nothing() throws {
        #expect(try irregularEntries(below: folder.file("gone")).isEmpty)
        #expect(try found("touch file").isEmpty)
    }
}

// What a random commit does. The same edit can be made on both sides: a commit that is upstream
// already.

/// One change to some files; a change to what is not there is none.
enum Edit {
    case put(String, File)
    case delete(String)
    case rename(String, String)
    case renameFolder(String, String)
    case flipMode(String)
    /// Replaces `count` lines from `line` on.
    case lines(String, line: Int, count: Int, with: [String])
    case lineEnds(String)
    case cutLastNewline(String)

    func apply(to files: inout Files) {
        switch self {
        case .put(let path, let file): files.put(path, file)
        case .delete(let path): files[path] = nil
        case .rename(let old, let new):
            guard let file = files[old], old != new, !new.hasPrefix(old + "/") else { return }
            files[old] = nil
            files.put(new, file)
        case .renameFolder(let old, let new):
            for (path, file) in files where path.hasPrefix(old + "/") {
                files[path] = nil
                files.put((new.isEmpty ? "" : new + "/") + path.dropFirst(old.count + 1), file)
            }
        case .flipMode(let path):
            guard let file = files[path], file.isFile else { return }
            files[path]?.mode = file.mode == "100644" ? "100755" : "100644"
        case .lines(let path, let line, let count, let new):
            guard let file = files[path], file.isText else { return }
            var lines = file.lines
            let start = min(line, lines.count)
            let end = min(start + count, lines.count)
            lines.replaceSubrange(start..<end, with: new.map { Array(($0 + "\n").utf8) })
            files[path]?.content = lines.flatMap { $0 }
        case .lineEnds(let path):
            guard let file = files[path], file.isText else { return }
            let hasReturns = file.content.contains(13)
            files[path]?.content = file.content.flatMap { byte in
                byte == 13 ? [] : byte == 10 && !hasReturns ? [13, 10] : [byte]
            }
        case .cutLastNewline(let path):
            guard let file = files[path], file.isText, file.content.last == 10 else { return }
            files[path]?.content.removeLast()
        }
    }
}

/// Makes up edits.
struct EditMaker {
    var random: RandomSource
    private static let names = [
        "a", "b", "c", "main.c", "x.txt", "y.txt", "u.log", "data.bin", "é",
    ]
    private static let folders = ["", "", "dir", "dir/sub", "lib", "lib2", "dir-x", "deep/er/est"]
    private static let words = ["{", "}", "", "  return;", "x = 1", "x = 2"]

    mutating func path() -> String {
        let folder = random.one(of: Self.folders)
        return (folder.isEmpty ? "" : folder + "/") + random.one(of: Self.names)
    }

    mutating func line() -> String {
        random.oneIn(4) ? random.one(of: Self.words) : "line \(random.below(1000))"
    }

    mutating func text() -> File {
        let count = random.oneIn(5) ? 30 + random.below(40) : 3 + random.below(12)
        return .text((0..<count).map { _ in line() }, mode: random.oneIn(6) ? "100755" : "100644")
    }

    mutating func file() -> File {
        switch random.below(16) {
        case 0:
            return File(mode: "100644", content: (0..<60).map { _ in UInt8(random.below(5)) })
        case 1: return File(mode: "120000", content: Array("to/\(random.below(4))".utf8))
        case 2:
            let digits = String(random.next() | 1 << 63, radix: 16)
            return File(mode: "160000", content: Array((digits + digits + "12345678").utf8))
        case 3: return File(mode: "100644", content: [])
        default: return text()
        }
    }

    /// A file of attributes: git's own drivers, and one that nobody defines.
    mutating func attributes() -> Edit {
        let rules = [
            "* merge=union", "*.txt merge=union", "*.txt merge=binary", "*.c -merge", "* text=auto",
            "*.txt text eol=crlf", "*.log merge=union", "*.bin binary", "a binary", "* merge=other",
            "* conflict-marker-size=9", "[attr]mine merge=union\n* mine", "b !merge", "* -text",
            "*.txt -diff", "c merge=text", "*.c merge",
        ]
        let folder = random.one(of: ["", "", "dir/", "lib/", "dir/sub/"])
        let count = 1 + random.below(3)
        return .put(
            folder + ".gitattributes", .text((0..<count).map { _ in random.one(of: rules) }))
    }

    mutating func edit(of files: Files) -> Edit {
        guard let path = files.isEmpty ? nil : random.one(of: files.sortedPaths) else {
            return .put(path(), file())
        }
        switch random.below(40) {
        case 0...16:
            let lines = files[path]?.lines.count ?? 0
            return .lines(
                path, line: random.below(lines + 1), count: random.below(3),
                with: (0..<random.below(3)).map { _ in line() })
        case 17...21: return .put(self.path(), file())
        case 22: return .put(self.path(), files[path] ?? file())
        case 23, 24: return .delete(path)
        case 25...28: return .rename(path, self.path())
        case 29...31:
            let folders = files.folders()
            guard !folders.isEmpty else { return .rename(path, self.path()) }
            return .renameFolder(
                random.one(of: folders), random.one(of: Self.folders + ["new", "new/er"]))
        case 32: return .flipMode(path)
        case 33: return .put(path, path.hasSuffix(".gitattributes") ? text() : file())
        case 34: return .lineEnds(path)
        case 35: return .cutLastNewline(path)
        case 36: return attributes()
        case 37: return .delete(random.one(of: files.folders() + [path]))
        default:
            let lines = files[path]?.lines.count ?? 0
            return .lines(path, line: random.below(lines + 1), count: 1, with: [line()])
        }
    }
}

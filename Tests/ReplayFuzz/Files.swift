// The files of one random commit, and what a commit can do to them.

/// A file, a link or a submodule, as a tree has it.
struct File: Equatable {
    var mode: String
    /// For a submodule: the id, in hexadecimal digits.
    var content: [UInt8]

    static func text(_ lines: [String], mode: String = "100644") -> File {
        File(mode: mode, content: Array(lines.map { $0 + "\n" }.joined().utf8))
    }

    var isFile: Bool { mode.hasPrefix("100") }
    var isText: Bool { isFile && !content.contains(0) }

    /// The lines, each with its end.
    var lines: [[UInt8]] {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        for byte in content {
            line.append(byte)
            if byte == 10 {
                lines.append(line)
                line = []
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }
}

/// All files of a commit, by path.
typealias Files = [String: File]

extension Files {
    /// Puts a file in place; whatever stands in its way goes.
    mutating func put(_ path: String, _ file: File) {
        for other in keys where other.hasPrefix(path + "/") || path.hasPrefix(other + "/") {
            self[other] = nil
        }
        self[path] = file
    }

    var sortedPaths: [String] { keys.sorted() }

    func folders() -> [String] {
        var found: Set<String> = []
        for path in keys {
            let parts = path.split(separator: "/").map(String.init)
            for count in 1..<Swift.max(parts.count, 1) {
                found.insert(parts.prefix(count).joined(separator: "/"))
            }
        }
        return found.sorted()
    }
}

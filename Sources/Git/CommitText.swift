// A commit as bytes: what replay reads of one, and how a new one is written.

import Model
import POSIX

/// What stands in a commit object.
struct CommitText {
    /// The whole object.
    let content: [UInt8]
    let tree: ObjectID
    let parents: [ObjectID]

    /// Nil if this is no commit.
    init?(_ content: [UInt8]) {
        var lines = HeaderLines(content)
        guard let first = lines.next(), let tree = Self.id(first, "tree ") else { return nil }
        var parents: [ObjectID] = []
        while let line = lines.next(), let parent = Self.id(line, "parent ") {
            parents.append(parent)
        }
        self.content = content
        self.tree = tree
        self.parents = parents
    }

    private static func id(_ line: ArraySlice<UInt8>, _ key: String) -> ObjectID? {
        guard line.starts(with: key.utf8) else { return nil }
        return ObjectID(hexadecimal: line.dropFirst(key.utf8.count))
    }

    /// The bytes of a new commit. `author` is all that follows that word; bytes that are no UTF-8
    /// are mended as git does.
    static func bytes(
        tree: ObjectID, parents: [ObjectID], author: [UInt8], committer: Signature,
        message: [UInt8]
    ) -> [UInt8] {
        var bytes = Array("tree \(tree)\n".utf8)
        for parent in parents { bytes += Array("parent \(parent)\n".utf8) }
        bytes += Array("author ".utf8) + author
        bytes += Array("\ncommitter \(committer.line)\n\n".utf8)
        return mendedUTF8(bytes + message)
    }
}

/// What is taken over from a commit that is replayed, as git's sequencer takes it.
struct ReplayedText {
    let author: [UInt8]
    let message: [UInt8]

    /// Nil if the commit has no author.
    init?(_ commit: CommitText) {
        let content = Array(commit.content.prefix { $0 != 0 })
        // Read as UTF-16, say, no header is left: git gives up there, we take it as it stands.
        for text in [Self.inUTF8(content), content] {
            guard let author = HeaderLines.value("author", in: text) else { continue }
            self.author = Array(author)
            message = Self.message(text)
            return
        }
        return nil
    }

    /// The commit read by the encoding that it names; as it stands if that cannot be done.
    private static func inUTF8(_ content: [UInt8]) -> [UInt8] {
        guard let header = HeaderLines.value("encoding", in: content) else { return content }
        let name = String(decoding: header, as: UTF8.self)
        if isUTF8(name) { return content }
        if let text = utf8(content, from: name) { return text }
        // A name that iconv does not know, and git does.
        guard name.lowercased() == "latin-1" else { return content }
        return utf8(content, from: "ISO-8859-1") ?? content
    }

    private static func isUTF8(_ name: String) -> Bool {
        let lower = name.lowercased()
        return lower == "utf-8" || lower == "utf8"
    }

    /// What follows the first empty line, without the blank lines at its front.
    private static func message(_ text: [UInt8]) -> [UInt8] {
        let newline = UInt8(ascii: "\n")
        var start =
            text.indices.dropLast().first {
                text[$0] == newline && text[$0 + 1] == newline
            }.map { $0 + 2 } ?? text.count
        while start < text.count {
            let end = text[start...].firstIndex(of: newline) ?? text.count
            guard text[start..<end].allSatisfy(isBlank) else { break }
            start = min(end + 1, text.count)
        }
        return Array(text[start...])
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
}

/// The lines before a commit's first empty one.
struct HeaderLines: IteratorProtocol, Sequence {
    private var rest: ArraySlice<UInt8>

    init(_ content: [UInt8]) { rest = content[...] }

    mutating func next() -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")), end > rest.startIndex else {
            return nil
        }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }

    /// What follows the first header called `key`.
    static func value(_ key: String, in content: [UInt8]) -> ArraySlice<UInt8>? {
        let start = Array("\(key) ".utf8)
        return HeaderLines(content).first { $0.starts(with: start) }?.dropFirst(start.count)
    }
}

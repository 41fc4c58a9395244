// Whether a folder is a repository that the engine can work on. Called before libgit2 opens it, so
// that each refusal has its own words.

import Model
import POSIX

enum RepositoryShape {
    /// The largest config file that is looked at.
    private static let configLimit = 1 << 20

    /// - Throws: ``Failure`` of kind `configuration`; it speaks of the path as it was `asked` for.
    static func check(_ path: String, asked: String) throws(Failure) {
        guard fileStatus(path)?.kind == .directory else {
            throw Failure(.configuration, "\(asked) is no folder", hint: "name a bare gitdir")
        }
        if exists("\(path)/.git") {
            throw Failure(
                .configuration, "\(asked) is a working tree, and the engine keeps none",
                hint: "name its bare gitdir, or make one with git clone --bare")
        }
        if exists("\(path)/commondir") {
            throw Failure(
                .configuration, "\(asked) is the gitdir of a linked worktree",
                hint: "name the repository that it belongs to")
        }
        guard fileStatus("\(path)/HEAD")?.kind == .file,
            fileStatus("\(path)/objects")?.kind == .directory,
            fileStatus("\(path)/refs")?.kind == .directory
        else {
            throw Failure(
                .configuration, "\(asked) is no bare repository",
                hint: "name the folder that holds HEAD, objects and refs")
        }
        if let grafts = fileStatus("\(path)/shallow"), grafts.size > 0 {
            throw Failure(
                .configuration, "\(asked) is shallow: it lacks history that a replay is decided on",
                hint: "get the rest: git -C \(asked) fetch --unshallow ORIGIN")
        }
        try checkConfig("\(path)/config", asked)
    }

    private static func checkConfig(_ path: String, _ asked: String) throws(Failure) {
        guard exists(path) else { return }
        guard fileStatus(path)?.kind == .file else {
            throw Failure(.configuration, "the config of \(asked) is no plain file")
        }
        let content = try readFile(path, limit: configLimit)
        let config = ConfigLines(content)
        if config.value("core.bare")?.lowercased() == "false" {
            throw Failure(
                .configuration, "\(asked) says core.bare = false: it belongs to a working tree",
                hint: "if it has none, run git -C \(asked) config core.bare true")
        }
        if let format = config.value("extensions.objectformat"), format.lowercased() != "sha1" {
            throw Failure(
                .configuration, "\(asked) is a \(format.harmless) repository; only SHA-1 is known",
                hint: "keep the data in a repository made with git init --object-format=sha1")
        }
        if let storage = config.value("extensions.refstorage"), storage.lowercased() != "files" {
            throw Failure(
                .configuration,
                "\(asked) keeps its refs as \(storage.harmless); only files are known",
                hint: "convert it with git refs migrate --ref-format=files")
        }
        let promises = config.value("extensions.partialclone") != nil || config.namesPromisor
        guard !promises else {
            throw Failure(
                .configuration, "\(asked) is a partial clone: it lacks objects that it would push",
                hint: "make a whole clone with git pod clone")
        }
    }
}

/// The plain `section.key = value` lines of one config file, without includes. Enough to see what a
/// repository is; what it is configured to do is read by git itself.
struct ConfigLines {
    private var values: [String: String] = [:]
    private(set) var namesPromisor = false

    init(_ content: [UInt8]) {
        var section = ""
        for line in content.split(separator: UInt8(ascii: "\n")) {
            var text = Substring(String(decoding: line, as: UTF8.self)).trimmed
            if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
                section = text[text.index(after: text.startIndex)..<end].lowercased()
                text = text[text.index(after: end)...].trimmed
            }
            guard !text.isEmpty, !text.hasPrefix("#"), !text.hasPrefix(";") else { continue }
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let key = parts[0].trimmed.lowercased()
            let value = parts.count == 2 ? Self.plain(parts[1]) : "true"
            values["\(section).\(key)"] = value
            if section.hasPrefix("remote "), key == "promisor", value.lowercased() != "false" {
                namesPromisor = true
            }
        }
    }

    func value(_ key: String) -> String? { values[key] }

    private static func plain(_ text: Substring) -> String {
        let end = text.firstIndex { $0 == "#" || $0 == ";" } ?? text.endIndex
        return text[..<end].trimmed.filter { $0 != "\"" }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let front = drop { $0 == " " || $0 == "\t" || $0 == "\r" }
        let last = front.lastIndex { $0 != " " && $0 != "\t" && $0 != "\r" }
        return last.map { front[...$0] } ?? front.prefix(0)
    }
}

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
        guard exists("\(path)/.") else {
            throw Failure(
                .configuration, "\(asked) may not be entered: permission denied",
                hint: "run it as the user that it belongs to")
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
        guard hasHead(path) else {
            throw Failure(
                .configuration, "the HEAD of \(asked) says neither a ref nor a commit",
                hint: "put it on a branch: echo 'ref: refs/heads/main' >\(asked)/HEAD")
        }
        guard (fileStatus("\(path)/shallow")?.size ?? 0) == 0 else {
            throw Failure(
                .configuration,
                "\(asked) is a shallow clone: its history ends before its beginning",
                hint: "get the rest with git -C \(asked) fetch --unshallow")
        }
        try checkFiles(path, asked)
        try checkConfig("\(path)/config", asked)
    }

    /// Whether HEAD is what git takes a folder for a repository by: otherwise it would not follow the
    /// configuration there, and not say so.
    private static func hasHead(_ path: String) -> Bool {
        guard let content = try? readFile("\(path)/HEAD", limit: headLimit) else { return false }
        let text = String(decoding: content, as: UTF8.self)
        let prefix = "ref:"
        guard text.hasPrefix(prefix) else { return ObjectID(text.prefix { $0 != "\n" }) != nil }
        return text.dropFirst(prefix.count).drop { $0 == " " || $0 == "\t" }.hasPrefix("refs/")
    }

    /// Longer than any name that a ref can have.
    private static let headLimit = 64 << 10

    /// libgit2 would wait for ever for a pipe's other end.
    private static func checkFiles(_ path: String, _ asked: String) throws(Failure) {
        var names = ["packed-refs", "config", "config.worktree", "shallow"].filter { name in
            exists("\(path)/\(name)") && fileStatus("\(path)/\(name)")?.kind != .file
        }.map { "\(path)/\($0)" }
        var pending = ["refs", "logs", "objects"].map { "\(path)/\($0)" }
        var seen: Set<String> = []
        while let folder = pending.popLast() {
            guard seen.insert(realPath(folder) ?? folder).inserted else { continue }
            for entry in try irregularEntries(below: folder) {
                let kind = fileStatus(entry.path)?.kind
                if entry.kind == .special || kind == .other { names.append(entry.path) }
                if case .link(let target?) = entry.kind, kind == .directory {
                    pending.append(target)
                }
            }
            pending += borrowed(by: folder)
        }
        guard let name = names.first else { return }
        throw Failure(
            .configuration, "\(name.harmless) is no plain file, and \(asked) reads it",
            hint: "look at it; git keeps a file there")
    }

    /// The folders that a folder of objects borrows more of (gitrepository-layout(5)).
    private static func borrowed(by folder: String) -> [String] {
        let list = "\(folder)/info/alternates"
        guard fileStatus(list)?.kind == .file,
            let content = try? readFile(list, limit: configLimit)
        else { return [] }
        return String(decoding: content, as: UTF8.self).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { $0.hasPrefix("/") ? String($0) : "\(folder)/\($0)" }
    }

    private static func checkConfig(_ path: String, _ asked: String) throws(Failure) {
        guard exists(path) else { return }
        let content = try readFile(path, limit: configLimit)
        let config = ConfigLines(content)
        try checkFormat(config, asked)
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

    /// What a repository may ask of whoever works on it (git's repository-version document).
    private static let knownExtensions: Set = [
        "noop", "noop-v1", "objectformat", "refstorage", "partialclone", "preciousobjects",
        "worktreeconfig", "relativeworktrees",
    ]

    private static func checkFormat(_ config: ConfigLines, _ asked: String) throws(Failure) {
        let version = config.value("core.repositoryformatversion") ?? "0"
        let unknown = config.extensions.first { !knownExtensions.contains($0) }
        guard version != "0", version != "1" || unknown != nil else { return }
        let format =
            version == "1" ? "the extension \(unknown?.harmless ?? "")" : version.harmless
        throw Failure(
            .configuration,
            "\(asked) has a repository format that is not known: \(format)",
            hint: "keep the data in a repository that git init --bare has made")
    }
}

/// The plain `section.key = value` lines of one config file, without includes. Enough to see what a
/// repository is; what it is configured to do is read by git itself.
struct ConfigLines {
    private var values: [String: String] = [:]
    private(set) var namesPromisor = false
    /// What is set below `extensions`, in lower case.
    private(set) var extensions: [String] = []

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
            if section == "extensions" { extensions.append(key) }
            if section.hasPrefix("remote ") || section.hasPrefix("remote."), key == "promisor",
                value.lowercased() != "false"
            {
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

// Whether a folder is a bare gitdir, and whether all that git would read through it may be read.
// Called by RepositoryResolver.

import Model
import POSIX

/// How deep alternates of alternates may go: git's own bound (object-file.c).
private let maximumAlternates = 5

/// Checks that git takes `real` for a bare gitdir and that nothing in it leads out of `places`
/// (nil: anywhere).
///
/// - Throws: ``Failure`` of kind `refused`; it speaks of the path as it was `asked` for.
func checkGitdir(_ real: String, asked: String, places: [String]?) throws(Failure) {
    let shown = ServiceRequest.shown(asked)
    // Before the shape: `git upload-archive` prefers a .git inside to the folder that it was given.
    guard !exists("\(real)/.git") else {
        throw Failure(.refused, "\"\(shown)\" is a working tree", hint: "name its bare gitdir")
    }
    guard !exists("\(real)/commondir") else {
        throw Failure(
            .refused, "\"\(shown)\" is the gitdir of a linked worktree",
            hint: "name the repository that it belongs to")
    }
    guard fileStatus("\(real)/objects")?.kind == .directory,
        fileStatus("\(real)/refs")?.kind == .directory, fileStatus("\(real)/HEAD")?.kind == .file
    else {
        throw Failure(
            .refused, "\"\(shown)\" is no bare repository",
            hint: "name the folder that holds HEAD, objects and refs")
    }
    // A pipe in the place of a file would hold git until the time is over.
    for name in ["config", "packed-refs", "shallow", "config.worktree", "objects/info/alternates"]
    where exists("\(real)/\(name)") && fileStatus("\(real)/\(name)")?.kind != .file {
        throw Failure(.refused, "\"\(shown)\" is broken: its \(name) is no file")
    }
    var ground = Ground(shown: shown, places: places)
    if places != nil {
        for entry in [
            "HEAD", "refs", "packed-refs", "config", "config.worktree", "shallow", "reftable",
        ]
        where exists("\(real)/\(entry)") {
            try ground.checkContained("\(real)/\(entry)", "its \(entry)")
        }
    }
    for tree in ["refs", "reftable"] { try ground.checkTree("\(real)/\(tree)", "its \(tree)") }
    if places != nil { try ground.checkObjects("\(real)/objects", depth: 0) }
}

/// What a gitdir may lead to, and which folders were looked through for what leads elsewhere.
private struct Ground {
    /// So many links to folders are followed: a store made of links has one for each first byte of
    /// an object's id, and a few more.
    private static let maximumLinkedFolders = 1000

    /// The path that was asked for, for messages.
    let shown: String
    /// Nil: anywhere.
    let places: [String]?
    private var walked: [String] = []

    init(shown: String, places: [String]?) {
        self.shown = shown
        self.places = places
    }

    func checkContained(_ path: String, _ what: String) throws(Failure) {
        try checkTarget(realPath(path), what)
    }

    private func checkTarget(_ target: String?, _ what: String) throws(Failure) {
        guard let target, let places, contains(places, target) else {
            throw Failure(
                .refused, "\(what) leads out of what this bridge serves, in \"\(shown)\"",
                hint: "give the bridge that folder as a --root too, if it may be served")
        }
    }

    /// Looks through a folder that git reads, and through every folder that a link in it leads to:
    /// one link to another store's objects is as good as all of that store.
    mutating func checkTree(_ folder: String, _ what: String) throws(Failure) {
        var pending = [folder]
        while let next = pending.popLast() {
            guard let real = realPath(next), !contains(walked, real) else { continue }
            walked.append(real)
            guard walked.count <= Self.maximumLinkedFolders else {
                throw Failure(.refused, "\"\(shown)\" has too many links to folders")
            }
            for entry in try irregularEntries(below: real) {
                let rest = ServiceRequest.shown(String(entry.path.dropFirst(real.count)))
                guard case .link(let target) = entry.kind else {
                    throw Failure(.refused, "\"\(shown)\" is broken: \(what)\(rest) is no file")
                }
                guard places != nil else { continue }
                try checkTarget(target, "\(what)\(rest)")
                switch target.flatMap({ fileStatus($0)?.kind }) {
                case .directory: pending.append(target ?? "")
                case .file, nil: continue
                case .socket, .other:
                    throw Failure(.refused, "\"\(shown)\" is broken: \(what)\(rest) is no file")
                }
            }
        }
    }

    /// Checks an object folder and, recursively, those that it borrows from
    /// (gitrepository-layout(5)). As git does, one that is not there is passed over.
    mutating func checkObjects(_ objects: String, depth: Int) throws(Failure) {
        let what = depth == 0 ? "its objects" : "an alternate"
        try checkContained(objects, what)
        try checkTree(objects, what)
        let file = "\(objects)/info/alternates"
        guard exists(file) else { return }
        guard fileStatus(file)?.kind == .file, depth < maximumAlternates,
            let content = String(validating: try readFile(file, limit: 64 << 10), as: UTF8.self)
        else {
            throw Failure(.refused, "\"\(shown)\" is broken: its alternates cannot be followed")
        }
        for line in content.utf8.split(separator: UInt8(ascii: "\n")) {
            // git reads a line that begins with a quote as C would; it never writes one.
            if line.first == UInt8(ascii: "\"") {
                throw Failure(.refused, "\"\(shown)\" has an alternate in quotes")
            }
            guard line.first != UInt8(ascii: "#") else { continue }
            let entry = String(Substring(line))
            let path = line.first == UInt8(ascii: "/") ? entry : "\(objects)/\(entry)"
            guard let real = realPath(path) else { continue }
            try checkObjects(real, depth: depth + 1)
        }
    }
}

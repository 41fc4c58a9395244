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
    guard let places else { return }
    for entry in [
        "HEAD", "refs", "packed-refs", "config", "config.worktree", "shallow", "reftable",
    ]
    where exists("\(real)/\(entry)") {
        try checkContained("\(real)/\(entry)", "its \(entry)", shown, places)
    }
    try checkObjects("\(real)/objects", shown, places, depth: 0)
}

private func checkContained(
    _ path: String, _ what: String, _ shown: String, _ places: [String]
) throws(Failure) {
    guard let target = realPath(path), contains(places, target) else {
        throw Failure(
            .refused, "\(what) leads out of what this bridge serves, in \"\(shown)\"",
            hint: "give the bridge that folder as a --root too, if it may be served")
    }
}

/// Checks an object folder and, recursively, those that it borrows from (gitrepository-layout(5)).
/// As git does, one that is not there is passed over.
private func checkObjects(
    _ objects: String, _ shown: String, _ places: [String], depth: Int
) throws(Failure) {
    let what = depth == 0 ? "objects" : "an alternate"
    for entry in ["", "/info", "/info/alternates", "/pack"] where exists(objects + entry) {
        try checkContained(objects + entry, what, shown, places)
    }
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
        try checkObjects(real, shown, places, depth: depth + 1)
    }
}

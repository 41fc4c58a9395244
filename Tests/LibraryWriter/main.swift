// library-writer: commits to a bare repository as a program does that is linked against libgit2, with
// none of our own code between. Tests/Soak and the test of the engine's memory have it commit.
//
//     library-writer GITDIR
//
// Reads lines "REF FILE COUNT TEXT": as many commits, each of which puts a line of the text into the
// file; the ref moves once, to the last. Answers each with the commits on one line, or with "- WORDS".

import CLibgit2
import Model
import POSIX

struct Refusal: Error { let words: String }

func check(_ code: Int32) throws(Refusal) {
    guard code < 0 else { return }
    let words = unsafe git_error_last().map { unsafe String(cString: $0.pointee.message) }
    throw Refusal(words: words ?? "libgit2 says \(code)")
}

/// A repository, and the way to a commit in it.
@safe final class Writer {
    private let repository: OpaquePointer

    init(_ path: String) throws(Refusal) {
        try check(git_libgit2_init())
        var opened: OpaquePointer?
        try check(unsafe git_repository_open_bare(&opened, path))
        guard let opened = unsafe opened else { throw Refusal(words: "no repository") }
        unsafe repository = opened
    }

    /// Makes `count` commits on the ref and moves it to the last.
    func commit(_ ref: String, _ file: String, _ count: Int, _ text: String) throws(Refusal)
        -> [String]
    {
        var start = git_oid()
        try check(unsafe git_reference_name_to_id(&start, repository, ref))
        var tip = start
        var made: [String] = []
        for number in 1...max(1, count) {
            tip = try next(tip, file, "\(text) \(number)\n")
            made.append(unsafe String(cString: git_oid_tostr_s(&tip)))
        }
        var moved: OpaquePointer?
        try check(
            unsafe git_reference_create_matching(
                &moved, repository, ref, &tip, 1, &start, "commit: by libgit2"))
        unsafe git_reference_free(moved)
        return made
    }

    private func next(_ parent: git_oid, _ file: String, _ text: String) throws(Refusal) -> git_oid
    {
        var id = parent
        var commit: OpaquePointer?
        try check(unsafe git_commit_lookup(&commit, repository, &id))
        defer { unsafe git_commit_free(commit) }
        var tree: OpaquePointer?
        try check(unsafe git_commit_tree(&tree, commit))
        defer { unsafe git_tree_free(tree) }
        var changed = try unsafe put(file, text, into: tree)
        var newTree: OpaquePointer?
        try check(unsafe git_tree_lookup(&newTree, repository, &changed))
        defer { unsafe git_tree_free(newTree) }
        var author: UnsafeMutablePointer<git_signature>?
        try check(unsafe git_signature_now(&author, "Library", "library@example.com"))
        defer { unsafe git_signature_free(author) }
        var made = git_oid()
        var parents = unsafe [commit]
        try check(
            unsafe git_commit_create(
                &made, repository, nil, author, author, nil, "Write \(file) by libgit2", newTree, 1,
                &parents))
        return made
    }

    private func put(_ file: String, _ text: String, into tree: OpaquePointer?) throws(Refusal)
        -> git_oid
    {
        var blob = git_oid()
        let bytes = Array(text.utf8)
        try check(unsafe git_blob_create_from_buffer(&blob, repository, bytes, bytes.count))
        var builder: OpaquePointer?
        try check(unsafe git_treebuilder_new(&builder, repository, tree))
        defer { unsafe git_treebuilder_free(builder) }
        try check(
            unsafe git_treebuilder_insert(nil, builder, file, &blob, GIT_FILEMODE_BLOB))
        var changed = git_oid()
        try check(unsafe git_treebuilder_write(&changed, builder))
        return changed
    }
}

guard CommandLine.arguments.count == 2 else {
    writeAll("usage: library-writer GITDIR\n", to: 2)
    exit(with: .configuration)
}
do throws(Refusal) {
    let writer = try Writer(CommandLine.arguments[1])
    while let line = readLine() {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        var answer = "- a line is REF FILE COUNT TEXT"
        if words.count == 4, let count = Int(words[2]) {
            do throws(Refusal) {
                answer = try writer.commit(words[0], words[1], count, words[3])
                    .joined(separator: " ")
            } catch { answer = "- \(error.words)" }
        }
        writeAll(answer + "\n", to: 1)
    }
} catch {
    writeAll("library-writer: \(error.words)\n", to: 2)
    exit(with: .failed)
}

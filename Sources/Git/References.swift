// Refs: read, and moved by compare-and-swap only.

import CLibgit2
import Model
import POSIX

/// A ref and what it points at.
public struct Reference: Sendable, Equatable {
    public let name: RefName
    public let target: ObjectID

    public init(_ name: RefName, _ target: ObjectID) {
        self.name = name
        self.target = target
    }
}

extension Repository {
    /// What `name` points at, symbolic refs followed; nil if there is no such ref.
    public func target(of name: RefName) throws(GitError) -> ObjectID? {
        var oid = git_oid()
        let code = unsafe git_reference_name_to_id(&oid, handle, name.description)
        if code == GIT_ENOTFOUND.rawValue { return nil }
        guard code == 0 else { throw unreadable(name, code) }
        return ObjectID(oid)
    }

    /// Whether `name` is a symbolic ref: another name for some ref, there or not.
    public func isSymbolic(_ name: RefName) throws(GitError) -> Bool {
        var found: OpaquePointer?
        let code = unsafe git_reference_lookup(&found, handle, name.description)
        if code == GIT_ENOTFOUND.rawValue { return false }
        guard code == 0 else { throw unreadable(name, code) }
        defer { unsafe git_reference_free(found) }
        return unsafe git_reference_type(found) == GIT_REFERENCE_SYMBOLIC
    }

    /// The ref that `name` stands for, there or not: itself, unless it is a symbolic ref.
    ///
    /// - Throws: ``GitError`` also for symbolic refs that lead to no end.
    public func followed(_ name: RefName) throws(GitError) -> RefName {
        var own = name
        for _ in 0...Self.longestChain {
            var found: OpaquePointer?
            let code = unsafe git_reference_lookup(&found, handle, own.description)
            if code == GIT_ENOTFOUND.rawValue { return own }
            guard code == 0 else { throw unreadable(own, code) }
            defer { unsafe git_reference_free(found) }
            guard let target = unsafe git_reference_symbolic_target(found) else { return own }
            guard let next = unsafe RefName(String(cString: target)) else { return own }
            own = next
        }
        throw GitError(.other, "read \(name)", "its symbolic refs lead to no end")
    }

    /// What is told of a ref's file that libgit2 does not understand.
    private func unreadable(_ name: RefName, _ code: Int32) -> GitError {
        damaged(code, "read \(name) of \(path)")
    }

    private func damaged(_ code: Int32, _ attempt: String) -> GitError {
        let error = lastError(code, attempt)
        return error.kind == .other
            ? GitError(.corrupt, error.attempt, error.detail, code: code) : error
    }

    /// Symbolic refs that lead to each other, as many as git follows (SYMREF_MAXDEPTH).
    private static let longestChain = 5

    /// The branch that HEAD stands on, born or not; nil if HEAD is detached.
    public func headBranch() throws(GitError) -> RefName? {
        var found: OpaquePointer?
        try check("read HEAD") { unsafe git_reference_lookup(&found, handle, "HEAD") }
        defer { unsafe git_reference_free(found) }
        guard let target = unsafe git_reference_symbolic_target(found) else { return nil }
        return unsafe RefName(String(cString: target))
    }

    /// Puts HEAD on `branch`, born or not.
    public func setHead(_ branch: RefName) throws(GitError) {
        try check("set HEAD to \(branch)") {
            unsafe git_repository_set_head(handle, branch.description)
        }
    }

    /// All refs whose names begin with `prefix`, sorted by name.
    ///
    /// - Parameter leftOut: given the names of those that point at nothing, cannot be read, or are no
    ///   UTF-8: then with U+FFFD for what is none.
    public func references(under prefix: String, leftOut: (String) -> Void = { _ in })
        throws(GitError) -> [Reference]
    {
        var iterator: OpaquePointer?
        let attempt = "list refs under \(prefix) of \(path)"
        let made = unsafe git_reference_iterator_glob_new(&iterator, handle, prefix + "*")
        guard made == 0 else { throw damaged(made, attempt) }
        defer { unsafe git_reference_iterator_free(iterator) }
        var found: [Reference] = []
        var raw: UnsafePointer<CChar>?
        while true {
            let code = unsafe git_reference_next_name(&raw, iterator)
            if code == GIT_ITEROVER.rawValue { break }
            guard code == 0, let text = unsafe raw else {
                throw damaged(code, attempt)
            }
            guard let name = unsafe RefName(String(cString: text)),
                let target = try? target(of: name)
            else {
                leftOut(unsafe String(cString: text))
                continue
            }
            found.append(Reference(name, target))
        }
        return found.sorted { $0.name < $1.name }
    }

    /// Moves `name` from `old` to `new`; `old` nil means that there must be no such ref yet.
    ///
    /// `message` is for a log of the ref; by itself a bare repository keeps none.
    ///
    /// - Throws: ``GitError`` of kind `moved` if it has another value by now, `locked` if somebody
    ///   holds its lock.
    public func move(
        _ name: RefName, from old: ObjectID?, to new: ObjectID, _ message: String
    ) throws(GitError) {
        var made: OpaquePointer?
        var newOid = new.oid
        var oldOid = (old ?? .zero).oid
        let missing = old == nil ? missingFolders(above: name) : []
        let code = unsafe git_reference_create_matching(
            &made, handle, name.description, &newOid, 1, &oldOid, message)
        unsafe git_reference_free(made)
        guard code == 0 else { throw swapError(code, "move \(name)", name) }
        // The library has the ref and the folder that it is in on disk, and not that there is such a
        // folder.
        do throws(Failure) {
            for folder in missing { try syncFolder(folder.parentFolder) }
        } catch { throw GitError(.other, "make \(name)", error.message, code: 0) }
    }

    /// The folders that will have to be made for a ref, the lowest first.
    private func missingFolders(above name: RefName) -> [String] {
        var missing: [String] = []
        var folder = "\(path)/\(name)".parentFolder
        while folder.utf8.count > path.utf8.count, !exists(folder) {
            missing.append(folder)
            folder = folder.parentFolder
        }
        return missing
    }

    private func swapError(_ code: Int32, _ attempt: String, _ name: RefName) -> GitError {
        let error = lastError(code, attempt)
        // libgit2 says "not found" of a ref that was to have an old value, and has vanished.
        return error.kind == .notFound
            ? GitError(.moved, attempt, "it is gone by now", code: code) : error
    }
}

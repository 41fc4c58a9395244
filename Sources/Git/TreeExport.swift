// The files of a commit, written into a folder for others to read: measured first, then written by git
// itself. The engine's checkout calls this.
//
// A tree comes from whoever may commit. git refuses names that lead out of the folder or into a `.git`; a
// gitdir of our own around it knows no filter, so that no attribute runs a program.

import Model
import POSIX

/// What the files of a commit amount to.
public struct TreeSize: Sendable, Equatable {
    public private(set) var files = 0
    public private(set) var bytes: Int64 = 0
    /// The folders above the deepest file.
    public private(set) var depth = 0
    /// Of all paths together, and of the longest: a tree of a few objects can stand for long ones.
    public private(set) var pathBytes: Int64 = 0
    public private(set) var longestPath = 0

    fileprivate mutating func add(bytes more: Int64, depth: Int, path: Int) {
        files += 1
        pathBytes += Int64(path)
        longestPath = max(longestPath, path)
        self.depth = max(self.depth, depth)
        let (sum, isTooMuch) = bytes.addingReportingOverflow(more)
        bytes = isTooMuch ? .max : sum
    }
}

/// The records of `git ls-tree -r -l -z` (mode, type, id and size, a tab, the path), as they come: a hostile
/// tree has a million of them.
private struct TreeListing {
    var size = TreeSize()
    private var isPath = false
    private var depth = 0
    private var path = 0
    /// The word before the tab; a submodule has no size.
    private var number: Int64 = 0
    private var isNumber = true

    mutating func add(_ bytes: [UInt8]) {
        for byte in bytes {
            if isPath {
                if byte == UInt8(ascii: "/") { depth += 1 }
                if byte == 0 { end() } else { path += 1 }
                continue
            }
            switch byte {
            case UInt8(ascii: "\t"): isPath = true
            case UInt8(ascii: " "): (number, isNumber) = (0, true)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                number = number &* 10 &+ Int64(byte - UInt8(ascii: "0"))
            default: isNumber = false
            }
        }
    }

    private mutating func end() {
        size.add(bytes: isNumber ? max(0, number) : 0, depth: depth, path: path)
        (isPath, depth, path, number, isNumber) = (false, 0, 0, 0, true)
    }
}

extension Repository {
    /// Measures the files of `commit` at or below `paths`; of all if that is empty.
    ///
    /// - Parameter limit: says why it is too much; asked as files are counted, since a tree of a few
    ///   objects can stand for any number of files.
    /// - Throws: ``Failure``; of kind `failed` with what `limit` says.
    public func treeSize(
        of commit: ObjectID, at paths: [String], environment: Environment,
        limit: (TreeSize) -> String?, isCalledOff: @escaping () -> String?
    ) throws(Failure) -> TreeSize {
        let scratch = try ScratchRepository(beside: self)
        var listing = TreeListing()
        let git = PatientGit(
            arguments: ["git", "ls-tree", "-r", "-l", "-z", "--full-tree", "\(commit)", "--"]
                + paths,
            environment: scratch.environment(of: environment),
            isCalledOff: isCalledOff)
        let end = try git.run { bytes in
            listing.add(bytes)
            return limit(listing.size)
        }
        if case .calledOff(let reason) = end { throw Failure(.failed, reason) }
        return listing.size
    }

    /// The list goes through a file: a pipe would hide that its beginning was all there was of it.
    /// git leaves a path out that it finds unsafe, and goes on: what is not whole is not published.
    private static let script = """
        git ls-tree -r -z --full-tree "$@" >"$GIT_DIR/list" &&
        git update-index -z --index-info <"$GIT_DIR/list" &&
        there=$(tr -dc '\\000' <"$GIT_DIR/list" | wc -c) &&
        here=$(git ls-files -z | tr -dc '\\000' | wc -c) || exit 1
        if [ "$there" -ne "$here" ]; then
          echo "$((there - here)) paths lead out of the tree, into a .git or to the same name" >&2
          exit 1
        fi
        git checkout-index -a -q
        """

    /// Writes the files of `commit` at or below `paths`, of all if that is empty, into `folder`, which is
    /// there and empty.
    ///
    /// Symbolic links are written as they are, wherever they lead.
    /// - Throws: ``Failure``, with git's words; then some files may be there.
    public func export(
        _ commit: ObjectID, at paths: [String], to folder: String, environment: Environment,
        isCalledOff: @escaping () -> String?
    ) throws(Failure) {
        let scratch = try ScratchRepository(beside: self)
        let git = PatientGit(
            arguments: ["sh", "-c", Self.script, "sh", "\(commit)", "--"] + paths,
            environment: scratch.environment(
                settings: [("core.bare", "false")],
                adding: ["GIT_WORK_TREE=\(folder)", "GIT_INDEX_FILE=\(scratch.path)/index"],
                of: environment),
            isCalledOff: isCalledOff)
        if case .calledOff(let reason) = try git.run() { throw Failure(.failed, reason) }
    }
}

// The .gitattributes files of a tree: whether they bear on a merge, and what git is given of them.

import Model
import POSIX

/// Attributes as far as a merge reads them.
enum Attributes {
    static let fileName = Array(".gitattributes".utf8)
    /// Git reads no larger file of attributes, in bytes.
    static let sizeLimit = 100 << 20
    /// How a file of attributes would say how files are merged: the attribute, the macro that sets
    /// it, and the making of other macros. All else (text, eol, diff, …) leaves a merge alone.
    private static let words = ["merge", "binary", "[attr]"].map { Array($0.utf8) }

    /// Whether a file of attributes may change how files are merged.
    static func changeMerging(_ content: [UInt8]) -> Bool {
        words.contains { content.firstRange(of: $0) != nil }
    }

    /// The gitdir's own file of attributes, which counts for every tree; nil if there is none.
    static func ofGitdir(_ path: String) -> [UInt8]? {
        try? readFile("\(path)/info/attributes", limit: LineMerge.sizeLimit)
    }
}

/// Finds the .gitattributes files of whole trees; what a folder holds is remembered by its id.
struct AttributesFinder {
    /// How many folders are remembered.
    private static let memoryLimit = 20_000

    struct Found: Equatable {
        let path: [[UInt8]]
        let blob: ObjectID
    }

    private var known: [ObjectID: [Found]] = [:]

    /// All of them below `tree`. Links are none, as git has it.
    mutating func files(of tree: ObjectID?, in objects: NewObjects) throws(Failure) -> [Found] {
        guard let tree else { return [] }
        if let found = known[tree] { return found }
        var found: [Found] = []
        let entries = try objects.tree(tree).entries
        for entry in entries {
            if entry.isTree {
                for below in try files(of: entry.id, in: objects) {
                    found.append(Found(path: [entry.name] + below.path, blob: below.blob))
                }
            } else if entry.isFile, entry.name == Attributes.fileName {
                found.append(Found(path: [entry.name], blob: entry.id))
            }
        }
        if known.count >= Self.memoryLimit { known.removeAll() }
        known[tree] = found
        return found
    }
}

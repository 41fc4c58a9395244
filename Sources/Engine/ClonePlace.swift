// Where a clone grows and how it gets into place: the gitdir appears whole, or not at all.
//
// Beside DIR and renamed, where DIR is not there yet; inside DIR, piece by piece with HEAD last, where
// DIR is there: it may be a mount point, which can be neither renamed nor replaced.

import Model
import POSIX

/// A folder that a clone is made in, with what it takes to finish or forget it.
struct ClonePlace {
    /// Inside DIR, and behind DIR's own name beside it.
    static let name = ".git-pod-clone"
    /// Says that all pieces are complete, and that some may have been moved already; and whose they
    /// are.
    private static let marker = "git-pod-clone-complete"
    /// What a new volume may hold.
    private static let harmless: Set<String> = ["lost+found", GitdirLock.name, name]
    /// The order in which pieces are moved: a gitdir without HEAD is none.
    private static let last = ["config", "HEAD"]

    /// Where the gitdir shall be, absolute.
    let destination: String
    /// Where it grows.
    let folder: String
    private let isInside: Bool

    /// - Throws: ``Failure`` of kind `configuration` if DIR holds anything that is not ours.
    init(_ directory: String) throws(Failure) {
        let parent = directory.withoutTrailingSlashes.parentFolder
        guard let realParent = realPath(parent) else {
            throw Failure(.configuration, "there is no folder \(parent)", hint: "make it first")
        }
        let base = directory.withoutTrailingSlashes.split(separator: "/").last.map(String.init)
        guard let base, base != ".", base != ".." else {
            throw Failure(.configuration, "\"\(directory)\" names no folder to clone into")
        }
        let named = realParent == "/" ? "/\(base)" : "\(realParent)/\(base)"
        // A link to a folder means that folder.
        let isThere = fileStatus(named)?.kind == .directory
        destination = isThere ? realPath(named) ?? named : named
        isInside = exists(destination)
        folder =
            isInside
            ? "\(destination)/\(Self.name)" : "\(destination.parentFolder)/.\(base)\(Self.name)"
        try checkIsOurs()
        guard isInside else { return }
        guard fileStatus(destination)?.kind == .directory,
            let entries = directoryEntries(destination)
        else { throw Failure(.configuration, "\(destination) is no folder that can be read") }
        if isHalfMoved { return }
        if entries.contains("HEAD") {
            throw Failure(
                .configuration, "\(destination) holds a repository already",
                hint: "bring it up to date with git pod reconcile")
        }
        if entries.contains(".git") {
            throw Failure(
                .configuration, "\(destination) is a working tree, and the engine keeps none",
                hint:
                    "name a folder that is empty or not there yet, or the bare gitdir that is meant"
            )
        }
        if let other = entries.first(where: { !Self.harmless.contains($0) }) {
            throw Failure(
                .configuration, "\(destination) is not empty: it holds \(other.harmless)",
                hint: "nothing is wiped; name a folder that is empty or not there yet")
        }
    }

    /// What is in it is taken away, or becomes the gitdir: it must be of our own making.
    ///
    /// - Throws: ``Failure`` of kind `configuration` if it is anything but a folder of ours.
    private func checkIsOurs() throws(Failure) {
        guard exists(folder) else { return }
        let parent = try OpenFolder(folder.parentFolder)
        let name = OpenFolder.Name(String(folder.dropFirst(folder.parentFolder.count + 1)))
        guard parent.kind(of: name) == .folder,
            parent.owners(of: name).allSatisfy({
                $0 == currentUser()
            })
        else {
            throw Failure(
                .configuration, "\(folder) is not a folder that we have made",
                hint: "look at it, and take it away")
        }
    }

    /// The volume that it grows on.
    var volume: String { isInside ? destination : destination.parentFolder }

    /// Whether a killed run had begun to move the pieces of a complete clone.
    var isHalfMoved: Bool { exists("\(folder)/\(Self.marker)") }

    /// What a clone that is half moved was made from: origin's URL, without a password, and the
    /// branch.
    func source() throws(Failure) -> (url: String, branch: String) {
        let content = try readFile("\(folder)/\(Self.marker)", limit: 2 * OriginURL.maximumLength)
        let lines = String(decoding: content, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return (lines[0], lines.count > 1 ? lines[1] : "")
    }

    /// Takes the lock that keeps other clones away, and with it what a killed run left of an
    /// incomplete clone; makes the folder to grow in.
    ///
    /// - Throws: ``Failure``, also if another clone has come into place meanwhile.
    func begin(patience: Duration) throws(Failure) -> GitdirLock {
        // What becomes the gitdir may be read by whom the user's umask lets in.
        do throws(Failure) { try makeNewFolder(folder, mode: isInside ? 0o700 : 0o777) } catch {
            guard exists(folder) else { throw error }
            try checkIsOurs()
        }
        let lock = try GitdirLock(folder, patience: patience)
        let now = try ClonePlace(destination)
        guard now.isInside == isInside, let opened = try? OpenFolder(folder),
            lock.isStill(in: opened)
        else {
            throw Failure(
                .configuration, "\(destination) was made by another clone",
                hint: "bring it up to date with git pod reconcile")
        }
        guard !isHalfMoved else { return lock }
        for name in directoryEntries(folder) ?? [] where name != GitdirLock.name {
            try removeTree("\(folder)/\(name)")
        }
        return lock
    }

    /// Takes away what there is of a clone that failed.
    func clear() throws(Failure) { try removeTree(folder) }

    /// Takes away what a run left that was killed behind its last move into the gitdir, which is whole.
    static func clearMoved(_ gitdir: String) {
        let folder = "\(gitdir)/\(name)"
        guard let left = directoryEntries(folder), !left.isEmpty, exists("\(gitdir)/HEAD"),
            Set(left).isSubset(of: [marker, GitdirLock.name]),
            entryOwner(folder) == currentUser(),
            (try? GitdirLock(folder, patience: .zero)) != nil
        else { return }
        try? removeTree(folder)
    }

    /// Puts the complete clone of `url` and `branch` into place.
    ///
    /// - Parameter lock: what ``begin(patience:)`` gave: it says which folder is ours, whatever others
    ///   may have put in its place.
    func finish(url: String, branch: String, under lock: GitdirLock) throws(Failure) {
        let opened = try OpenFolder(folder)
        guard lock.isStill(in: opened) else {
            throw Failure(
                .failed, "somebody has put another folder in the place of \(folder)",
                hint: "see who else may write there")
        }
        guard isInside else {
            try rename(folder, to: destination)
            return try syncFolder(destination.parentFolder)
        }
        let marker = "\(opened.path)/\(Self.marker)"
        if !exists(marker) {
            try replaceFile(marker, with: Array("\(url)\n\(branch)\n".utf8), mode: 0o600)
        }
        try opened.sync()
        let place = try OpenFolder(destination)
        let last = Self.last.map { OpenFolder.Name($0) }
        let pieces = try opened.names().filter { name in
            ![Self.marker, GitdirLock.name].contains(name.shown) && !Self.last.contains(name.shown)
        }
        for piece in pieces + last where opened.kind(of: piece) != nil {
            if piece.shown == "HEAD" { try place.sync() }
            try opened.move(piece, into: place)
        }
        try place.sync()
        try removeTree(folder)
    }
}

extension String {
    fileprivate var withoutTrailingSlashes: String {
        var text = self[...]
        while text.count > 1, text.hasSuffix("/") { text = text.dropLast() }
        return String(text)
    }
}

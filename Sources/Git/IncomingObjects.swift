// Where a fetch's packs grow, on the volume of the repository's packs: nothing is left behind there if it fails, and
// what comes is the repository's when it is whole.
//
// Others may be able to write in the gitdir, and put a link in the place of a folder at any moment: each
// folder is held open, and what is reached through it is not reached by its path.

import Model
import POSIX

/// The packs of one fetch, until they are taken in.
final class IncomingObjects {
    private let folder: ScratchFolder
    private let place: OpenFolder
    private let packs: OpenFolder
    private let objects: String
    /// As git takes it for `GIT_OBJECT_DIRECTORY`.
    let path: String
    private let kept: KeptPacks
    /// What is taken in, and in this order: an index says that its pack is there.
    private static let suffixes = ["pack", "rev", "idx"]

    init(for repository: Repository) throws(Failure) {
        objects = "\(repository.path)/objects"
        folder = try ScratchFolder(in: Self.home(repository.path, "\(objects)/pack"))
        kept = repository.keptPacks
        let place = try OpenFolder(folder.path)
        guard folder.isStill(place) else {
            throw Failure(.failed, "somebody has put another folder in the place of \(folder.path)")
        }
        try place.makeFolder(.init("pack"))
        packs = try Self.packs(in: place, folder.path)
        path = place.path
        self.place = place
    }

    private static func packs(in folder: borrowing OpenFolder, _ path: String) throws(Failure)
        -> OpenFolder
    {
        guard let packs = try folder.folder(.init("pack")) else {
            throw Failure(.failed, "cannot open \(path)/pack")
        }
        return packs
    }

    /// Gives the repository of `origin` all packs that have come; on disk when this returns.
    func takeIn(_ origin: Origin) throws(OriginFailure) {
        do throws(Failure) { try takeIn() } catch {
            throw origin.ownTrouble(nil, "\(origin.name): \(error.message)")
        }
    }

    func takeIn() throws(Failure) {
        let names = try packs.names()
        guard !names.isEmpty else { return }
        try makeFolder("\(objects)/pack")
        let destination = try Self.destination(objects)
        for name in names where Self.isPack(name.shown, "pack") {
            try kept.keep(String(name.shown.dropLast(".pack".count)))
        }
        for suffix in Self.suffixes {
            for name in names where Self.isPack(name.shown, suffix) {
                guard packs.fileStatus(of: name)?.kind == .file else { continue }
                try packs.move(name, into: destination)
            }
        }
        try destination.sync()
    }

    /// Where packs grow: in the gitdir, unless its packs are on another volume.
    private static func home(_ gitdir: String, _ packs: String) -> String {
        guard let status = fileStatus(packs), status.device != fileStatus(gitdir)?.device,
            let home = realPath(packs)
        else { return gitdir }
        return home
    }

    /// Where packs belong. A link counts there if we, or root, have made it.
    private static func destination(_ objects: String) throws(Failure) -> OpenFolder {
        let packs = "\(objects)/pack"
        if linkTarget(packs) != nil, let owner = entryOwner(packs),
            [0, currentUser()].contains(owner), let real = realPath(packs)
        {
            return try OpenFolder(real)
        }
        return try Self.packs(in: OpenFolder(realPath(objects) ?? objects), objects)
    }

    /// Whether git names the part of a pack that `suffix` means like this (gitformat-pack(5)).
    private static func isPack(_ name: String, _ suffix: String) -> Bool {
        let (prefix, end) = ("pack-", ".\(suffix)")
        guard name.hasPrefix(prefix), name.hasSuffix(end) else { return false }
        return ObjectID(name.dropFirst(prefix.count).dropLast(end.count)) != nil
    }
}

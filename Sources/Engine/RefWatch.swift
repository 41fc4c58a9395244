// Sees refs of a gitdir move, whoever moves them: git, libgit2 or a script. The push service asks it
// what to look at.

import Model
import POSIX

/// A watch on the branches and decision logs of one gitdir.
final class RefWatch {
    /// What has to be looked at.
    enum Change: Equatable {
        case refs(Set<RefName>)
        /// All of them: they were packed, or more happened than the kernel tells.
        case everything
    }

    private let gitdir: String
    private let watch: FolderWatch
    private var heads: String { "\(gitdir)/refs/heads" }
    private var logs: String { "\(gitdir)/refs/pod/log" }

    /// Folders below these that are watched; what lies in others is seen by the re-check.
    private static let maximumFolders = 10_000
    /// Folders deeper than this are no ref's.
    private static let maximumDepth = 100

    /// - Throws: ``Failure`` of kind `failed`.
    init(gitdir: String) throws(Failure) {
        self.gitdir = gitdir
        watch = try FolderWatch()
        try repair()
    }

    /// Readable when ``changes()`` has something.
    var descriptor: Int32 { watch.descriptor }

    /// What happened since the last call; nil if nothing of interest. Never waits.
    func changes() throws(Failure) -> Change? {
        var names: Set<RefName> = []
        var isEverything = false
        for event in try watch.events() {
            switch event {
            case .overflow: isEverything = true
            case .entry(gitdir, "packed-refs"), .entry(gitdir, "HEAD"): isEverything = true
            case .entry(let folder, let name): note("\(folder)/\(name)", &names)
            case .folder("\(gitdir)/refs/pod"): try addLogs(&names)
            case .folder(let folder): try add(folder, &names)
            case .lost(let folder):
                if [heads, logs, gitdir].contains(folder) { isEverything = true }
            }
        }
        if isEverything {
            try repair()
            return .everything
        }
        return names.isEmpty ? nil : .refs(names)
    }

    /// Watches what is there and is not watched yet.
    func repair() throws(Failure) {
        var names: Set<RefName> = []
        try watch.add(gitdir)
        try watch.add("\(gitdir)/refs")
        try add(heads, &names)
        try addLogs(&names)
    }

    private func addLogs(_ names: inout Set<RefName>) throws(Failure) {
        try watch.add(logs.parentFolder)
        try add(logs, &names)
    }

    /// Watches a folder and all below it; `names` gets the refs that are there already: they may have
    /// come before the watch.
    private func add(_ folder: String, _ names: inout Set<RefName>, depth: Int = 0) throws(Failure)
    {
        guard isOfRefs(folder + "/"), depth < Self.maximumDepth, watch.count < Self.maximumFolders,
            try watch.add(folder)
        else { return }
        for name in directoryEntries(folder) ?? [] {
            let path = "\(folder)/\(name)"
            if fileStatus(path)?.kind == .directory {
                try add(path, &names, depth: depth + 1)
            } else {
                note(path, &names)
            }
        }
    }

    private func isOfRefs(_ path: String) -> Bool {
        path.hasPrefix(heads + "/") || path.hasPrefix(logs + "/")
    }

    private func note(_ path: String, _ names: inout Set<RefName>) {
        guard isOfRefs(path), !path.hasSuffix(".lock"),
            let name = RefName(String(path.dropFirst(gitdir.count + 1)))
        else { return }
        names.insert(name)
    }
}

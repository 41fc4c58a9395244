// Packs that no ref leads to yet. A `git repack -ad` of somebody else would take them away, for it looks at
// refs and packs and not at us: a file beside them says that they stay, as those of git's own fetch have it
// (git-index-pack(1), `--keep`).

import Model
import POSIX

/// The packs that one repository handle has brought, kept until it is let go of: its refs are moved then.
final class KeptPacks {
    private static let text = Array("git-pod\n".utf8)
    private static let suffix = ".keep"
    private let folder: String
    private var names: Set<String> = []

    init(gitdir: String) { folder = Self.folder(of: gitdir) }

    deinit { for name in names { try? removeFile("\(folder)/\(name)") } }

    private static func folder(of gitdir: String) -> String { "\(gitdir)/objects/pack" }

    /// To be called before the pack's index is there.
    ///
    /// - Parameter pack: its name without a suffix. One that somebody else keeps stays as it is.
    func keep(_ pack: String) throws(Failure) {
        let name = pack + Self.suffix
        guard !exists("\(folder)/\(name)") else { return }
        names.insert(name)
        try writeNewFile("\(folder)/\(name)", Self.text, mode: 0o444)
    }

    /// Takes away what killed processes left. To be called under the lock that whoever brings packs holds.
    static func clear(_ gitdir: String) {
        let folder = folder(of: gitdir)
        for name in directoryEntries(folder) ?? [] where name.hasSuffix(suffix) {
            let path = "\(folder)/\(name)"
            guard let status = fileStatus(path), status.kind == .file,
                status.size == Int64(text.count),
                (try? readFile(path, limit: 2 * text.count)) == text
            else { continue }
            try? removeFile(path)
        }
    }
}

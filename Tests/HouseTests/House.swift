// Reading this package's own files, for the tests of the house rules.

import Model
import POSIX
import TestSupport

enum House {
    /// The folder that Package.swift is in.
    static let root = packageFolder

    /// The folders of Sources.
    static let modules: [String] = (directoryEntries("\(root)/Sources") ?? []).sorted()

    static func isSystemLibrary(_ module: String) -> Bool {
        fileStatus("\(root)/Sources/\(module)/module.modulemap") != nil
    }

    /// What the files of a module import, each with the file that does it.
    static func imports(of module: String) throws -> [(file: String, name: String)] {
        var found: [(String, String)] = []
        for file in files(below: "Sources/\(module)") where file.hasSuffix(".swift") {
            for line in contents("\(root)/\(file)").split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let position = words.firstIndex(of: "import") else { continue }
                let before = words[..<position]
                let kinds: Set<Substring> = ["struct", "class", "enum", "func", "var", "let"]
                guard before.allSatisfy({ $0.hasPrefix("@") || $0 == "public" || $0 == "internal" })
                else { continue }
                let after = words[(position + 1)...].drop { kinds.contains($0) }
                guard let name = after.first?.split(separator: ".").first else { continue }
                found.append((file, String(name)))
            }
        }
        return found
    }

    /// Every file below a folder, by its path from the root.
    static func files(below folder: String) -> [String] {
        var found: [String] = []
        for name in (directoryEntries("\(root)/\(folder)") ?? []).sorted() {
            let path = "\(folder)/\(name)"
            switch fileStatus("\(root)/\(path)")?.kind {
            case .directory: found += files(below: path)
            case .file: found.append(path)
            default: break
            }
        }
        return found
    }
}

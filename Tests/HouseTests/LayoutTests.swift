// What lies where, and what must not be written anywhere.

import POSIX
import TestSupport
import Testing

@Suite("The layout")
struct LayoutTests {
    @Test("the top level holds only what was agreed")
    func topLevel() throws {
        let agreed: Set<String> = [
            "Package.swift", "Sources", "Tests", "bin", "docs", "README.md", "LICENSE",
        ]
        for name in try #require(directoryEntries(House.root)) {
            #expect(agreed.contains(name) || name.hasPrefix("."), "\(name) is at the top level")
        }
    }

    @Test("every script says how it is used")
    func scriptsHaveHelp() throws {
        for name in try #require(directoryEntries("\(House.root)/bin")) {
            let asked = try run(["\(House.root)/bin/\(name)", "-h"])
            #expect(asked.succeeded, "bin/\(name) -h: \(asked.errors)")
            #expect(asked.output.hasPrefix("usage: bin/\(name)"))
        }
    }

    @Test(
        "no file names a path of somebody's machine, except what every Unix has",
        arguments: ["Sources", "Tests", "bin", "docs"])
    func noMachinePaths(folder: String) {
        let homes = ["home", "Users", "work", "farm"].map { "/\($0)/" }
        for file in House.files(below: folder) where !file.hasSuffix(".o") {
            for line in contents("\(House.root)/\(file)").split(separator: "\n") {
                for home in homes where Self.names(home, in: line) {
                    Issue.record("\(file) names a machine's path: \(line)")
                }
            }
        }
    }

    /// Whether `line` holds `home` as the beginning of a path.
    private static func names(_ home: String, in line: Substring) -> Bool {
        guard let found = line.firstRange(of: home) else { return false }
        let before = line[..<found.lowerBound].last
        return before.map { " \"'`=:(".contains($0) } ?? true
    }
}

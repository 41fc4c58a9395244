// The house rules that a compiler does not hold: who may import whom, and what lies where.

import Model
import POSIX
import TestSupport
import Testing

@Suite("The house")
struct ArrowsTests {
    /// What each module may import; the list of DESIGN, section 7.
    static let allowed: [String: Set<String>] = [
        "Model": [],
        "PackProtocol": ["Model"],
        "POSIX": ["Model"],
        "SSH": ["CLibssh2", "POSIX", "Model"],
        "Transport": ["SSH", "POSIX", "PackProtocol", "Model"],
        "RemoteHelper": ["Transport", "POSIX", "PackProtocol", "Model"],
        "Bridge": ["POSIX", "PackProtocol", "Model"],
        "Git": ["CLibgit2", "CZlib", "Transport", "POSIX", "PackProtocol", "Model"],
        "EngineCore": ["Model"],
        "Engine": ["EngineCore", "Git", "Transport", "POSIX", "Model"],
        "ControlAPI": ["CMicroHTTPD", "CMbedCrypto", "POSIX", "Model"],
        "git-remote-pod": ["RemoteHelper", "POSIX", "Model"],
        "git-pod": [
            "Engine", "EngineCore", "Git", "Bridge", "ControlAPI", "Transport", "POSIX", "Model",
        ],
    ]

    /// The C library, for the modules that make system calls themselves.
    static let system: Set<String> = ["Glibc", "Darwin"]
    static let mayCallTheSystem: Set<String> = ["POSIX", "SSH"]

    @Test("every import goes up the list of modules", arguments: House.modules)
    func importsGoUp(module: String) throws {
        guard let allowed = Self.allowed[module] else {
            #expect(
                House.isSystemLibrary(module), "\(module) is in no list: add it, with its arrows")
            return
        }
        for (file, name) in try House.imports(of: module) {
            let calls = Self.mayCallTheSystem.contains(module) && Self.system.contains(name)
            #expect(allowed.contains(name) || calls, "\(file) imports \(name)")
        }
    }

    @Test("no source imports Foundation, which would double the helper's start")
    func noFoundation() throws {
        for module in House.modules {
            for (file, name) in try House.imports(of: module) {
                #expect(!name.hasPrefix("Foundation"), "\(file) imports \(name)")
            }
        }
    }

    @Test("each C library has one importer")
    func oneImporter() throws {
        for library in House.modules where House.isSystemLibrary(library) {
            let importers = try House.modules.filter { module in
                try House.imports(of: module).contains { $0.name == library }
            }
            #expect(importers.count == 1, "\(library) is imported by \(importers)")
        }
    }

    @Test("the helper does not load libgit2, whose start takes longer than all of the helper's")
    func helperStaysSmall() throws {
        let libraries = try run(["ldd", Products.path("git-remote-pod")]).output
        #expect(libraries.contains("libssh2"))
        #expect(!libraries.contains("libgit2"))
        #expect(!libraries.contains("libFoundation"))
    }
}

// `git pod add`: what it writes, or that it writes nothing.

import Model
import POSIX
import TestSupport
import Testing

@Suite("git pod add")
struct AddTests {
    private let home: GitHome
    private var repository: String { home.directory.file("shop") }

    init() throws {
        home = try GitHome()
        try home.git("init", "-q", repository)
    }

    private func add(_ words: String...) throws -> Finished {
        try home.attempt(["pod", "add"] + words, at: repository)
    }

    @Test("writes the section and the remote")
    func adds() throws {
        try add("prod", "pod://git@h:2222/data/repo.git").check()
        #expect(try home.git("config", "pod.prod.path", at: repository) == "/data/repo.git")
        #expect(try home.git("config", "remote.prod.url", at: repository) == "pod://prod")
    }

    @Test(
        "writes nothing for a name that git takes for no remote",
        arguments: ["a..b", "a.lock", ".", "..", ".a"])
    func names(name: String) throws {
        let before = contents("\(repository)/.git/config")
        let finished = try add(name, "pod://h/data/repo.git")
        #expect(finished.status == .exited(ExitCode.configuration.rawValue), "\(finished.errors)")
        #expect(finished.errors.contains("git takes no remote called \"\(name)\""))
        #expect(contents("\(repository)/.git/config") == before)
    }

    @Test("says how long a time may be at most")
    func times() throws {
        let finished = try add("prod", "pod://h/data/repo.git", "--idle-timeout", "25h")
        #expect(finished.status == .exited(ExitCode.configuration.rawValue))
        #expect(finished.errors.contains("at most 24h"), "\(finished.errors)")
    }
}

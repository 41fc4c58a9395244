// Deleting refs: by compare-and-swap, and never at the cost of others.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("A ref that is deleted")
struct RefDeletionTests {
    private let home: GitHome
    private let folder: TemporaryDirectory
    private let gitdir: String
    private let commit: ObjectID

    init() throws {
        home = try GitHome()
        folder = try TemporaryDirectory()
        gitdir = folder.file("r.git")
        try home.git("init", "-q", "--bare", gitdir)
        let tree = try home.git("hash-object", "-t", "tree", "-w", "/dev/null", at: gitdir)
        let made = try home.git("commit-tree", "-m", "One", tree, at: gitdir)
        commit = try #require(ObjectID(made))
    }

    private func update(_ name: String) throws {
        try home.git("update-ref", name, commit.description, at: gitdir)
    }

    private func names() throws -> [String] {
        try home.git("for-each-ref", "--format=%(refname)", at: gitdir)
            .split(separator: "\n").map(String.init)
    }

    @Test("is gone, loose or packed or both, and the others are as they were")
    func gone() throws {
        let repository = try Repository(path: gitdir)
        for name in ["refs/pod/x/packed", "refs/pod/x/both", "refs/heads/main", "refs/pod/x"] {
            try? update(name)
        }
        try home.git("tag", "-a", "-m", "Tag", "v1", commit.description, at: gitdir)
        try home.git("pack-refs", "--all", at: gitdir)
        for name in ["refs/pod/x/both", "refs/pod/x/loose"] { try update(name) }
        let later = try home.git("commit-tree", "-m", "Two", "\(commit)^{tree}", at: gitdir)
        try home.git("update-ref", "refs/pod/x/both", later, at: gitdir)
        try repository.delete(
            #require(RefName("refs/pod/x/both")), from: #require(ObjectID(later)))
        for name in ["refs/pod/x/packed", "refs/pod/x/loose"] {
            try repository.delete(#require(RefName(name)), from: commit)
        }
        #expect(try names() == ["refs/heads/main", "refs/tags/v1"])
        #expect(try home.git("rev-parse", "v1^{}", at: gitdir) == commit.description)
        #expect(!exists("\(gitdir)/refs/pod/x"))
        #expect(!exists("\(gitdir)/packed-refs.lock"))
        try update("refs/pod/x")
    }

    @Test("leaves no program behind where the packed refs were one")
    func program() throws {
        let repository = try Repository(path: gitdir)
        let name = try #require(RefName("refs/pod/x/one"))
        let packed = "\(gitdir)/packed-refs"
        try update("refs/pod/x/one")
        try home.git("pack-refs", "--all", at: gitdir)
        let content = contents(packed)
        try writeFile(packed, "#!/bin/sh\n" + content, mode: 0o755)
        #expect(throws: GitError.self) { try repository.delete(name, from: commit) }
        try writeFile(packed, content, mode: 0o755)
        #expect(try names().contains("refs/pod/x/one"))
        try update("refs/heads/a;touch${IFS}x")
        try home.git("pack-refs", "--all", at: gitdir)
        try run(["chmod", "755", packed]).check()
        try repository.delete(name, from: commit)
        #expect(fileStatus(packed)?.mode == 0o644)
    }

    @Test("stays if it has another value, or if somebody holds a lock on it or on packed refs")
    func stays() throws {
        let repository = try Repository(path: gitdir)
        try update("refs/heads/main")
        let name = try #require(RefName("refs/heads/main"))
        let kinds: [(lock: String?, old: ObjectID, kind: GitError.Kind)] = [
            (nil, .zero, .moved), ("refs/heads/main.lock", commit, .locked),
            ("packed-refs.lock", commit, .locked),
        ]
        for (lock, old, kind) in kinds {
            if let lock { try writeFile("\(gitdir)/\(lock)", "") }
            do throws(GitError) {
                try repository.delete(name, from: old)
                Issue.record("it was deleted")
            } catch { #expect(error.kind == kind) }
            if let lock { try run(["rm", "\(gitdir)/\(lock)"]).check() }
        }
        #expect(try names() == ["refs/heads/main"])
    }

    @Test("takes none along that a git packs at the same time")
    func packing() throws {
        let count = 100
        let repository = try Repository(path: gitdir)
        for number in 1...count { try update("refs/pod/x/\(number)") }
        try home.git("pack-refs", "--all", at: gitdir)
        let script = folder.file("packer")
        try writeFile(
            script,
            """
            #!/bin/sh
            for i in $(seq 1 \(count)); do
              git update-ref refs/tags/$i \(commit)
              until git pack-refs --all 2>/dev/null; do :; done
            done

            """, mode: 0o755)
        let packer = try RunningCommand(
            [script], environment: home.environment(["GIT_DIR": gitdir]))
        for number in 1...count {
            let name = try #require(RefName("refs/pod/x/\(number)"))
            let isDeleted = eventually {
                do throws(GitError) {
                    try repository.delete(name, from: commit)
                    return true
                } catch { return error.kind != .locked }
            }
            #expect(isDeleted)
        }
        let ended = try packer.finish()
        #expect(ended.status == .exited(0), "\(ended.errors)")
        let names = try names()
        #expect(names.count == count)
        #expect(names.allSatisfy { $0.hasPrefix("refs/tags/") })
    }
}

import Bridge
import Model
import POSIX
import TestSupport
import Testing

@Suite("The allow-list")
struct RepositoryResolverTests {
    private func resolver() throws -> (PodTree, RepositoryResolver) {
        let tree = try PodTree()
        let named = NamedRepository(name: "named", directory: "\(tree.path)/named/real.git")
        return (tree, try RepositoryResolver(roots: [tree.root], repositories: [named]))
    }

    @Test("serves what lies in a root, by its real path")
    func serves() throws {
        let (tree, resolver) = try resolver()
        for name in PodTree.served {
            let real = try resolver.resolve("\(tree.root)/\(name)")
            #expect(real == realPath("\(tree.root)/\(name)"), "\(name)")
        }
    }

    @Test("serves a named repository by its name and by its path")
    func servesNamed() throws {
        let (tree, resolver) = try resolver()
        let real = "\(tree.path)/named/real.git"
        for path in ["named", "/named", real] { #expect(try resolver.resolve(path) == real) }
    }

    @Test("refuses every hostile request that its parser lets through")
    func refuses() throws {
        let (tree, resolver) = try resolver()
        for hostile in HostileRequest.all(in: tree.path) {
            let failure = #expect(throws: Failure.self, "\(hostile.name)") {
                try resolver.resolve(ServiceRequest(parsing: hostile.text).path)
            }
            #expect(failure?.kind == .refused, "\(hostile.name)")
        }
    }

    @Test("tells nobody whether something is there outside it")
    func secrecy() throws {
        let (tree, resolver) = try resolver()
        func line(_ path: String) -> String {
            do { return try resolver.resolve(path) } catch { return error.description }
        }
        for path in [
            "\(tree.path)/secret/secret.git", "\(tree.path)/secret", "/etc/passwd", "/proc/1/cwd",
            "\(tree.root)/link-outside.git", "\(tree.root)/link-dangling.git",
            "\(tree.root)/up/secret/secret.git", "\(tree.root)/up/secret/none.git",
        ] {
            let missing = "\(tree.root)/nothing.git"
            #expect(line(path).replacing(path, with: missing) == line(missing))
        }
    }

    @Test("says what is wrong with a working tree, a worktree's gitdir and a borrower")
    func wording() throws {
        let (tree, resolver) = try resolver()
        for (name, words) in [
            ("tree", "is a working tree"), ("tree/.git/worktrees/linked", "linked worktree"),
            ("borrow-outside.git", "an alternate"), ("empty.git", "no bare repository"),
            ("objects-outside.git", "its objects leads out"),
            ("pack-entry-outside.git", "its objects/pack/pack-"),
            ("ref-outside.git", "its refs/heads/loose leads out"),
            ("fifo-ref.git", "its refs/heads/x is no file"),
            ("fifo-linked.git", "its refs/heads/x is no file"),
            ("borrow-pack-entry.git", "an alternate/pack/pack-"),
            ("borrow-itself.git", "cannot be followed"),
        ] {
            let failure = #expect(throws: Failure.self) {
                try resolver.resolve("\(tree.root)/\(name)")
            }
            #expect(failure?.description.contains(words) == true, "\(name)")
        }
    }

    @Test("says that a path has an empty part where it has")
    func emptyParts() throws {
        let (tree, resolver) = try resolver()
        for path in ["\(tree.shop)/", "/\(tree.shop)", "\(tree.root)//shop.git"] {
            let failure = #expect(throws: Failure.self) { try resolver.resolve(path) }
            #expect(failure?.hint?.contains("without empty parts") == true)
        }
    }

    @Test("follows so many links to folders and no more")
    func manyLinks() throws {
        let (tree, resolver) = try resolver()
        try TestSupport.run(
            [
                "sh", "-ec",
                """
                mkdir many && cd many && mkdir $(seq 1001)
                for n in $(seq 1001); do ln -s ../../../many/$n ../shop.git/refs/heads/; done
                """,
            ], directory: tree.root
        ).check()
        let failure = #expect(throws: Failure.self) { try resolver.resolve(tree.shop) }
        #expect(failure?.message.contains("too many links") == true)
        try TestSupport.run(["sh", "-c", "rm \(tree.shop)/refs/heads/??"]).check()
        #expect(try resolver.resolve(tree.shop) == tree.shop)
    }

    @Test("holds two spellings of one letter apart, as the kernel does")
    func spellings() throws {
        let tree = try PodTree()
        // Equal to Swift, and of the same length: the angstrom sign, and A with a ring.
        let composed = "\(tree.path)/\u{212b}"
        let decomposed = "\(tree.path)/A\u{30a}"
        #expect(composed == decomposed)
        for folder in [composed, decomposed] {
            try TestSupport.run(["mkdir", folder]).check()
            try TestSupport.run(["cp", "-R", tree.shop, "\(folder)/shop.git"]).check()
        }
        let resolver = try RepositoryResolver(roots: [composed], repositories: [])
        #expect(try resolver.resolve("\(composed)/shop.git").utf8.count > 0)
        #expect(throws: Failure.self) { try resolver.resolve("\(decomposed)/shop.git") }
    }

    @Test("without roots serves any whole gitdir, and still no linked worktree's")
    func withoutRoots() throws {
        let tree = try PodTree()
        let resolver = try RepositoryResolver(roots: [], repositories: [])
        #expect(try resolver.resolve(tree.secret) == tree.secret)
        #expect(try resolver.resolve("\(tree.root)/borrow-outside.git").hasSuffix("outside.git"))
        for name in [
            "tree", "tree/.git/worktrees/linked", "fifo.git", "fifo-config.git", "fifo-ref.git",
            "no.git",
        ] {
            #expect(throws: Failure.self, "\(name)") {
                try resolver.resolve("\(tree.root)/\(name)")
            }
        }
    }

    @Test("of named repositories alone serves nothing beside them")
    func namedAlone() throws {
        let tree = try PodTree()
        let resolver = try RepositoryResolver(
            roots: [], repositories: [NamedRepository(parsing: "a=\(tree.shop)")])
        #expect(try resolver.resolve("a") == tree.shop)
        #expect(try resolver.resolve(tree.shop) == tree.shop)
        #expect(throws: Failure.self) { try resolver.resolve("\(tree.root)/café.git") }
        #expect(throws: Failure.self) { try resolver.resolve("\(tree.shop)/refs") }
    }

    @Test(
        "wants roots that are there, and names that are names",
        arguments: ["=/a", "a", "a=b", "-a=/b", ".a=/b", "a/b=/c", "a b=/c", "é=/c", "a\n=/b"])
    func configuration(_ text: String) {
        let failure = #expect(throws: Failure.self) { try NamedRepository(parsing: text) }
        #expect(failure?.kind == .configuration)
        let root = #expect(throws: Failure.self) {
            try RepositoryResolver(roots: ["/nonexistent/\(text)"], repositories: [])
        }
        #expect(root?.kind == .configuration)
    }
}

// bin/image: what it writes is an image that says what runs in it, the same one each time.

import Model
import POSIX
import TestSupport
import Testing

@Suite("bin/image")
struct ImageTests {
    /// A root folder and executables that nobody will run.
    private func parts() throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        try folder.folder("root/etc")
        try writeFile(folder.file("root/etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n")
        try writeFile(folder.file("root/etc/group"), "root:x:0:\nstaff:x:50:\n")
        try run(["tar", "-C", folder.file("root"), "-cf", folder.file("base.tar"), "."]).check()
        try folder.folder("products")
        for name in ["git-pod", "git-remote-pod"] {
            try writeFile(folder.file("products/\(name)"), "#!/bin/sh\n", mode: 0o755)
        }
        return folder
    }

    private func image(_ folder: TemporaryDirectory, _ arguments: [String]) throws -> Finished {
        let own = ["GIT_POD_PRODUCTS", "SOURCE_DATE_EPOCH"]
        return try run(
            ["\(packageFolder)/bin/image"] + arguments,
            environment: currentEnvironment().filter { !own.contains($0.name) } + [
                "GIT_POD_PRODUCTS=\(folder.file("products"))", "SOURCE_DATE_EPOCH=1767323045",
            ])
    }

    private func json(_ file: String) -> JSON? { JSON(parsing: Array(contents(file).utf8)) }

    @Test("writes an archive with the executables, a user of their own and no root")
    func archive() throws {
        let folder = try parts()
        let out = folder.file("out.tar")
        try image(
            folder, ["--base", folder.file("base.tar"), "--name", "a.example:5000/b/c:1.2", out]
        )
        .check()
        try run(["tar", "-xf", out, "-C", folder.folder("out")]).check()
        let manifest = json(folder.file("out/manifest.json"))
        let listed = try #require(manifest?.elements.first)
        #expect(listed["RepoTags"]?.elements.map(\.string) == ["a.example:5000/b/c:1.2"])
        let file = try #require(listed["Config"]?.string)
        let config = try #require(json(folder.file("out/\(file)")))
        #expect(config["config"]?["User"]?.string == "10001:10001")
        #expect(config["created"]?.string == "2026-01-02T03:04:05Z")
        let layers = (listed["Layers"]?.elements ?? []).compactMap(\.string)
        #expect(layers.count == 2)
        for (layer, id) in zip(layers, config["rootfs"]?["diff_ids"]?.elements ?? []) {
            let digest = try run(["sha256sum", folder.file("out/\(layer)")]).check().output
            #expect(id.string == "sha256:\(digest.prefix(64))")
        }
        let last = folder.file("out/\(layers[1])")
        let listing = try run(["tar", "-tvf", last]).check().lines
        #expect(
            listing.contains { $0.hasPrefix("-rwxr-xr-x 0/0") && $0.hasSuffix(" usr/bin/git-pod") })
        #expect(listing.contains { $0.hasSuffix(" usr/bin/git-remote-pod") })
        #expect(
            listing.contains { $0.hasPrefix("drwxrwsr-x 10001/10001") && $0.hasSuffix(" data/") })
        let users = try run(["tar", "-xOf", last, "etc/passwd"]).check().lines
        #expect(
            users == [
                "root:x:0:0:root:/root:/bin/sh", "git-pod:x:10001:10001::/var/lib/git-pod:/bin/sh",
            ])
        #expect(try run(["tar", "-xOf", last, "etc/group"]).check().lines.contains("staff:x:50:"))
    }

    @Test("writes the same bytes each time")
    func same() throws {
        let folder = try parts()
        for name in ["one", "two"] {
            try image(folder, ["--base", folder.file("base.tar"), folder.file(name)]).check()
        }
        #expect(try run(["cmp", folder.file("one"), folder.file("two")]).succeeded)
    }

    @Test(
        "says what is wrong in one line, and leaves nothing behind",
        arguments: [
            ([], "say which file to write"), (["--frech", "out"], "no such option: --frech"),
            (["--base"], "--base needs"),
            (["--base", "/no/such.tar", "out"], "cannot read /no/such.tar"),
            (["/no/folder/out"], "no folder /no/folder"), (["a", "b"], "what is b?"),
            (["--name", "Not A Name", "out"], "cannot be an image's name"),
        ] as [([String], String)])
    func wrong(arguments: [String], words: String) throws {
        let folder = try parts()
        let made = try image(folder, arguments)
        #expect(made.status == .exited(2))
        #expect(made.errors.contains(words), "\(made.errors)")
        #expect(made.errors.split(separator: "\n").count == 1)
    }
}

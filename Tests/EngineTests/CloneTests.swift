// A new gitdir: whole and in place, or nothing at all.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A clone comes into place when it is whole")
struct CloneTests {
    /// Runs `git pod clone` from the scene's origin.
    private func clone(_ scene: Scene, into path: String, _ flags: [String] = []) throws -> Answer {
        try scene.answer(
            ["clone", scene.origin.url, path, "--json"] + scene.accessWithoutOrigin + flags)
    }

    @Test(
        "beside its place, or inside a folder that is there", arguments: TestOrigin.Kind.allCases,
        [false, true])
    func cloned(kind: TestOrigin.Kind, isThere: Bool) throws {
        let scene = try Scene(kind)
        let path = scene.origin.pod.folder.file("new/clone.git")
        try scene.origin.pod.folder.folder(isThere ? "new/clone.git" : "new")
        let answer = try clone(scene, into: path, ["--branch", "main"])
        #expect(answer.code == .done, "\(answer.errors)")
        let tip = try #require(try scene.origin.tip())
        #expect(answer.json["commit"]?.string == tip)
        for ref in ["refs/heads/main", "refs/remotes/origin/main", "refs/pod/seen/main"] {
            #expect(try scene.tip(ref, in: path) == tip, "\(ref)")
        }
        #expect(try scene.home.git("symbolic-ref", "HEAD", at: path) == "refs/heads/main")
        #expect(try scene.home.git("config", "core.bare", at: path) == "true")
        #expect(try scene.home.git("config", "remote.origin.url", at: path) == scene.origin.url)
        try scene.home.git("fsck", "--full", "--strict", at: path)
        let left = (directoryEntries(path.parentFolder) ?? []) + (directoryEntries(path) ?? [])
        #expect(!left.contains { $0.contains("git-pod-clone") }, "\(left)")
        let next = try scene.answer(
            ["reconcile", "--repo", path, "--json"] + scene.accessWithoutOrigin)
        #expect(next.outcome == "in-sync", "\(next.errors)")
    }

    @Test(
        "takes the branch that origin's HEAD stands on, if none is asked for",
        arguments: TestOrigin.Kind.allCases)
    func defaultBranch(kind: TestOrigin.Kind) throws {
        let scene = try Scene(kind)
        try scene.home.git("branch", "-m", "main", "trunk", at: scene.origin.path)
        try scene.home.git("symbolic-ref", "HEAD", "refs/heads/trunk", at: scene.origin.path)
        let path = scene.origin.pod.folder.file("clone.git")
        let answer = try clone(scene, into: path)
        #expect(answer.json["branch"]?.string == "trunk", "\(answer.errors)")
        #expect(try scene.home.git("symbolic-ref", "HEAD", at: path) == "refs/heads/trunk")
    }

    @Test("refuses a folder that holds anything else, and leaves it as it was")
    func refused() throws {
        let scene = try Scene()
        let folder = try scene.origin.pod.folder.folder("full")
        try writeFile("\(folder)/letter", "dear")
        let answer = try clone(scene, into: folder)
        #expect(answer.code == .configuration)
        #expect(answer.errors.contains("letter"))
        #expect(directoryEntries(folder) == ["letter"])
        let again = try clone(scene, into: scene.gitdir)
        #expect(again.code == .configuration)
        #expect(again.errors.contains("holds a repository already"))
    }

    @Test(
        "does not take another's folder for what a killed clone has left", arguments: [true, false])
    func linked(isInside: Bool) throws {
        let scene = try Scene()
        let precious = try scene.origin.pod.folder.folder("precious")
        try writeFile("\(precious)/file", "precious")
        let parent = try scene.origin.pod.folder.folder("volume")
        let link = isInside ? "\(parent)/.git-pod-clone" : "\(parent)/.pod.git.git-pod-clone"
        try run(["ln", "-s", precious, link]).check()
        let answer = try scene.answer([
            "clone", scene.origin.path, isInside ? parent : "\(parent)/pod.git", "--branch", "main",
        ])
        #expect(answer.code == .configuration, "\(answer)")
        #expect(answer.errors.contains("is not a folder that we have made"), "\(answer.errors)")
        #expect(directoryEntries(precious) == ["file"])
        #expect(!exists("\(parent)/pod.git"))
    }

    @Test("goes into the folder that a link leads to, and is found through that")
    func throughLink() throws {
        let scene = try Scene()
        let folder = try scene.origin.pod.folder.folder("volume")
        let link = scene.origin.pod.folder.file("link")
        try makeLink(to: folder, at: link)
        #expect(try clone(scene, into: link).code == .done)
        #expect(try scene.tip(in: folder) == scene.origin.tip())
        #expect(try scene.answer(["status", "--repo", link]).code == .done)
    }

    @Test("that was killed behind its last move leaves nothing that stays")
    func lastMove() throws {
        let scene = try Scene.inSync()
        let left = "\(scene.gitdir)/.git-pod-clone"
        try run(["mkdir", left]).check()
        try writeFile("\(left)/git-pod-clone-complete", "\(scene.origin.path)\nmain\n")
        try writeFile("\(left)/git-pod.lock", "")
        #expect(try scene.reconcile().code == .done)
        #expect(!exists(left))
    }

    @Test("has a config that its owner alone may write, whatever the umask is")
    func umask() throws {
        let scene = try Scene()
        let parent = try scene.origin.pod.folder.folder("place")
        try run(
            [
                "sh", "-c", "umask 002; exec \"$0\" clone \"$1\" \"$2\"", Products.path("git-pod"),
                scene.origin.path, "\(parent)/clone.git",
            ], environment: scene.home.environment()
        ).check()
        let modes = try run(
            ["stat", "-c", "%a", "\(parent)/clone.git/config", "\(parent)/clone.git/HEAD"]
        ).check().output
        #expect(modes == "644\n664")
    }

    @Test("leaves nothing where it failed", arguments: [false, true])
    func failed(isThere: Bool) throws {
        let scene = try Scene()
        let parent = try scene.origin.pod.folder.folder("place")
        if isThere { try scene.origin.pod.folder.folder("place/clone.git") }
        let lacking = try clone(scene, into: "\(parent)/clone.git", ["--branch", "nowhere"])
        #expect(lacking.code == .failed)
        #expect(lacking.errors.contains("has no branch nowhere"))
        try scene.origin.vanish()
        let gone = try clone(scene, into: "\(parent)/clone.git", ["--branch", "main"])
        #expect(gone.code == .unreachable, "\(gone.errors)")
        #expect(directoryEntries(parent) == (isThere ? ["clone.git"] : []))
        #expect((directoryEntries("\(parent)/clone.git") ?? []).isEmpty)
    }

    @Test("begins anew behind one that was killed, and finishes a move that was cut off")
    func leftovers() throws {
        let scene = try Scene()
        let folder = scene.origin.pod.folder
        let path = try folder.folder("volume")
        try folder.folder("volume/.git-pod-clone/objects")
        try writeFile("\(path)/.git-pod-clone/HEAD", "half")
        #expect(try clone(scene, into: path).code == .done)
        try scene.home.git("fsck", "--full", at: path)
        // As if it had been killed when all but config and HEAD were moved.
        try folder.folder("volume/.git-pod-clone")
        for piece in ["config", "HEAD"] {
            try rename("\(path)/\(piece)", to: "\(path)/.git-pod-clone/\(piece)")
        }
        try writeFile(
            "\(path)/.git-pod-clone/git-pod-clone-complete", "\(scene.origin.path)\nmain\n")
        try scene.origin.vanish()
        for other in [[scene.gitdir, path], [scene.origin.path, path, "--branch", "other"]] {
            let refused = try scene.answer(["clone"] + other + ["--json"])
            #expect(refused.code == .configuration)
            #expect(refused.error.contains("half-moved clone of branch \"main\""))
            #expect(refused.error.contains(scene.origin.path))
            #expect(!exists("\(path)/HEAD") && exists("\(path)/.git-pod-clone/HEAD"))
        }
        let answer = try clone(scene, into: path)
        #expect(answer.code == .done, "\(answer.errors)")
        try scene.home.git("fsck", "--full", at: path)
        #expect(!exists("\(path)/.git-pod-clone"))
    }

    @Test("that was killed while it moved in place is finished, and never as another's")
    func killedInPlace() throws {
        let scene = try Scene()
        let other = scene.origin.pod.folder.file("other.git")
        try scene.home.git("clone", "-q", "--bare", scene.origin.path, other)
        try scene.commit("other.txt", "other", to: other)
        let path = try scene.origin.pod.folder.folder("volume")
        let killed = try run(
            [
                "strace", "-qq", "-o", "/dev/null", "-P", "\(path)/.git-pod-clone",
                "-e", "trace=renameat", "-e", "inject=renameat:signal=SIGKILL:when=2",
                Products.path("git-pod"), "clone", scene.origin.path, path,
            ], environment: scene.home.environment())
        #expect(!killed.succeeded)
        #expect(exists("\(path)/.git-pod-clone/git-pod-clone-complete"))
        let refused = try scene.answer(["clone", other, path, "--json"])
        #expect(refused.code == .configuration, "\(refused.errors)")
        #expect(try clone(scene, into: path).code == .done)
        #expect(try scene.tip(in: path) == scene.origin.tip())
        #expect(try scene.home.git("config", "remote.origin.url", at: path) == scene.origin.path)
    }

    @Test("of an origin without a commit is one that the first push fills")
    func empty() throws {
        let scene = try Scene()
        let origin = scene.origin.pod.folder.file("empty.git")
        let path = scene.origin.pod.folder.file("clone.git")
        try scene.home.git("init", "-q", "--bare", origin)
        let answer = try scene.answer(["clone", origin, path, "--json", "--branch", "main"])
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(answer.json["commit"] == .null)
        let tip = try scene.commit("first.txt", "first", to: path)
        #expect(try scene.answer(["push", "--repo", path, "--json"]).code == .done)
        #expect(try scene.tip("refs/heads/main", in: origin) == tip)
    }

    @Test("wants three times the expected size, and says what there is")
    func room() throws {
        let scene = try Scene()
        let path = scene.origin.pod.folder.file("clone.git")
        for size in ["900T", "\(Int64.max)"] {
            let answer = try clone(scene, into: path, ["--expected-size", size])
            #expect(answer.error.contains("disk-full"), "\(size)")
        }
        let answer = try clone(scene, into: path, ["--expected-size", "900T"])
        #expect(answer.code == .failed)
        #expect(answer.errors.contains("disk-full"))
        #expect(!exists(path))
    }

    @Test("shows progress, as JSON where that is asked for")
    func progress() throws {
        let scene = try Scene()
        let path = scene.origin.pod.folder.file("clone.git")
        let answer = try clone(scene, into: path, ["--progress"])
        #expect(answer.code == .done)
        let lines = answer.errors.split(separator: "\n").compactMap {
            JSON(parsing: Array($0.utf8))
        }
        #expect(lines.contains { $0["phase"]?.string == "receiving" })
    }
}

@Suite(
    "A clone on a small volume",
    .enabled(if: currentUser() == 0, "only root can mount a volume"))
struct SmallVolumeTests {
    private func cloneBulk(
        _ scene: Scene, into volume: SmallVolume, megabytes: Int, minFree: String
    ) throws -> Answer {
        try scene.origin.pod.addBulk(megabytes: megabytes, to: scene.origin.path)
        return try scene.answer([
            "clone", scene.origin.path, volume.path, "--branch", "bulk", "--min-free", minFree,
            "--json",
        ])
    }

    @Test("stops before the volume is full, and leaves it empty")
    func full() throws {
        let scene = try Scene()
        let volume = try SmallVolume("24m")
        let answer = try cloneBulk(scene, into: volume, megabytes: 40, minFree: "4M")
        #expect(answer.code == .failed)
        #expect(
            answer.errors.contains("disk-full") || answer.errors.contains("No space left"),
            "\(answer.errors)")
        #expect(answer.errors.split(separator: "\n").count == 1, "\(answer.errors)")
        #expect((directoryEntries(volume.path) ?? ["?"]).isEmpty)
    }

    @Test("leaves free what it was told to, however quickly it came")
    func keepsFree() throws {
        let scene = try Scene()
        let volume = try SmallVolume("24m")
        let answer = try cloneBulk(scene, into: volume, megabytes: 8, minFree: "18M")
        #expect(answer.code == .failed, "\(answer.errors)")
        #expect(answer.errors.contains("18 MiB must be"), "\(answer.errors)")
        #expect((directoryEntries(volume.path) ?? ["?"]).isEmpty)
    }

    @Test("comes into place at the volume's root, which cannot be renamed")
    func mountPoint() throws {
        let scene = try Scene()
        let volume = try SmallVolume("64m")
        let answer = try scene.answer([
            "clone", scene.origin.path, volume.path, "--min-free", "8M", "--json",
        ])
        #expect(answer.code == .done, "\(answer.errors)")
        try scene.home.git("fsck", "--full", at: volume.path)
    }

    @Test(
        "a reconcile on a full volume moves nothing and says what to do",
        arguments: TestOrigin.Kind.allCases)
    func reconcile(kind: TestOrigin.Kind) throws {
        let scene = try Scene.inSync(kind)
        let volume = try SmallVolume("8m")
        let gitdir = "\(volume.path)/r.git"
        try run(["cp", "-a", scene.gitdir, gitdir]).check()
        try scene.commit("ours.txt", "ours", to: gitdir)
        try scene.commitToOrigin("theirs.txt", "theirs")
        try volume.fill()
        let before = try scene.refs("refs/", in: gitdir)
        let command =
            ["reconcile", "--repo", gitdir, "--origin", scene.origin.url, "--json"]
            + scene.accessWithoutOrigin
        let answer = try scene.answer(command)
        #expect(answer.code == .failed, "\(answer.errors)")
        #expect(answer.outcome == "failed")
        #expect(answer.errors.contains("space"), "\(answer.errors)")
        #expect(try scene.refs("refs/", in: gitdir) == before)
        try volume.empty()
        let next = try scene.answer(command)
        #expect(next.outcome == "rebased", "\(next.errors)")
        try scene.home.git("fsck", "--full", at: gitdir)
    }
}

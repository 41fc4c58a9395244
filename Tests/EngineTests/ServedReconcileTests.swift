// A service whose branch was reconciled under it goes on with what the reconcile has left.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A service after a reconcile")
struct ServedReconcileTests {
    @Test(
        "sends the commits that are made on the replayed ones, which lie in a pack that is new to it"
    )
    func goesOn() throws {
        let scene = try Scene.inSync()
        let service = try RunningCommand(
            [
                Products.path("git-pod"), "serve", "--repo", scene.gitdir, "--origin",
                scene.origin.url, "--drain-quiet", "10ms",
            ] + scene.origin.flags, environment: scene.home.environment())
        #expect(try service.readErrors(until: " reconcile: in-sync"))
        try scene.commit("ours.txt", "first\n")
        #expect(try flush(scene).code == .done)
        try scene.commitToOrigin("theirs.txt", "theirs\n")
        let replaced = try scene.commit("ours.txt", "second\n")
        #expect(try scene.answer(["reconcile", "--repo", scene.gitdir]).code == .done)
        let next = try scene.commit("ours.txt", "third\n")
        let answer = try flush(scene)
        #expect(answer.code == .done, "\(answer.errors)")
        #expect(answer.json["durableCommit"]?.string == next)
        #expect(try scene.origin.tip() == next)
        #expect(next != replaced)
        service.child.signal(Signals.terminate)
        #expect(try service.finish().succeeded)
    }

    private func flush(_ scene: Scene) throws -> Answer {
        try scene.answer(["flush", "--repo", scene.gitdir, "--timeout", "20s", "--json"])
    }

    @Test("is not asked for what it would do otherwise than the verb is told")
    func otherSettings() throws {
        let scene = try Scene.inSync()
        let engine = try Serving(scene)
        try engine.begin()
        for (verb, flag, value) in [
            ("reconcile", "--on-divergence", "stop"), ("reconcile", "--on-rewrite", "stop"),
            ("push", "--origin", "/nonexistent"), ("flush", "--origin", "/nonexistent"),
        ] {
            let answer = try scene.answer([verb, "--repo", scene.gitdir, flag, value])
            #expect(answer.code == .configuration, "\(verb) \(flag): \(answer)")
            #expect(answer.errors.contains("the engine that runs for"), "\(answer.errors)")
        }
        let other = try scene.answer(
            ["reconcile", "--repo", scene.gitdir], environment: ["GIT_POD_ON_DIVERGENCE": "stop"])
        #expect(other.code == .configuration, "\(other)")
        // The same is no contradiction.
        let same = try scene.answer([
            "reconcile", "--repo", scene.gitdir, "--origin", scene.origin.url, "--on-divergence",
            "rebase",
        ])
        #expect(same.code == .done, "\(same)")
        #expect(engine.stop() == .exited(0), "\(engine.words)")
    }

    @Test(
        "is believed only if it is root's or ours",
        .enabled(if: currentUser() == 0, "only root can be somebody else, too"))
    func otherUser() throws {
        let scene = try Scene.inSync()
        let tip = try scene.commit("ours.txt", "ours")
        let script = """
            $SIG{PIPE} = "IGNORE"; chdir $ARGV[0]; POSIX::setuid(65534);
            $s = IO::Socket::UNIX->new(Local => "git-pod.sock", Listen => 9) or die;
            while ($c = $s->accept) {
                sysread $c, $_, 9999;
                $b = '{"exitCode":0,"result":{"durable":true},"text":"origin has it"}';
                print $c "HTTP/1.1 200 OK\r\nContent-Length: " . length($b) . "\r\n\r\n$b"; close $c }
            """
        try run(["chmod", "777", scene.gitdir]).check()
        let liar = try RunningCommand(
            [
                "perl", "-MPOSIX", "-MIO::Socket::UNIX", "-e", script, scene.gitdir,
            ])
        #expect(eventually { exists("\(scene.gitdir)/git-pod.sock") })
        for verb in ["push", "flush", "reconcile", "status"] {
            let answer = try scene.answer([verb, "--repo", scene.gitdir])
            #expect(answer.code == .refused, "\(verb): \(answer)")
            #expect(answer.errors.contains("user 65534, who is not believed"), "\(answer.errors)")
        }
        #expect(try scene.tip() == tip)
        withExtendedLifetime(liar) {}
    }
}

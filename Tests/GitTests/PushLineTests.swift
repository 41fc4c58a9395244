// Pushes over a connection that is kept, in good times.

import Model
import POSIX
import TestSupport
import Testing
import Transport

@testable import Git

@Suite("A line of pushes")
struct PushLineTests {
    static let kinds = [TestOrigin.Kind.path, .ssh]

    @Test("brings one commit after another, over one connection", arguments: kinds)
    func row(kind: TestOrigin.Kind) throws {
        let line = try LineAtWork(kind)
        try line.warm()
        for _ in 0..<8 {
            try line.commitAndPush()
            try line.warm()
        }
        for _ in 0..<3 {
            try line.settle()
            try line.commitAndPush()
        }
        line.line.close()
        #expect(kind == .path || line.work.logins == 1)
        #expect(eventually { line.receivers.isEmpty })
    }

    @Test("needs no warming", arguments: kinds)
    func cold(kind: TestOrigin.Kind) throws {
        let line = try LineAtWork(kind)
        for _ in 0..<3 { try line.commitAndPush() }
        #expect(kind == .path || line.work.logins == 1)
    }

    @Test("goes over ssh children where these are wanted")
    func children() throws {
        let line = try LineAtWork(.ssh) { $0.settings.sshBackend = .openssh }
        for _ in 0..<3 {
            try line.settle()
            try line.commitAndPush()
        }
        line.line.close()
        #expect(eventually { line.receivers.isEmpty })
    }

    @Test(
        "waits one round trip for a push, also right after another one", arguments: [true, false])
    func roundTrips(settles: Bool) throws {
        let oneWay = Duration.milliseconds(100)
        func median(_ lag: Duration) throws -> Duration {
            let line = try LineAtWork(.ssh)
            let proxy = try LagProxy(to: try #require(line.there.server).port, oneWay: lag)
            line.work.settings.url = try OriginURL(line.there.url(port: proxy.port))
            line.work.settings.hostKeyCheck = .acceptNew
            try line.renew()
            var tips = [try #require(try line.work.theirs())]
            for _ in 0..<12 {
                try line.commit()
                tips.append(try line.work.ahead().new)
            }
            try line.work.repository.refreshObjects()
            try line.settle()
            var times: [Duration] = []
            for (old, new) in zip(tips, tips.dropFirst()) {
                if settles { try line.settle() }
                let update = RefUpdate(OriginAtWork.main, from: old, to: new)
                let start = monotonicNanoseconds()
                #expect(try line.origin.push([update], over: line.line).values.first == .done)
                times.append(.nanoseconds(monotonicNanoseconds() - start))
            }
            try line.expectDurable()
            return times.sorted()[times.count / 2]
        }
        let problem = try withMoreTime { _ in
            let trips = (try median(oneWay) - median(.zero)) / (oneWay * 2)
            return trips < 1.2 ? nil : "\(trips) round trips"
        }
        #expect(problem == nil)
    }

    @Test("is kept to one service at a time where sshd allows no more")
    func oneSession() throws {
        let line = try LineAtWork(.ssh, sshd: ["MaxSessions 1"])
        for _ in 0..<5 {
            try line.warm()
            try line.commitAndPush()
        }
    }

    @Test("moves several refs, new ones too, whatever it was warmed for", arguments: kinds)
    func severalRefs(kind: TestOrigin.Kind) throws {
        let line = try LineAtWork(kind)
        let gitdir = line.work.pod.gitdir
        let names = ["refs/heads/a", "refs/heads/b"].compactMap { RefName($0) }
        for round in 0..<4 {
            try line.warm()
            if round > 1 { try line.settle() }
            var updates: [RefUpdate] = []
            for name in names {
                let branch = try #require(name.branch)
                try line.work.pod.commit(to: gitdir, branch, ["Round \(round)"], from: "main")
                let new = try #require(try line.work.own(name.description))
                updates.append(
                    RefUpdate(name, from: try line.work.theirs(name.description), to: new))
            }
            let results = try line.origin.push(updates, over: line.line)
            #expect(results == [names[0]: .done, names[1]: .done])
            try line.commitAndPush()
        }
    }

    @Test(
        "is not held up by a hook that runs after the push, and does not end it", arguments: kinds)
    func slowHook(kind: TestOrigin.Kind) throws {
        let line = try LineAtWork(kind)
        let hook = "\(line.there.path)/hooks/post-receive"
        let (go, done) = ("\(line.there.path)/go", "\(line.there.path)/done")
        let script = """
            #!/bin/sh
            read -r _ new _
            while ! test -e \(go); do sleep 0.05; done
            echo "mail sent for $new" >&2
            echo $new >>\(done)

            """
        try writeFile(hook, script, mode: 0o755)
        var pushed: Set<String> = []
        for _ in 0..<14 {
            try line.warm()
            try line.commitAndPush()
            pushed.insert(try #require(try line.work.own()?.description))
        }
        #expect(contents(done).isEmpty)
        try writeFile(go, "")
        let ran = try eventually {
            try line.line.attend()
            return Set(contents(done).split(separator: "\n").map(String.init)) == pushed
        }
        #expect(ran, "\(contents(done))")
    }

    @Test("costs the same after many pushes", arguments: kinds)
    func many(kind: TestOrigin.Kind) throws {
        let line = try LineAtWork(kind)
        var descriptors = 0
        for round in 0..<200 {
            try line.warm()
            if round % 20 == 0 { try line.settle() }
            try line.commit()
            #expect(try line.push() == .done)
            if round == 9 { descriptors = directoryEntries("/proc/self/fd")?.count ?? 0 }
        }
        try line.expectDurable()
        try line.settle()
        // Other tests open files meanwhile, and far fewer than this would leak.
        #expect((directoryEntries("/proc/self/fd")?.count ?? 0) < descriptors + 100)
        #expect(eventually { line.receivers.count <= 3 && line.work.sessions.count <= 1 })
        #expect(kind == .path || line.work.logins == 1)
        #expect(eventually { Processes.zombies().count < 50 })
    }

    @Test("takes the pack of a large push from git", arguments: kinds)
    func large(kind: TestOrigin.Kind) throws {
        let line = try LineAtWork(kind)
        try line.settle()
        try line.commit(bytes: 20 << 20)
        #expect(try line.push() == .done)
        try line.expectDurable()
        var stream = "commit refs/heads/main\ncommitter Pod <pod@example.com> 1 +0000\ndata 1\nc\n"
        stream += "from refs/heads/main^0\n"
        for file in 0..<10_000 {
            let text = "file \(file)"
            stream += "M 100644 inline \(file % 100)/\(file)\ndata \(text.utf8.count)\n\(text)\n"
        }
        try line.work.pod.load(stream, into: line.work.pod.gitdir)
        #expect(try line.push() == .done)
        try line.expectDurable()
        try line.commitAndPush()
        #expect(kind == .path || line.work.logins == 1)
        #expect(try line.work.pod.home.attempt(["fsck"], at: line.there.path).succeeded)
    }
}

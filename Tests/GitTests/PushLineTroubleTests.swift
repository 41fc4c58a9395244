// Pushes over a connection that is kept, when something goes wrong with it or at its other end.

import Git
import Model
import POSIX
import TestSupport
import Testing

@Suite("A line of pushes in trouble")
struct PushLineTroubleTests {
    typealias Kind = TestOrigin.Kind

    private func failure(_ body: () throws -> Void) throws -> OriginFailure {
        let failure = try #require(throws: OriginFailure.self, performing: body)
        #expect(!failure.message.contains("\n"))
        return failure
    }

    @Test("goes over a new connection when the old one was cut", arguments: [true, false])
    func cutBetween(wasWarm: Bool) throws {
        let line = try LineAtWork(.ssh)
        for _ in 0..<3 {
            if wasWarm { try line.settle() } else { try line.commitAndPush() }
            line.work.sessions.forEach(Processes.end)
            #expect(eventually { line.work.sessions.isEmpty })
            try line.commitAndPush()
        }
    }

    @Test("goes on when what was kept ready was ended over there", arguments: PushLineTests.kinds)
    func endedSpare(kind: Kind) throws {
        let line = try LineAtWork(kind)
        for _ in 0..<3 {
            try line.settle()
            line.receivers.forEach(Processes.end)
            #expect(eventually { line.receivers.isEmpty })
            try line.commitAndPush()
        }
    }

    @Test("fails when it is cut within a pack, and then goes on", arguments: [true, false])
    func cutWithin(wasWarm: Bool) throws {
        let line = try LineAtWork(.ssh)
        let server = try #require(line.there.server)
        let cut = LagProxy.Faults(cutUp: 400_000)
        let port: UInt16
        do {
            let proxy = try LagProxy(to: server.port, faults: cut)
            port = proxy.port
            line.work.settings.url = try OriginURL(line.there.url(port: port))
            line.work.settings.hostKeyCheck = .acceptNew
            try line.renew()
            if wasWarm { try line.settle() }
            try line.commit(bytes: 3 << 20)
            let failure = try failure { try line.push() }
            #expect(failure.reason == .unreachable, "\(failure)")
            // The second connection was for another try.
            #expect(proxy.traffic.connections == (wasWarm ? 2 : 1))
        }
        let proxy = try LagProxy(to: server.port, port: port)
        #expect(try line.push() == .done)
        try line.expectDurable()
        try line.commitAndPush()
        #expect(proxy.traffic.connections == 1)
    }

    @Test("finds what origin took before the connection was cut", arguments: PushLineTests.kinds)
    func cutBeforeReport(kind: Kind) throws {
        let line = try LineAtWork(kind)
        let armed = "\(line.there.path)/armed"
        let victim = kind == .ssh ? "sshd*" : "git*"
        let script = """
            #!/bin/sh
            [ "$1" = committed ] || exit 0
            rm \(armed) 2>/dev/null || exit 0
            process=$PPID
            while name=$(cat /proc/$process/comm); do
              case $name in \(victim)) kill -9 $process; exit ;; esac
              process=$(awk '{ print $4 }' /proc/$process/stat)
            done

            """
        try writeFile("\(line.there.path)/hooks/reference-transaction", script, mode: 0o755)
        for _ in 0..<3 {
            try line.settle()
            try writeFile(armed, "")
            try line.commitAndPush()
            #expect(contents(armed).isEmpty && !exists(armed))
        }
    }

    @Test(
        "clobbers nothing that somebody else has pushed meanwhile", arguments: PushLineTests.kinds)
    func moved(kind: Kind) throws {
        let line = try LineAtWork(kind)
        let before = try #require(try line.work.theirs())
        try line.settle()
        try line.work.pod.commit(to: line.there.path, "main", ["Somebody else's"])
        let theirs = try line.work.theirs()
        for _ in 0..<2 {
            let update = RefUpdate(
                OriginAtWork.main, from: before, to: try #require(try line.work.own()))
            let result = try line.origin.push([update], over: line.line)[OriginAtWork.main]
            guard case .refused(.nonFastForward, _) = result else {
                Issue.record("\(String(describing: result))")
                return
            }
            #expect(try line.work.theirs() == theirs)
            try line.settle()
        }
    }

    @Test("tells a hook's refusal by its words, and goes on", arguments: PushLineTests.kinds)
    func hook(kind: Kind) throws {
        let line = try LineAtWork(kind)
        for hook in ["pre-receive", "update"] {
            try line.settle()
            try line.there.refuse("not on a Friday", hook: hook)
            try line.commit()
            guard case .refused(.rejected, let text) = try line.push() else {
                Issue.record("not rejected")
                return
            }
            #expect(text.contains("not on a Friday"), "\(text)")
            try run(["rm", "\(line.there.path)/hooks/\(hook)"]).check()
            #expect(try line.push() == .done)
            try line.expectDurable()
        }
        #expect(kind == .path || line.work.logins == 1)
    }

    @Test("gives up an origin that is frozen, in time")
    func frozen() throws {
        let line = try LineAtWork(.ssh) { $0.settings.idleTimeout = .seconds(1) }
        try line.settle()
        try line.commit()
        let stopped = line.work.sessions
        for process in stopped { try run(["kill", "-STOP", "\(process)"]).check() }
        let start = monotonicNanoseconds()
        let failure = try failure { try line.push() }
        let took = Duration.nanoseconds(monotonicNanoseconds() - start)
        for process in stopped { try run(["kill", "-CONT", "\(process)"]).check() }
        #expect(failure.reason == .timeout, "\(failure)")
        #expect(took < longEnough)
        let pushed = try withMoreTime { time in
            line.work.settings.idleTimeout = time
            try line.renew()
            return try line.push() == .done ? nil : "not pushed"
        }
        #expect(pushed == nil)
        try line.expectDurable()
    }

    @Test("can be called off", arguments: PushLineTests.kinds)
    func cancelled(kind: Kind) throws {
        let isOff = Locked(false)
        let line = try LineAtWork(kind) { $0.settings.isCancelled = { isOff.with { $0 } } }
        let hook = "\(line.there.path)/hooks/pre-receive"
        try writeFile(
            hook, "#!/bin/sh\nwhile test -e hooks/pre-receive; do sleep 0.1; done\n", mode: 0o755)
        try line.settle()
        try line.commit()
        isOff.with { $0 = true }
        let failure = try failure { try line.push() }
        #expect(failure.message.contains("called off"), "\(failure)")
        isOff.with { $0 = false }
        try run(["rm", hook]).check()
        // The hook that was left alone may yet let the push go on.
        let isThere = try eventually {
            if case .done = try line.push() { return true }
            return false
        }
        #expect(isThere)
        try line.expectDurable()
    }

    @Test("gives an origin up that only complains, and never ends", arguments: [true, false])
    func complaints(beforeAll: Bool) throws {
        let line = try LineAtWork(.ssh) { work in
            work.settings.idleTimeout = .seconds(1)
            work.settings.connectTimeout = .seconds(16)
            work.settings.operationTimeout = .seconds(60)
        }
        try line.commit()
        let tip = try #require(try line.work.theirs())
        let advertisement = "printf '004a\(tip) refs/heads/main\\0report-status0000'"
        let words = beforeAll ? "" : "\(advertisement); head -c 300 >/dev/null; "
        try writeFile(
            line.there.pod.folder.file("deploy"),
            "#!/bin/sh\n\(words)exec cat /dev/zero >&2\n", mode: 0o755)
        let failure = try failure { try line.push() }
        #expect(failure.reason == .timeout, "\(failure)")
    }
}

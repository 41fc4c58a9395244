// What systemd is told of an engine, on a socket as systemd's own: sd_notify(3).

import EngineCore
import Model
import POSIX
import TestSupport
import Testing

@testable import Engine

@Suite("A service manager")
struct SupervisorTests {
    private func engine(
        _ scene: Scene, _ manager: NotifyListener, _ variables: [String: String] = [:],
        flags: [String] = [], access: [String]? = nil
    ) throws -> Serving {
        let all = variables.merging(["NOTIFY_SOCKET": manager.address]) { $1 }
        return try Serving(scene, flags: flags, access: access, environment: all)
    }

    private func made(_ variables: [String: String], process: Int32 = 1) -> Supervisor? {
        let environment = Environment(variables, accountHome: "/", accountName: "nobody")
        return Supervisor(environment: environment, process: process) { _ in }
    }

    @Test(
        "is told when the engine listens, how it stands, and that it ends",
        arguments: [false, true])
    func told(isAbstract: Bool) throws {
        let scene = try Scene.inSync()
        let manager = try NotifyListener(isAbstract: isAbstract)
        let engine = try engine(scene, manager)
        #expect(manager.hears("READY=1"))
        #expect(fileStatus("\(scene.gitdir)/git-pod.sock")?.kind == .socket)
        #expect(manager.hears("STATUS=1 branch: in-sync"))
        manager.forget()
        _ = try engine.loseOrigin()
        #expect(manager.hears("STATUS=1 branch: waiting; origin u"), "\(manager.told)")
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        #expect(engine.stop() == .exited(0))
        #expect(manager.hears("STOPPING=1"))
        #expect(manager.told.allSatisfy { !$0.contains("WATCHDOG") && !$0.contains("\n") })
        #expect(manager.told.count { $0 == "READY=1" } == 0)
    }

    @Test("of an engine on an empty volume is told that it listens before there is a repository")
    func boot() throws {
        let scene = try Scene()
        try scene.origin.vanish()
        let manager = try NotifyListener()
        let path = scene.origin.pod.folder.file("boot.git")
        let engine = try engine(
            scene, manager, ["WATCHDOG_USEC": "100000"],
            flags: ["--repo", path, "--clone-retry-cap", "100ms"])
        #expect(manager.hears("READY=1"))
        #expect(manager.hears("STATUS=clone-failed: "))
        #expect(manager.hears("WATCHDOG=1"))
        manager.forget()
        engine.signal(Signals.hangUp)
        #expect(manager.hears("RELOADING=1"))
        #expect(manager.hears("READY=1"))
        try rename("\(scene.origin.path).gone", to: scene.origin.path)
        #expect(manager.hears("STATUS=1 branch: in-sync"))
        #expect(engine.stop() == .exited(0))
        #expect(manager.hears("STOPPING=1"))
    }

    @Test("is told of a reload, when it began, and that it is over")
    func reload() throws {
        let manager = try NotifyListener()
        let engine = try engine(Scene.inSync(), manager)
        #expect(manager.hears("STATUS=1 branch: in-sync"))
        manager.forget()
        let before = monotonicNanoseconds() / 1000
        engine.signal(Signals.hangUp)
        #expect(manager.hears("READY=1"))
        let words = try #require(manager.told.first { $0.hasPrefix("RELOADING=1\n") })
        let time = try #require(words.split(separator: "=").last.flatMap { UInt64($0) })
        #expect(time >= before && time <= monotonicNanoseconds() / 1000)
        #expect(
            manager.told.firstIndex(of: words) ?? 9 < manager.told.firstIndex(of: "READY=1") ?? 0)
    }

    @Test("that has a watchdog is given signs of life, and one that is meant for another is not")
    func watchdog() throws {
        let (own, others) = (try NotifyListener(), try NotifyListener())
        let engines = [
            try engine(Scene.inSync(), own, ["WATCHDOG_USEC": "60000"]),
            try engine(
                Scene.inSync(), others, ["WATCHDOG_USEC": "60000", "WATCHDOG_PID": "1"]),
        ]
        #expect(
            eventually {
                own.take()
                return own.told.count { $0 == "WATCHDOG=1" } > 5
            })
        #expect(others.hears("STATUS=1 branch: in-sync"))
        #expect(!others.told.contains { $0.contains("WATCHDOG") })
        for engine in engines { #expect(engine.stop() == .exited(0)) }
    }

    @Test("is given a sign of life by a turn of the loop alone, at half of its time")
    func turns() throws {
        let manager = try NotifyListener()
        let supervisor = try #require(
            made(
                [
                    "NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "7200000000",
                    "WATCHDOG_PID": "42",
                ], process: 42))
        manager.take()
        #expect(manager.told.isEmpty)
        supervisor.turned()
        supervisor.turned()
        manager.take()
        #expect(manager.told == ["WATCHDOG=1"])
        let left = try #require(supervisor.nextBeat.remaining)
        #expect(left > .seconds(3000) && left <= .seconds(3600))
    }

    @Test("is told the same thing once, without a line's end, and no more than it shows")
    func lines() throws {
        let manager = try NotifyListener()
        let supervisor = try #require(made(["NOTIFY_SOCKET": manager.address]))
        #expect(supervisor.nextBeat == .never)
        for line in ["a\nREADY=1", "a\nREADY=1", String(repeating: "b", count: 5000)] {
            supervisor.tell(line)
        }
        manager.take()
        #expect(manager.told.count == 2)
        #expect(manager.told.allSatisfy { !$0.contains("\n") && $0.count < 400 })
    }

    @Test("that cannot be told is no trouble for the engine, and is said once")
    func deaf() throws {
        let scene = try Scene.inSync()
        for (address, words) in [
            ("/no/such/socket", "tell NOTIFY_SOCKET"), ("what", "no socket's address"),
        ] {
            let engine = try Serving(
                scene, flags: [], environment: ["NOTIFY_SOCKET": address, "WATCHDOG_USEC": "20000"])
            try engine.begin()
            let tip = try scene.commit(words, "1")
            #expect(try engine.isDurable(tip))
            #expect(engine.stop() == .exited(0))
            #expect(engine.said("supervisor").count == 1)
            #expect(engine.words.contains(words), "\(engine.words)")
        }
    }

    @Test("is the engine's alone: no child is given the variables that name it")
    func children() throws {
        let scene = try Scene.inSync()
        let manager = try NotifyListener()
        let out = scene.origin.pod.folder.file("environment")
        try writeFile(
            "\(scene.gitdir)/hooks/pod-pushed", "#!/bin/sh\nenv >\(out)\n", mode: 0o755)
        let engine = try engine(scene, manager, ["WATCHDOG_USEC": "60000000"])
        try engine.begin()
        let program = try readFile("/proc/\(engine.process)/environ", limit: 1 << 20)
        #expect(String(decoding: program, as: UTF8.self).contains("NOTIFY_SOCKET="))
        #expect(try engine.isDurable(scene.commit("a", "1")))
        #expect(engine.stop() == .exited(0))
        #expect(contents(out).contains("GIT_DIR="))
        #expect(!contents(out).contains("NOTIFY_SOCKET") && !contents(out).contains("WATCHDOG"))
    }
}

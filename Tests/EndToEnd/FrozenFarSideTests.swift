// A pod that stops answering, at each stage of the way: we say so, in time.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A far side that freezes is given up by its deadline")
struct FrozenFarSideTests {
    /// Settings that give a far side up after `time`.
    private static func patience(_ time: Duration) -> [String: String] {
        [
            "connectTimeout": "\(time.components.seconds)s",
            "idleTimeout": "\(time.components.seconds)s",
        ]
    }

    /// What is wrong with the helper's line about a far side that fell silent; nil if nothing is.
    private func fault(of helper: Finished, _ place: String) -> String? {
        if helper.timedOut { return "\(place): hangs" }
        let own = helper.errors.split(separator: "\n").filter { $0.hasPrefix("git-remote-pod: ") }
        // What to look at or to raise.
        let hints = ["connectTimeout", "idleTimeout", "is reachable"]
        let isRight =
            helper.status == .exited(ExitCode.unreachable.rawValue) && own.count == 1
            && hints.contains { helper.errors.contains($0) }
        return isRight ? nil : "\(place): \(helper.status), \(helper.errors)"
    }

    /// What is wrong with the first helper that is.
    private func fault(of running: [(place: String, RunningCommand)]) throws -> String? {
        let helpers = try RunningCommand.finish(running.map(\.1))
        return zip(running, helpers).lazy.compactMap { fault(of: $1, $0.place) }.first
    }

    /// Where a far side can freeze, as the helper names it. What goes on inside `ssh` it cannot see.
    static let stages: [Way: [String]] = [
        .libssh2: [
            // The channel is opened in the turn of authentication.
            "during the SSH key exchange", "during authentication",
            "during starting the far command", "while waiting for the pack",
            "while receiving the pack",
        ],
        .openssh: ["while waiting for the advertisement", "while receiving the pack"],
    ]

    @Test("that takes the connection and says nothing", arguments: Way.ssh)
    func silent(way: Way) throws {
        let served = try ServedPod()
        let proxy = try LagProxy(to: served.server.port, faults: .init(silent: true))
        let problem = try withMoreTime { time in
            try served.name("silent", way: way, port: proxy.port, settings: Self.patience(time))
            return fault(of: try served.helper("pod://silent"), "silent")
        }
        #expect(problem == nil)
    }

    @Test("that says a banner, or half of one, and no more", arguments: Way.ssh, [4, 42])
    func banner(way: Way, bytes: Int) throws {
        let served = try ServedPod()
        let proxy = try LagProxy(to: served.server.port, faults: .init(freezeDown: bytes))
        let problem = try withMoreTime { time in
            try served.name("banner", way: way, port: proxy.port, settings: Self.patience(time))
            return fault(of: try served.helper("pod://banner"), "banner")
        }
        #expect(problem == nil)
    }

    @Test("wherever in key exchange, login, advertisement and pack", arguments: Way.ssh)
    func everyTurn(way: Way) throws {
        let served = try ServedPod()
        try served.pod.addBulk(megabytes: 1, to: served.pod.gitdir)
        try served.pod.home.configure("protocol.version", "0")
        let request = try served.request(for: "bulk")
        let traffic = try calmTraffic(served, way)
        #expect(traffic.down > 1 << 20)
        // In the pack one place stands for all: there a turn is no more than a larger window.
        let turns = traffic.turns.filter { $0 < traffic.down / 20 }
        #expect(turns.count >= 6, "\(traffic)")

        let problem = try withMoreTime { time in
            var running: [(String, RunningCommand)] = []
            var proxies: [LagProxy] = []
            for offset in Set(turns + [traffic.down / 2]).sorted() {
                let proxy = try LagProxy(to: served.server.port, faults: .init(freezeDown: offset))
                proxies.append(proxy)
                let name = "frozen\(proxy.port)"
                try served.name(name, way: way, port: proxy.port, settings: Self.patience(time))
                let helper = try served.startHelper("pod://\(name)", saying: request)
                running.append(("after \(offset) bytes", helper))
            }
            defer { withExtendedLifetime(proxies) {} }
            if let fault = try fault(of: running) { return fault }
            let said = running.map(\.1.errorText).joined()
            let missing = try #require(Self.stages[way]).first { !said.contains($0) }
            return missing.map { "nobody said \"\($0)\": \(said)" }
        }
        #expect(problem == nil)
    }

    /// What passes when nothing is wrong. git itself asks here: it says what it wants when it has
    /// read the whole advertisement and not before, so that a turn begins just there.
    private func calmTraffic(_ served: ServedPod, _ way: Way) throws -> LagProxy.Traffic {
        let calm = try LagProxy(to: served.server.port)
        try served.name("calm", way: way, port: calm.port)
        try served.git("fetch", "-q", "calm", "bulk")
        return calm.traffic
    }

    @Test("and takes no more bytes from us either", arguments: Way.ssh)
    func up(way: Way) throws {
        let served = try ServedPod()
        let calm = try LagProxy(to: served.server.port)
        try served.name("calm", way: way, port: calm.port)
        #expect(try served.helper("pod://calm").succeeded)
        let problem = try withMoreTime { time in
            var running: [(String, RunningCommand)] = []
            var proxies: [LagProxy] = []
            for share in 0..<8 {
                let faults = LagProxy.Faults(freezeUp: calm.traffic.up * share / 10)
                let proxy = try LagProxy(to: served.server.port, faults: faults)
                proxies.append(proxy)
                let name = "frozen\(proxy.port)"
                try served.name(name, way: way, port: proxy.port, settings: Self.patience(time))
                running.append(
                    ("\(share) tenths up", try served.startHelper("pod://\(name)")))
            }
            defer { withExtendedLifetime(proxies) {} }
            return try fault(of: running)
        }
        #expect(problem == nil)
    }

    @Test("whichever command carries it, at each packet line")
    func command() throws {
        let served = try ServedPod()
        try served.pod.home.configure("protocol.version", "0")
        let request = try served.request(for: "main")
        try served.name("whole", way: .command)
        let whole = try served.helper("pod://whole", saying: request)
        #expect(whole.succeeded, "\(whole.errors)")
        // The helper's own answers to git stand before the far side's first byte.
        let first = try #require(whole.bytes.firstRange(of: Array("\n\n\n".utf8))?.upperBound)
        // How a pack is cut into packets is never twice the same: its very end is left out.
        let length = whole.bytes.count - first
        let boundaries = packetBoundaries(in: Array(whole.bytes[first...]))
            .filter { $0 + 20 < length }
        #expect(boundaries.count > 5, "\(boundaries) of \(length)")
        let problem = try withMoreTime { time in
            var settings = Self.patience(time)
            var running: [(String, RunningCommand)] = []
            for offset in boundaries {
                settings["command"] = "\(Products.tool("fault-pipe")) --freeze-down \(offset) --"
                let name = "frozen\(offset)-\(settings["idleTimeout"] ?? "")"
                try served.name(name, way: .command, settings: settings)
                running.append(
                    (
                        "after \(offset) bytes",
                        try served.startHelper("pod://\(name)", saying: request)
                    ))
            }
            return try fault(of: running)
        }
        #expect(problem == nil)
    }
}

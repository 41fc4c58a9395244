// A pod that stops answering, at each stage of the way: we say so, in time.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A far side that freezes is given up by its deadline")
struct FrozenFarSideTests {
    static let patience = ["connectTimeout": "1s", "idleTimeout": "1s"]

    /// The helper's line about a far side that fell silent.
    private func expectSilence(_ helper: Finished, _ place: String) {
        #expect(!helper.timedOut, "\(place): hangs")
        #expect(
            helper.status == .exited(ExitCode.unreachable.rawValue), "\(place): \(helper.errors)")
        let own = helper.errors.split(separator: "\n").filter { $0.hasPrefix("git-remote-pod: ") }
        #expect(own.count == 1, "\(place): \(helper.errors)")
        // What to look at or to raise.
        let hints = ["connectTimeout", "idleTimeout", "is reachable"]
        #expect(hints.contains { helper.errors.contains($0) }, "\(place): \(helper.errors)")
    }

    /// Where a far side can freeze, as the helper names it. What goes on inside `ssh` it cannot see.
    static let stages: [Way: [String]] = [
        .libssh2: [
            "during the SSH key exchange", "during authentication", "during opening a channel",
            "during starting the far command", "while waiting for the pack",
            "while receiving the pack",
        ],
        .openssh: ["while waiting for the advertisement", "while receiving the pack"],
    ]

    @Test("that takes the connection and says nothing", arguments: Way.ssh)
    func silent(way: Way) throws {
        let served = try ServedPod()
        let proxy = try LagProxy(to: served.server.port, faults: .init(silent: true))
        try served.name("silent", way: way, port: proxy.port, settings: Self.patience)
        let helper = try served.helper("pod://silent", timeout: .seconds(10))
        expectSilence(helper, "silent")
    }

    @Test("that says a banner, or half of one, and no more", arguments: Way.ssh, [4, 42])
    func banner(way: Way, bytes: Int) throws {
        let served = try ServedPod()
        let proxy = try LagProxy(to: served.server.port, faults: .init(freezeDown: bytes))
        try served.name("banner", way: way, port: proxy.port, settings: Self.patience)
        let helper = try served.helper("pod://banner", timeout: .seconds(10))
        expectSilence(helper, "banner")
    }

    @Test("wherever in key exchange, login, advertisement and pack", arguments: Way.ssh)
    func everyTurn(way: Way) throws {
        let served = try ServedPod()
        try served.pod.addBulk(megabytes: 1, to: served.pod.gitdir)
        try served.pod.home.configure("protocol.version", "0")
        let request = try served.request(for: "bulk")
        let calm = try LagProxy(to: served.server.port)
        try served.name("calm", way: way, port: calm.port)
        let whole = try served.helper("pod://calm", saying: request)
        #expect(whole.succeeded, "\(whole.errors)")
        #expect(whole.bytes.count > 1 << 20)

        let traffic = calm.traffic
        // In the pack one place stands for all: there a turn is no more than a larger window.
        let turns = traffic.turns.filter { $0 < traffic.down / 20 }
        #expect(turns.count >= 6, "\(traffic)")
        var running: [(Int, LagProxy, RunningCommand)] = []
        for offset in Set(turns + [traffic.down / 2]).sorted() {
            let proxy = try LagProxy(to: served.server.port, faults: .init(freezeDown: offset))
            let name = "frozen\(proxy.port)"
            try served.name(name, way: way, port: proxy.port, settings: Self.patience)
            let helper = try served.startHelper("pod://\(name)", saying: request)
            running.append((offset, proxy, helper))
        }
        let helpers = try RunningCommand.finish(running.map(\.2), timeout: .seconds(20))
        for ((offset, _, _), helper) in zip(running, helpers) {
            expectSilence(helper, "after \(offset) bytes")
        }
        let said = helpers.map(\.errors).joined()
        for stage in try #require(Self.stages[way]) {
            #expect(said.contains(stage), "\(stage) in \(said)")
        }
    }

    @Test("and takes no more bytes from us either", arguments: Way.ssh)
    func up(way: Way) throws {
        let served = try ServedPod()
        let calm = try LagProxy(to: served.server.port)
        try served.name("calm", way: way, port: calm.port)
        #expect(try served.helper("pod://calm").succeeded)
        var running: [(LagProxy, RunningCommand)] = []
        for share in 0..<8 {
            let faults = LagProxy.Faults(freezeUp: calm.traffic.up * share / 10)
            let proxy = try LagProxy(to: served.server.port, faults: faults)
            let name = "frozen\(share)"
            try served.name(name, way: way, port: proxy.port, settings: Self.patience)
            running.append((proxy, try served.startHelper("pod://\(name)")))
        }
        let helpers = try RunningCommand.finish(running.map(\.1), timeout: .seconds(20))
        for (share, helper) in helpers.enumerated() {
            expectSilence(helper, "\(share) tenths up")
        }
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
        var running: [(Int, RunningCommand)] = []
        for offset in boundaries {
            var settings = Self.patience
            settings["command"] = "\(Products.tool("fault-pipe")) --freeze-down \(offset) --"
            try served.name("frozen\(offset)", way: .command, settings: settings)
            running.append(
                (offset, try served.startHelper("pod://frozen\(offset)", saying: request)))
        }
        let helpers = try RunningCommand.finish(running.map(\.1), timeout: .seconds(20))
        for ((offset, _), helper) in zip(running, helpers) {
            expectSilence(helper, "after \(offset) bytes")
        }
    }
}

// Push machines through thousands of random steps. What must hold at each step is in PushLife.swift; here
// is what must have come of it in the end.

import EngineCore
import Model
import Testing

@Suite("Push machines in random lives")
struct RandomPushTests {
    /// More alarms than any end needs: waits are ten minutes at most, and each is one alarm.
    private static let alarms = 2000

    private func live(_ seed: UInt64, _ policy: PushPolicy) -> PushLife {
        var life = PushLife(seed: seed, policy)
        for _ in 0..<2000 { life.step() }
        return life
    }

    /// No trouble, no writers any more: what is asked for is done, and time goes on.
    private func settle(_ life: inout PushLife) {
        life.world.endTrouble()
        // Origin may have moved last of all; the engine looks there from time to time.
        for name in life.branches { life.sight(name) }
        for _ in 0..<Self.alarms where !life.isIdle || !life.machine.isQuiet {
            while !life.isIdle { life.workOnce() }
            life.ring()
        }
    }

    @Test("in the end everything is durable, or saved where it is stuck", arguments: 1...6)
    func saved(seed: Int) {
        var life = live(UInt64(seed), PushPolicy())
        settle(&life)
        #expect(life.machine.isQuiet)
        #expect(life.machine.lacking == [])
        for name in life.branches {
            guard let tip = life.world.local[name] else { continue }
            let isThere = life.world.origin.values.contains { life.world.isAncestor(tip, of: $0) }
            #expect(isThere, "origin lacks \(name) at \(tip)")
        }
    }

    @Test("with autoReconcile every branch is durable under its own name", arguments: 1...6)
    func reconciled(seed: Int) {
        var life = live(UInt64(seed), PushPolicy(autoReconcile: true, maximumEscapes: 1_000_000))
        settle(&life)
        #expect(life.machine.isQuiet)
        for mark in life.machine.watermarks where life.branches.contains(mark.name) {
            #expect(mark.local == mark.durable, "\(mark)")
            #expect(life.world.origin[mark.name].map(commit) == mark.durable)
        }
    }

    @Test("a seed lives the same life again")
    func reproducible() {
        let (first, second) = (live(5, PushPolicy()), live(5, PushPolicy()))
        #expect(first.sends == second.sends && first.now == second.now)
        #expect(first.sends > 100)
        #expect(first.machine.watermarks == second.machine.watermarks)
    }
}

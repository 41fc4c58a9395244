// The relay's clocks: when a far side is silent, when it lingers, and when all of it took too long.

import Model
import POSIX
import TestSupport
import Testing

@Suite("A relay's clocks", .serialized)
struct RelayClockTests {
    private let idle = Duration.milliseconds(150)
    private let muchLonger = Duration.milliseconds(700)
    /// Limits for tests in which a byte must come before such a one is over.
    private let limits = [Duration.milliseconds(150), .seconds(2), .seconds(10)]

    @Test("a far side that owes an answer and says nothing is silent, and not before its time")
    func silent() throws {
        let start = monotonicNanoseconds()
        let bench = try RelayBench(limits: .init(idle: idle), owes: true)
        #expect(bench.ends(.farSilent))
        #expect(monotonicNanoseconds() - start >= 150_000_000)
    }

    @Test("a far side that owes nothing is never silent: git computes")
    func notOwing() throws {
        let bench = try RelayBench(limits: .init(idle: idle))
        #expect(bench.goesOn(for: muchLonger))
        bench.turn.with { $0.owes = true }
        _ = bench.push([1], to: bench.up.writer)
        #expect(bench.ends(.farSilent))
    }

    @Test("each byte from the far side starts its time anew")
    func trickle() throws {
        let problem = try withMoreTime(limits) { idle in
            let bench = try RelayBench(limits: .init(idle: idle), owes: true)
            if trickles(bench, for: idle * 4.5) { return "it ended though bytes came" }
            #expect(
                eventually {
                    _ = bench.pull(from: bench.down.reader)
                    return bench.end == .farSilent
                })
            return nil
        }
        #expect(problem == nil)
    }

    /// Lets bytes come, a few at a time, for `duration`. Whether the relay ended meanwhile.
    private func trickles(_ bench: RelayBench, for duration: Duration = longEnough) -> Bool {
        eventually(within: duration) {
            _ = bench.push([1], to: bench.far.writer)
            _ = bench.pull(from: bench.down.reader)
            return bench.end != nil
        }
    }

    @Test("a git that is stopped with its pipe full is not the far side's fault")
    func stoppedFull() throws {
        let bench = try RelayBench(limits: .init(idle: idle))
        let block = [UInt8](repeating: 3, count: 4 << 20)
        var pushed = 0
        let isFull = eventually {
            pushed += bench.push(block[pushed...], to: bench.far.writer)
            return bench.push(block[pushed...], to: bench.far.writer) == 0
        }
        #expect(isFull)
        bench.turn.with { $0.owes = true }
        #expect(bench.goesOn(for: muchLonger))
    }

    @Test("nor is one that is stopped with a few bytes unread; when it reads on, the clock starts")
    func stoppedEmpty() throws {
        let bench = try RelayBench(limits: .init(idle: idle))
        _ = bench.push([1, 2, 3], to: bench.far.writer)
        #expect(eventually { unreadBytes(in: bench.down.reader) == 3 })
        bench.turn.with { $0.owes = true }
        #expect(bench.goesOn(for: muchLonger))
        #expect(bench.pull(3, from: bench.down.reader) == [1, 2, 3])
        #expect(bench.ends(.farSilent))
    }

    @Test("a far side that takes none of git's words is silent")
    func takesNothing() throws {
        let bench = try RelayBench(limits: .init(idle: idle))
        let block = [UInt8](repeating: 4, count: 1 << 20)
        var pushed = 0
        let ended = eventually {
            pushed += bench.push(block[pushed...], to: bench.up.writer)
            return bench.end != nil
        }
        #expect(ended && bench.end == .farSilent)
        #expect(pushed < block.count)
    }

    @Test("a far side that does not end after git did is silent")
    func silentAfterEnd() throws {
        let bench = try RelayBench(limits: .init(idle: idle))
        bench.up.closeWriter()
        #expect(bench.ends(.farSilent))
    }

    @Test("without a limit nobody is ever silent")
    func noLimit() throws {
        let bench = try RelayBench(owes: true)
        #expect(bench.goesOn(for: muchLonger))
    }

    @Test("after git's end a far side may linger so long and no longer")
    func lingers() throws {
        let bench = try RelayBench(limits: .init(linger: idle))
        #expect(bench.goesOn(for: muchLonger), "git has not ended")
        bench.up.closeWriter()
        #expect(bench.ends(.farLingered))
    }

    @Test("a far side that writes after git's end does not linger")
    func writesOn() throws {
        let problem = try withMoreTime(limits) { linger in
            let bench = try RelayBench(limits: .init(linger: linger))
            bench.up.closeWriter()
            if trickles(bench, for: linger * 4.5) { return "it ended though bytes came" }
            bench.far.closeWriter()
            return bench.ends(.farEnded) ? nil : "the far side's end was not seen in time"
        }
        #expect(problem == nil)
    }

    @Test("all of it may take so long and no longer, though bytes trickle")
    func total() throws {
        let bench = try RelayBench(limits: .init(total: .after(muchLonger)))
        #expect(trickles(bench))
        #expect(bench.end == .timedOut)
    }

    @Test("while nothing happens, nothing is done")
    func noBusyLoop() throws {
        let bench = try RelayBench(limits: .init(idle: .milliseconds(300)), owes: true)
        #expect(bench.ends(.farSilent))
        #expect(bench.asked.with { $0.interest } <= 4)
        #expect(bench.asked.with { $0.service } <= 4)
    }

    @Test("nothing is done either while bytes wait for a git that is stopped")
    func noBusyLoopWhenFull() throws {
        let problem = try withMoreTime(limits) { idle in
            let bench = try RelayBench(limits: .init(idle: idle))
            let block = [UInt8](repeating: 5, count: 4 << 20)
            let isFull = eventually {
                _ = bench.push(block[...], to: bench.far.writer)
                return bench.rests(for: idle / 3)
                    && bench.push(block[...], to: bench.far.writer) == 0
            }
            #expect(isFull)
            bench.turn.with { $0.owes = true }
            let before = bench.asked.with { $0.interest }
            #expect(bench.goesOn(for: idle * 4.5))
            let rounds = bench.asked.with { $0.interest } - before
            return rounds <= 12 ? nil : "\(rounds) rounds"
        }
        #expect(problem == nil)
    }

    @Test("nor while git has ended and the far side thinks")
    func noBusyLoopAfterEnd() throws {
        let bench = try RelayBench(limits: .init(linger: .milliseconds(400)))
        bench.up.closeWriter()
        #expect(bench.ends(.farLingered))
        #expect(bench.asked.with { $0.interest } <= 6)
    }

    @Test("nor while the far side has gone deaf and git sends nothing")
    func noBusyLoopWhenDeaf() throws {
        let problem = try withMoreTime(limits) { time in
            let bench = try RelayBench()
            bench.closeFarInput()
            _ = bench.push([1], to: bench.up.writer)
            #expect(eventually { bench.turn.with { $0.sent } == 1 } && bench.rests(for: time / 3))
            let before = bench.asked.with { $0.interest }
            #expect(bench.goesOn(for: time * 4.5))
            let rounds = bench.asked.with { $0.interest } - before
            return rounds == 0 ? nil : "\(rounds) rounds"
        }
        #expect(problem == nil)
    }
}

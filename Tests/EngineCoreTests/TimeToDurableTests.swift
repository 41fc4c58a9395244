// How long commits took to be durable: counted once each, and only for what origin confirmed.

import Model
import Testing

@testable import EngineCore

@Suite("Time to durable")
struct TimeToDurableTests {
    private let main = RefName("refs/heads/main")!
    private func tip(_ number: Int) -> ObjectID {
        let digits = String(number)
        return ObjectID(String(repeating: "0", count: 40 - digits.count) + digits)!
    }

    @Test("a report counts all moves up to its tip, each from when it was seen")
    func upToTip() {
        var times = TimeToDurable()
        for number in 1...3 { times.moved(main, to: tip(number), at: .seconds(number)) }
        times.confirmed(main, tip(2), at: .seconds(4))
        #expect(times.times.count == 2)
        #expect(times.times.sum == 5)
        times.confirmed(main, tip(2), at: .seconds(9))
        #expect(times.times.count == 2)
        times.confirmed(main, tip(3), at: .seconds(9))
        #expect(times.times.sum == 11)
    }

    @Test("what origin had by itself, what was never seen and what is forgotten do not count")
    func notCounted() {
        var times = TimeToDurable()
        times.moved(main, to: tip(1), at: .zero)
        times.found(main, tip(1))
        times.confirmed(main, tip(1), at: .seconds(1))
        times.confirmed(main, tip(7), at: .seconds(1))
        times.moved(main, to: tip(2), at: .zero)
        times.forget(main)
        times.confirmed(main, tip(2), at: .seconds(1))
        #expect(times.times == TimeHistogram())
    }

    @Test("however many moves wait, so many are remembered, and the last one always is")
    func bound() {
        var times = TimeToDurable()
        for number in 1...10_000 { times.moved(main, to: tip(number), at: .zero) }
        times.confirmed(main, tip(10_000), at: .seconds(1))
        #expect(times.times.count == TimeToDurable.moves)
    }

    @Test("a time is in the buckets of its bound and all higher ones")
    func buckets() {
        var times = TimeHistogram()
        times.add(.milliseconds(250))
        times.add(.milliseconds(251))
        times.add(.seconds(9999))
        let counts = Dictionary(uniqueKeysWithValues: times.buckets.map { ($0.bound, $0.count) })
        #expect(counts[0.1] == 0)
        #expect(counts[0.25] == 1)
        #expect(counts[0.5] == 2)
        #expect(counts[3600] == 2)
        #expect(times.count == 3)
    }
}

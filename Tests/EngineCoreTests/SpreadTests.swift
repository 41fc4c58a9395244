// Times that chance spreads, so that many engines do not come to one origin together.

import Testing

@testable import EngineCore

@Suite("What is repeated")
struct SpreadTests {
    private let minute = Duration.seconds(60)

    @Test("comes first at any time within the interval, for 1,000 engines in each tenth of it")
    func first() {
        var tenths = [Int](repeating: 0, count: 10)
        for seed in 0..<1000 {
            var spread = Spread(seed: UInt64(seed))
            let wait = spread.first(of: minute)
            #expect(.zero <= wait && wait <= minute)
            tenths[min(9, Int(wait.components.seconds / 6))] += 1
        }
        #expect(tenths.allSatisfy { $0 > 50 }, "\(tenths)")
    }

    @Test("comes again within the interval, and never at once")
    func next() {
        var spread = Spread(seed: 1)
        var waits: Set<Duration> = []
        for _ in 0..<1000 {
            let wait = spread.next(after: minute)
            #expect(minute * 8 / 10 <= wait && wait <= minute)
            waits.insert(wait)
        }
        #expect(waits.count > 100)
    }

    @Test("two engines with other seeds come apart though they began together")
    func apart() {
        var (one, two) = (Spread(seed: 1), Spread(seed: 2))
        var (timeOfOne, timeOfTwo) = (Duration.zero, Duration.zero)
        var together = 0
        for _ in 0..<100 {
            timeOfOne += one.next(after: minute)
            timeOfTwo += two.next(after: minute)
            if timeOfOne == timeOfTwo { together += 1 }
        }
        #expect(together < 5)
    }
}

// The hour of lag that a page shows: bounded whatever is added, without gaps, and without what is too old.

import Testing

@testable import EngineCore

@Suite("The lag of the last hour")
struct LagHistoryTests {
    @Test("however often it is told, it keeps one sample an interval, the largest, for an hour")
    func bounded() {
        var history = LagHistory()
        for second in 0..<20_000 { history.add(second % 15, at: .seconds(second)) }
        #expect(history.samples.count <= LagHistory.mostSamples)
        #expect(history.samples.count >= LagHistory.mostSamples - 1)
        #expect(history.samples.allSatisfy { $0.commits == 14 || $0 == history.samples.last })
        let steps = zip(history.samples.dropFirst(), history.samples).map { $0.time - $1.time }
        #expect(steps.allSatisfy { $0 == LagHistory.interval })
    }

    @Test("what nobody could tell is no zero, and does not hide what somebody could")
    func unknown() {
        var history = LagHistory()
        history.add(nil, at: .seconds(0))
        #expect(history.samples.map(\.commits) == [nil])
        history.add(2, at: .seconds(1))
        history.add(nil, at: .seconds(2))
        #expect(history.samples.map(\.commits) == [2])
        history.add(1, at: .seconds(4000))
        #expect(history.samples.map(\.commits) == [1])
    }
}

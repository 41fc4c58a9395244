// Moments that bound a wait.

import Model
import TestSupport
import Testing

@testable import POSIX

@Suite("Deadlines")
struct DeadlineTests {
    @Test("the earlier one is less, and never comes last")
    func order() {
        let (soon, late) = (Deadline.after(.seconds(1)), Deadline.after(.seconds(2)))
        #expect(soon < late && !(late < soon))
        #expect(late < .never && !(.never < late) && !(Deadline.never < .never))
        #expect(min(late, soon, .never) == soon)
    }

    @Test("it has passed when its time has come, and never never does")
    func passes() {
        #expect(Deadline.after(.zero).hasPassed)
        #expect(Deadline.after(.seconds(-5)).hasPassed)
        #expect(!Deadline.after(.seconds(60)).hasPassed)
        #expect(!Deadline.never.hasPassed)
    }

    @Test("poll waits whole milliseconds, rounded up")
    func timeout() {
        #expect(Deadline.never.pollTimeout == -1)
        #expect(Deadline.after(.zero).pollTimeout == 0)
        // Asked again if the machine stood still in between.
        #expect(eventually { Deadline.after(.nanoseconds(999_999)).pollTimeout == 1 })
        #expect(eventually { Deadline.after(.microseconds(9_500)).pollTimeout == 10 })
        #expect(Deadline.after(.seconds(10_000_000)).pollTimeout == .max)
    }

    @Test("a later one is later by so much; never stays never")
    func later() {
        let moment = Deadline(nanoseconds: 1_000)
        #expect(moment.later(by: .nanoseconds(5)) == Deadline(nanoseconds: 1_005))
        #expect(moment.later(by: .seconds(2)) == Deadline(nanoseconds: 2_000_001_000))
        #expect(moment.later(by: .seconds(-2)) == moment)
        #expect(Deadline.never.later(by: .seconds(1)) == .never)
    }

    @Test("the clocks agree with themselves")
    func clocks() {
        let before = monotonicNanoseconds()
        #expect(monotonicNanoseconds() >= before)
        let earlier = wallClockSeconds()
        let between = wallClockMilliseconds() / 1000
        #expect(earlier <= between && between <= wallClockSeconds())
        #expect(earlier > 1_700_000_000)
    }

    @Test("half of what is left is later than now, and sooner than the end")
    func halfway() {
        let end = Deadline.after(.seconds(1000))
        #expect(end.halfway < end && Deadline.after(.seconds(400)) < end.halfway)
        #expect(Deadline.never.halfway == .never)
        #expect(Deadline.after(.zero).halfway.hasPassed)
    }
}

// Waiting for something to become true, and numbers that only look random.

import POSIX

/// How long a test waits for what must come: a machine may stand still for many seconds, so only a
/// hang takes as long as this.
public let longEnough = Duration.seconds(120)

extension Deadline {
    /// ``TestSupport/longEnough`` from now.
    public static var longEnough: Deadline { .after(TestSupport.longEnough) }
}

/// Makes `attempt` with ever more time, until nothing is wrong. Returns what was wrong with the
/// last one; nil is nothing.
///
/// For tests in which something must happen before a limit of ours is over, and the limit is short
/// so that the test is: a machine that stood still meanwhile is told from a defect by its next try.
public func withMoreTime(
    _ times: [Duration] = [.seconds(1), .seconds(4), .seconds(16)],
    _ attempt: (Duration) throws -> String?
) rethrows -> String? {
    var problem: String?
    for time in times {
        problem = try attempt(time)
        if problem == nil { return nil }
    }
    return problem
}

/// Whether `condition` became true before `timeout` was over; asked every few milliseconds.
public func eventually(
    within timeout: Duration = longEnough, _ condition: () throws -> Bool
) rethrows -> Bool {
    let deadline = Deadline.after(timeout)
    while true {
        if try condition() { return true }
        if deadline.hasPassed { return false }
        var none: [PollRequest] = []
        _ = try? wait(for: &none, until: .after(.milliseconds(3)))
    }
}

/// The same numbers for the same seed, on every machine (SplitMix64).
public struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// `count` bytes that no compressor makes smaller.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count + 8) { memory, filled in
            for offset in stride(from: 0, to: count, by: 8) {
                let raw = UnsafeMutableRawBufferPointer(memory)
                unsafe raw.storeBytes(
                    of: next().littleEndian, toByteOffset: offset, as: UInt64.self)
            }
            filled = count
        }
    }
}

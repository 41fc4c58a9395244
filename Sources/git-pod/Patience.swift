// That a verb is still at work, for whoever looks at a terminal: what takes longer than a second says how
// long it has taken.

import Model
import POSIX

/// Does `body`; meanwhile, on a terminal, a line on standard error counts the seconds. It is gone at the end.
///
/// - Parameter verb: what is at work.
func countingSeconds<Value>(_ verb: String, _ body: () throws(Failure) -> Value) throws(Failure)
    -> Value
{
    guard isTerminal(2), let waker = try? Waker() else { return try body() }
    let start = monotonicNanoseconds()
    // What cannot be shown keeps nobody from his work.
    let thread = try? JoinedThread {
        var width = 0
        while (try? wait(for: waker.descriptor, reading: true, until: .after(.seconds(1)))) == false
        {
            let seconds = (monotonicNanoseconds() - start) / 1_000_000_000
            let line = "git-pod: \(verb): \(seconds) s"
            width = line.count
            writeAll("\r\(line)", to: 2)
        }
        if width > 0 { writeAll("\r\(String(repeating: " ", count: width))\r", to: 2) }
    }
    defer {
        waker.wake()
        withExtendedLifetime(thread) {}
    }
    return try body()
}

// http-fuzz: requests that nobody should send, to a running engine over TCP and its socket. It must
// answer each properly or hang up, go on answering /livez all the while, and stay as large as it was.
// bin/fuzz http and a test of Engine run it.

import Model
import POSIX
import TestSupport

/// A server has so long for an answer, but for work that takes as long as it takes.
private let patience = Duration.seconds(30)
/// What waits for a body that never comes is left after this.
private let shortPatience = Duration.milliseconds(50)
/// Resident memory may grow by so much after the first requests: bodies of all connections together may
/// have 16 MiB, and what is freed is not given back at once.
private let mostGrowth = 48 << 10

/// Asks `/livez` all the time, on a thread of its own.
final class Pulse: Sendable {
    private let state = Locked((isOver: false, asked: 0, bad: 0, longest: Duration.zero))
    private let thread: Locked<JoinedThread?> = Locked(nil)

    init(port: UInt16) throws(Failure) {
        let state = state
        let thread = try JoinedThread {
            while !state.with({ $0.isOver }) {
                let start = monotonicNanoseconds()
                let isAlive = (try? http("GET", "/livez", port: port))?.status == 200
                let time = Duration.nanoseconds(monotonicNanoseconds() - start)
                state.with {
                    $0.asked += 1
                    if !isAlive { $0.bad += 1 }
                    $0.longest = max($0.longest, time)
                }
                pause(.milliseconds(20))
            }
        }
        self.thread.with { $0 = thread }
    }

    func end() -> (asked: Int, bad: Int, longest: Duration) {
        state.with { $0.isOver = true }
        thread.with { $0 = nil }
        return state.with { ($0.asked, $0.bad, $0.longest) }
    }
}

func say(_ text: String) { writeAll(text + "\n", to: 1) }

func main() throws(Failure) -> Bool {
    ignoreBrokenPipes()
    let options = Options(Array(CommandLine.arguments.dropFirst()))
    let engine = try FuzzedEngine()
    guard let tip = try engine.origin.tip() else { throw Failure(.failed, "origin has nothing") }
    let end = options.seconds.map { Deadline.after(.seconds($0)) } ?? .never
    let pulse = try Pulse(port: engine.anywhere)
    var (count, flaws, kinds) = (0, 0, [String: Int]())
    var first = 0
    var descriptors = 0
    while count < options.requests ?? .max, !end.hasPassed, flaws < 10, engine.isRunning {
        // A request does not depend on those before it: its own number makes it again.
        let seed = options.seed + UInt64(count)
        var requests = Requests(seed: seed, tip: tip, secret: engine.secret)
        let request = requests.next()
        let socket = try engine.connect(request.way)
        let exchange = Exchange(
            request, over: socket, patience: request.isWhole ? patience : shortPatience)
        if let flaw = request.flaw(of: exchange) {
            flaws += 1
            say("seed \(seed): \(request.kind) by \(request.way): \(flaw)")
        }
        kinds[request.kind, default: 0] += 1
        count += 1
        if count == 500 {
            first = residentKilobytes(of: engine.process)
            descriptors = openDescriptors(of: engine.process)
        }
    }
    let last = residentKilobytes(of: engine.process)
    let heart = pulse.end()
    let spread = kinds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(
        separator: ", ")
    say("\(count) requests from seed \(options.seed) (\(spread)), \(flaws) answered wrong")
    say(
        "livez asked \(heart.asked) times, \(heart.bad) bad, the longest took \(heart.longest.milliseconds) ms"
    )
    say("memory \(first) kB after 500 requests, \(last) kB at the end; descriptors \(descriptors)")
    guard engine.isRunning else {
        say("the engine has ended")
        return false
    }
    if let complaint = engine.complaint {
        say("its log has \"\(complaint)\"")
        return false
    }
    let works = try engine.works()
    if !works { say("a commit does not become durable any more") }
    let isSmall = first == 0 || last - first <= mostGrowth
    return works && isSmall && flaws == 0 && heart.bad == 0
}

do throws(Failure) {
    exit(with: try main() ? .done : .failed)
} catch {
    writeAll("http-fuzz: \(error)\n", to: 2)
    exit(with: .configuration)
}

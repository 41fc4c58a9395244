// The relay between git and a far side: bytes, ends, and who may keep whom waiting.

import Model
import POSIX
import TestSupport
import Testing

@Suite("Relaying bytes")
struct RelayTests {
    @Test("both ways run at once, far beyond what the pipes hold")
    func fullDuplex() throws {
        let bench = try RelayBench(limits: .init(idle: longEnough))
        var numbers = SeededNumbers(seed: 17)
        let (request, answer) = (numbers.bytes(3 << 20), numbers.bytes(5 << 20))
        var (sent, answered) = (0, 0)
        var (arrived, received): ([UInt8], [UInt8]) = ([], [])
        let whole = eventually {
            sent += bench.push(request[sent...], to: bench.up.writer)
            answered += bench.push(answer[answered...], to: bench.far.writer)
            arrived += bench.pull(from: bench.farInput) ?? []
            received += bench.pull(from: bench.down.reader) ?? []
            return arrived.count == request.count && received.count == answer.count
        }
        #expect(whole)
        let same = arrived == request && received == answer
        #expect(same)
        #expect(bench.turn.with { $0.sent } == request.count)
        #expect(bench.turn.with { $0.received } == answer.count)
        bench.far.closeWriter()
        #expect(bench.ends(.farEnded))
    }

    @Test("neither side's unread bytes keep the other side's from moving")
    func noDeadlock() throws {
        let bench = try RelayBench()
        // The far side reads nothing: its pipe and the relay's buffer fill up.
        let block = [UInt8](repeating: 1, count: 1 << 20)
        var stuck = 0
        let isStuck = eventually {
            stuck += bench.push(block[stuck...], to: bench.up.writer)
            return bench.rests() && bench.push(block[stuck...], to: bench.up.writer) == 0
        }
        #expect(isStuck && stuck < block.count)
        #expect(bench.push(Array("answer".utf8)[...], to: bench.far.writer) == 6)
        #expect(bench.pull(6, from: bench.down.reader) == Array("answer".utf8))
    }

    @Test("what was read before the relay began is passed on first")
    func first() throws {
        let bench = try RelayBench(first: Array("first ".utf8))
        _ = bench.push(Array("second".utf8)[...], to: bench.far.writer)
        #expect(bench.pull(12, from: bench.down.reader) == Array("first second".utf8))
    }

    @Test("the end of git's words reaches the far side, and its answer still comes back")
    func nearHalfClose() throws {
        let bench = try RelayBench()
        _ = bench.push(Array("request".utf8)[...], to: bench.up.writer)
        bench.up.closeWriter()
        #expect(bench.pull(7, from: bench.farInput) == Array("request".utf8))
        #expect(bench.isAtEnd(bench.farInput))
        let answer = SeededBytes.of(1 << 20)
        var answered = 0
        var received: [UInt8] = []
        let whole = eventually {
            answered += bench.push(answer[answered...], to: bench.far.writer)
            received += bench.pull(from: bench.down.reader) ?? []
            return received.count == answer.count
        }
        let same = received == answer
        #expect(whole && same)
        #expect(bench.end == nil)
        bench.far.closeWriter()
        #expect(bench.ends(.farEnded))
    }

    @Test("a far side that ends has all of its words passed on first")
    func farEnds() throws {
        let bench = try RelayBench()
        // More than git's pipe holds, and not more than that and the far side's.
        let answer = SeededBytes.of((1 << 20) + (60 << 10))
        var answered = 0
        let taken = eventually {
            answered += bench.push(answer[answered...], to: bench.far.writer)
            return answered == answer.count
        }
        #expect(taken)
        bench.far.closeWriter()
        #expect(bench.rests())
        #expect(bench.end == nil, "git has not read all of it yet")
        let isWhole = bench.pull(answer.count, from: bench.down.reader) == answer
        #expect(isWhole)
        #expect(bench.ends(.farEnded))
    }

    @Test("a far side that reads no more may still answer, and git's words are dropped")
    func farIsDeaf() throws {
        let bench = try RelayBench(limits: .init(idle: longEnough))
        bench.closeFarInput()
        let block = SeededBytes.of(1 << 20)
        var sent = 0
        let taken = eventually {
            sent += bench.push(block[sent...], to: bench.up.writer)
            return sent == block.count
        }
        #expect(taken)
        _ = bench.push(Array("ERR".utf8)[...], to: bench.far.writer)
        #expect(bench.pull(3, from: bench.down.reader) == Array("ERR".utf8))
        bench.far.closeWriter()
        #expect(bench.ends(.farEnded))
    }

    @Test("an end that is not taken at once is offered again")
    func reluctant() throws {
        let bench = try RelayBench(reluctance: 5)
        bench.up.closeWriter()
        #expect(bench.isAtEnd(bench.farInput))
        #expect(bench.asked.with { $0.finish } == 6)
    }

    @Test("a git that goes away is noticed though nothing happens")
    func nearVanishes() throws {
        let bench = try RelayBench(owes: true)
        #expect(bench.rests())
        bench.down.closeReader()
        #expect(bench.ends(.nearVanished))
    }

    @Test("a git that goes away is noticed with bytes under way to it")
    func nearVanishesBusy() throws {
        let bench = try RelayBench()
        _ = bench.push(SeededBytes.of(200 << 10)[...], to: bench.far.writer)
        #expect(bench.rests())
        bench.down.closeReader()
        #expect(bench.ends(.nearVanished))
    }

    @Test("a carrier that breaks says why")
    func breaks() throws {
        let bench = try RelayBench(breaks: Failure(.unreachable, "the cable was cut"))
        #expect(eventually { bench.failure != nil })
        #expect(bench.failure == Failure(.unreachable, "the cable was cut"))
    }

    @Test("no more is held than the buffers, however much one side has and the other does not take")
    func memory() throws {
        let bench = try RelayBench(owes: true)
        let block = [UInt8](repeating: 2, count: 8 << 20)
        var pushed = 0
        let isFull = eventually {
            pushed += bench.push(block[pushed...], to: bench.far.writer)
            guard bench.rests() else { return false }
            let more = bench.push(block[pushed...], to: bench.far.writer)
            pushed += more
            return more == 0
        }
        #expect(isFull)
        // Two pipes of at most 1 MiB and one buffer.
        #expect(pushed <= 2 << 20 + Relay.downCapacity)
        #expect(bench.turn.with { $0.received } <= 1 << 20 + Relay.downCapacity)
        #expect(bench.asked.with { $0.readsAhead } == 0)
        var taken = 0
        let drained = eventually {
            taken += bench.pull(from: bench.down.reader)?.count ?? 0
            return taken == pushed
        }
        #expect(drained)
        #expect(bench.asked.with { $0.readsAhead } == 0)
    }
}

/// Bytes that only look random.
enum SeededBytes {
    static func of(_ count: Int) -> [UInt8] {
        var numbers = SeededNumbers(seed: UInt64(count))
        return numbers.bytes(count)
    }
}

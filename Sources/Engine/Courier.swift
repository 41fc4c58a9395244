// Carries pushes to origin, on a thread of its own, over a connection that it keeps warm. The push
// service gives it command lists, one at a time, and questions.

import EngineCore
import Git
import Model
import POSIX

/// What goes to origin and comes from it, for one gitdir.
final class Courier: Sendable {
    /// What a courier is told.
    private enum Order: Sendable {
        case send([RefUpdate])
        case look([RefName])
        case settings(Courier.Settings)
        case stop
    }

    struct Settings: Sendable {
        let origin: OriginSettings
        /// The refs that are likely to be pushed.
        let names: [RefName]
        /// How long a connection is kept after the last push.
        let warmFor: Duration
        /// Comes back with each answer: of which origin that speaks.
        let generation: Int
    }

    /// What came of an order.
    enum Answer: Sendable {
        case report([RefName: PushResult])
        case found([RefName: ObjectID?])
        case failed(OriginFailure)
        case lookFailed(OriginFailure)
    }

    private let orders: Mailbox<Order>
    private let thread: JoinedThread

    /// - Parameters:
    ///   - answer: called on the courier's thread.
    ///   - note: takes what only a verbose log shows.
    init(
        gitdir: String, settings: Settings, answer: @escaping @Sendable (Int, Answer) -> Void,
        note: @escaping @Sendable (String) -> Void
    ) throws(Failure) {
        let orders = try Mailbox<Order>()
        self.orders = orders
        // A libgit2 handle stays on one thread.
        _ = try Repository(path: gitdir)
        thread = JoinedThread {
            do throws(Failure) {
                var round = try Round(gitdir: gitdir, settings: settings, note: note)
                while try round.go(orders.descriptor) {
                    for order in orders.take() {
                        switch order {
                        case .send(let updates):
                            answer(round.settings.generation, round.send(updates))
                        case .look(let names):
                            answer(round.settings.generation, round.look(names))
                        case .settings(let settings): round.change(settings)
                        case .stop: return round.close()
                        }
                    }
                }
            } catch {
                note("the work with origin has ended: \(error.description)")
                Self.refuse(orders, OriginFailure(.unknown, error), settings.generation, answer)
            }
        }
    }

    deinit { orders.post(.stop) }

    /// Answers whatever comes: who is not answered waits for ever.
    private static func refuse(
        _ orders: Mailbox<Order>, _ failure: OriginFailure, _ first: Int,
        _ answer: (Int, Answer) -> Void
    ) {
        var generation = first
        while true {
            for order in orders.take() {
                switch order {
                case .send: answer(generation, .failed(failure))
                case .look: answer(generation, .lookFailed(failure))
                case .settings(let settings): generation = settings.generation
                case .stop: return
                }
            }
            _ = try? wait(for: orders.descriptor, reading: true, until: .never)
        }
    }

    func send(_ updates: [RefUpdate]) { orders.post(.send(updates)) }
    func look(_ names: [RefName]) { orders.post(.look(names)) }
    func change(_ settings: Settings) { orders.post(.settings(settings)) }
}

extension Courier {
    /// The courier's own state, on its thread.
    private struct Round {
        private let repository: Repository
        private let note: @Sendable (String) -> Void
        private(set) var settings: Settings
        private var origin: Origin
        private var line: PushLine?
        /// When the connection is let go.
        private var warmUntil: Deadline
        /// After a connection that failed though nobody needed it.
        private var coldUntil = Deadline.after(.zero)
        private var coldFor = Round.firstCold
        /// Whether the last order failed: the next one is tried when the machine says, and nothing
        /// before that, as origin may count those who knock.
        private var isDown = false
        private var lastUse = monotonicNanoseconds()
        /// How long origin lets a connection be idle, once it is known.
        private var idleLimit: Duration?

        private static let firstCold = Duration.seconds(1)
        private static let longestCold = Duration.seconds(60)

        init(gitdir: String, settings: Settings, note: @escaping @Sendable (String) -> Void)
            throws(Failure)
        {
            repository = try Repository(path: gitdir)
            self.settings = settings
            self.note = note
            origin = Origin(repository: repository, settings: settings.origin)
            line = PushLine(origin)
            warmUntil = .after(settings.warmFor)
        }

        mutating func change(_ settings: Settings) {
            close()
            self.settings = settings
            origin = Origin(repository: repository, settings: settings.origin)
            line = PushLine(origin)
            (coldUntil, coldFor) = (.after(.zero), Self.firstCold)
            isDown = false
        }

        func close() { line?.close() }

        /// Keeps the connection while there is nothing to do. Returns true when there is.
        mutating func go(_ descriptor: Int32) throws(Failure) -> Bool {
            while true {
                keepWarm()
                var requests = [PollRequest(descriptor, reading: true)] + (line?.interest ?? [])
                try wait(for: &requests, until: nextTurn)
                guard requests[0].readable else { continue }
                try? repository.forgetRemovedPacks()
                return true
            }
        }

        private var nextTurn: Deadline {
            guard let line else { return .never }
            guard line.isOpen else {
                return isDown || warmUntil.hasPassed ? .never : coldUntil
            }
            return min(line.nextService, warmUntil, renewal)
        }

        /// When the connection is made anew, ahead of origin's ending it.
        private var renewal: Deadline {
            guard let idleLimit else { return .never }
            let idle = Duration.nanoseconds(monotonicNanoseconds() - lastUse)
            return .after(idleLimit * 4 / 5 - idle)
        }

        private mutating func keepWarm() {
            guard let line else { return }
            if warmUntil.hasPassed || (line.isOpen && renewal.hasPassed) {
                line.close()
                lastUse = monotonicNanoseconds()
            }
            // What nobody looks after would be readable for ever.
            if isDown, line.isOpen { line.close() }
            guard !isDown, !warmUntil.hasPassed, coldUntil.hasPassed else { return }
            let wasWarm = line.isWarm
            do throws(OriginFailure) {
                try line.warm(for: settings.names)
                if line.isWarm, !wasWarm { lastUse = monotonicNanoseconds() }
                if line.isWarm { coldFor = Self.firstCold }
            } catch {
                if wasWarm {
                    idleLimit = .nanoseconds(monotonicNanoseconds() - lastUse)
                    note("origin ended a connection that waited for \(idleLimit?.spoken ?? "")")
                } else {
                    note("no connection is ready for the next push: \(error.message)")
                }
                coldUntil = .after(coldFor)
                coldFor = min(coldFor * 2, Self.longestCold)
            }
        }

        mutating func send(_ updates: [RefUpdate]) -> Answer {
            defer { used() }
            do throws(OriginFailure) {
                let report = try origin.push(updates, over: line)
                isDown = false
                return .report(report)
            } catch {
                isDown = true
                return .failed(error)
            }
        }

        mutating func look(_ names: [RefName]) -> Answer {
            do throws(OriginFailure) {
                let found =
                    if let line { try line.look(at: names) } else { try origin.tips(names) }
                isDown = false
                return .found(Dictionary(uniqueKeysWithValues: names.map { ($0, found[$0]) }))
            } catch {
                isDown = true
                return .lookFailed(error)
            }
        }

        private mutating func used() {
            lastUse = monotonicNanoseconds()
            warmUntil = .after(settings.warmFor)
            coldUntil = .after(.zero)
        }
    }
}

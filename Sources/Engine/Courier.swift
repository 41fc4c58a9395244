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
    private let warmth: Locked<Bool>
    private let thread: JoinedThread

    /// Whether a connection stood ready when last looked at.
    var isWarm: Bool { warmth.with { $0 } }

    /// - Parameters:
    ///   - answer: called on the courier's thread.
    ///   - note: takes what only a verbose log shows.
    ///   - alarm: takes what should not happen; the courier goes on.
    ///   - open: a libgit2 handle stays on one thread.
    init(
        gitdir: String, settings: Settings, answer: @escaping @Sendable (Int, Answer) -> Void,
        note: @escaping @Sendable (String) -> Void, alarm: @escaping @Sendable (String) -> Void,
        open: @escaping @Sendable (String) throws(Failure) -> Repository = {
            gitdir throws(Failure) in try Repository(known: gitdir)
        }
    ) throws(Failure) {
        let orders = try Mailbox<Order>()
        self.orders = orders
        let warmth = Locked(false)
        self.warmth = warmth
        thread = try JoinedThread {
            var settings = settings
            var isOver = false
            while !isOver {
                do throws(Failure) {
                    var round = Round(
                        try open(gitdir), settings: settings, note: note, warmth: warmth)
                    defer { settings = round.settings }
                    try round.serve(orders, answer)
                    isOver = true
                } catch {
                    // Whoever is not answered would wait for ever; who is, asks again after a while.
                    alarm("the work with origin failed, and begins anew: \(error.description)")
                    let failure = OriginFailure(.unknown, error)
                    isOver = Self.refuse(orders, failure, &settings, answer)
                }
            }
        }
    }

    deinit { orders.post(.stop) }

    private static let pauseWithoutPoll = Duration.seconds(1)

    /// Answers what comes next, or has come. True if that was to stop.
    private static func refuse(
        _ orders: Mailbox<Order>, _ failure: OriginFailure, _ settings: inout Settings,
        _ answer: (Int, Answer) -> Void
    ) -> Bool {
        if (try? wait(for: orders.descriptor, reading: true, until: .never)) == nil {
            pause(Self.pauseWithoutPoll)
        }
        for order in orders.take() {
            switch order {
            case .send: answer(settings.generation, .failed(failure))
            case .look: answer(settings.generation, .lookFailed(failure))
            case .settings(let changed): settings = changed
            case .stop: return true
            }
        }
        return false
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
        private let warmth: Locked<Bool>
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

        init(
            _ repository: Repository, settings: Settings,
            note: @escaping @Sendable (String) -> Void, warmth: Locked<Bool>
        ) {
            self.repository = repository
            self.settings = settings
            self.note = note
            self.warmth = warmth
            origin = Origin(repository: repository, settings: settings.origin)
            line = PushLine(origin)
            warmUntil = .after(settings.warmFor)
        }

        /// Does what it is told, until that is to stop.
        mutating func serve(_ orders: Mailbox<Order>, _ answer: (Int, Answer) -> Void)
            throws(Failure)
        {
            while true {
                try go(orders.descriptor)
                for order in orders.take() {
                    switch order {
                    case .send(let updates): answer(settings.generation, send(updates))
                    case .look(let names): answer(settings.generation, look(names))
                    case .settings(let settings): change(settings)
                    case .stop: return close()
                    }
                }
            }
        }

        private mutating func change(_ settings: Settings) {
            close()
            self.settings = settings
            origin = Origin(repository: repository, settings: settings.origin)
            line = PushLine(origin)
            (coldUntil, coldFor) = (.after(.zero), Self.firstCold)
            isDown = false
        }

        private func close() { line?.close() }

        /// Keeps the connection while there is nothing to do.
        private mutating func go(_ descriptor: Int32) throws(Failure) {
            while true {
                keepWarm()
                let isWarm = line?.isWarm ?? false
                warmth.with { $0 = isWarm }
                var requests = [PollRequest(descriptor, reading: true)] + (line?.interest ?? [])
                try wait(for: &requests, until: nextTurn)
                guard requests[0].readable else { continue }
                try? repository.forgetRemovedPacks()
                return
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
            guard !isDown, !warmUntil.hasPassed else { return }
            guard coldUntil.hasPassed else {
                // What ends over there would be readable for ever.
                try? line.attend()
                return
            }
            let wasWarm = line.isWarm
            do throws(OriginFailure) {
                try line.warm(for: settings.names)
                if line.isWarm, !wasWarm { lastUse = monotonicNanoseconds() }
                if line.isWarm { coldFor = Self.firstCold }
                // Where origin lets us have one service at a time, there is nothing to keep ready.
                if !line.isOpen { coldUntil = .after(Self.longestCold) }
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

        private mutating func send(_ updates: [RefUpdate]) -> Answer {
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

        private mutating func look(_ names: [RefName]) -> Answer {
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

// A push machine with its engine played by the test: a clock that is set, and what came out so far.

import EngineCore
import Model
import Testing

/// The id of a commit that exists in name only.
func commit(_ number: Int) -> ObjectID {
    let digits = String(number, radix: 16)
    return ObjectID(String(repeating: "0", count: 40 - digits.count) + digits) ?? .zero
}

func branch(_ name: String) -> RefName {
    guard let name = RefName(branch: name) else { preconditionFailure("\(name) is no branch") }
    return name
}

/// One machine, and its clock.
struct PushStage {
    var machine: PushMachine
    var now = Duration.zero
    /// What the last events led to.
    var last: [PushMachine.Action] = []
    /// When the alarm goes that was asked for last.
    private var wake: Duration?

    init(_ policy: PushPolicy = PushPolicy(), seed: UInt64 = 1) {
        machine = PushMachine(policy: policy, seed: seed)
    }

    /// A machine that knows `name`, at `tip` here and on origin.
    init(inSync name: RefName, at tip: ObjectID, _ policy: PushPolicy = PushPolicy()) {
        self.init(policy)
        tell(.local(name, tip), .sighted(name, Sighting(origin: tip, seen: tip)))
    }

    @discardableResult
    mutating func tell(_ events: PushMachine.Event...) -> [PushMachine.Action] {
        if let wake, wake <= now { self.wake = nil }
        last = machine.take(events, at: now)
        for case .wake(let time) in last { wake = time }
        return last
    }

    /// Lets time go on, and the alarm go.
    @discardableResult
    mutating func pass(_ time: Duration) -> [PushMachine.Action] {
        now += time
        return tell(.alarm)
    }

    // MARK: what came out last

    var sent: [RefUpdate]? {
        for case .send(let updates, attempt: _) in last { return updates }
        return nil
    }

    /// The time until the alarm goes.
    var alarm: Duration? { wake.map { $0 - now } }

    var notices: [PushMachine.Notice] {
        last.compactMap { action in
            if case .announce(let notice) = action { return notice }
            return nil
        }
    }

    var pushed: [RefUpdate] {
        notices.flatMap { notice -> [RefUpdate] in
            if case .push(let updates) = notice { return updates }
            return []
        }
    }

    /// Reasons of the loud errors.
    var errors: [PushFailureReason] {
        notices.compactMap { notice in
            if case .error(_, let trouble) = notice { return trouble.reason }
            return nil
        }
    }

    var retries: [(name: RefName?, wait: Duration, trouble: PushTrouble)] {
        notices.compactMap { notice in
            if case .retry(let name, let wait, let trouble) = notice {
                return (name, wait, trouble)
            }
            return nil
        }
    }

    var saves: [PushMachine.Action] {
        last.filter { if case .save = $0 { true } else { false } }
    }

    var looks: [RefName] {
        for case .look(let names) in last { return names }
        return []
    }

    var reconciles: [RefName] {
        last.compactMap { if case .reconcile(let name) = $0 { name } else { nil } }
    }

    func state(_ name: RefName) -> Watermark.State? { machine.watermark(of: name)?.state }
}

extension Duration {
    /// Whether it is a wait of `whole` with up to a fifth taken off.
    func isJittered(_ whole: Duration) -> Bool { self <= whole && self >= whole * 4 / 5 }
}

// The push machine: what happened → what is to be done, for all refs of one origin. Pure: time comes
// with each event, and chance from a seed. Engine's push service runs it; docs/push.md tells its rules.

import Model

/// Decides what is sent to one origin, when, and what is said about it.
public struct PushMachine: Sendable {
    /// May be changed at any time; counts from the next event on.
    public var policy: PushPolicy

    var refs: [RefName: RefPush] = [:]
    /// The refs that have something to do or to wait for: the others cost nothing.
    var active: Set<RefName> = []
    var now = Duration.zero
    var generator: SeededGenerator
    var actions: [Action] = []

    /// What was sent and is not answered: never more than one.
    var inFlight: Attempt?
    /// The refs that origin is asked about.
    var looking: Set<RefName> = []
    /// Failures of origin as a whole.
    var backoff = Backoff()
    /// The last of them that was said loud.
    var loud: PushFailureReason?
    /// The alarm that the engine holds.
    private var alarm: Duration?

    /// The branch of which a reconcile was asked for and has not ended.
    var asked: RefName?
    var reconciling: Set<RefName> = []
    /// When the last escapes were.
    var escapes: [Duration] = []
    public internal(set) var isStorming = false
    public private(set) var isDraining = false

    /// A command list on its way.
    struct Attempt: Sendable, Equatable {
        let updates: [RefUpdate]
        let number: Int
        private let names: Set<RefName>

        init(_ updates: [RefUpdate], number: Int) {
            (self.updates, self.number) = (updates, number)
            names = Set(updates.map(\.name))
        }

        func has(_ name: RefName) -> Bool { names.contains(name) }
    }

    public init(policy: PushPolicy = PushPolicy(), seed: UInt64) {
        self.policy = policy
        generator = SeededGenerator(seed: seed)
    }

    public mutating func take(_ event: Event, at time: Duration) -> [Action] {
        take([event], at: time)
    }

    /// Takes what has happened together, and gives what is to be done, in this order.
    ///
    /// - Parameter time: since the machine's start. One that lies before the last is taken for that.
    public mutating func take(_ events: [Event], at time: Duration) -> [Action] {
        now = max(now, time)
        if let alarm, alarm <= now { self.alarm = nil }
        actions = []
        for event in events { take(event) }
        for name in active.filter({ refs[$0]?.isStuck == true }).sorted() {
            declare(name)
            save(name)
        }
        reconcile()
        look()
        send()
        rest()
        wake()
        return actions
    }

    private mutating func take(_ event: Event) {
        switch event {
        case .local(let name, let tip):
            touch(name) { $0.move(to: tip) }
            if refs[name]?.isLacking == false { endIncident(name) }
        case .sighted(let name, let sighting): sighted(name, sighting)
        case .lookFailed(let reason, let text): lookFailed(reason, text)
        case .doubted(let name): if refs[name] != nil { touch(name) { $0.mustLook = true } }
        case .report(let results): report(results)
        case .failed(let reason, let text): failed(reason, text)
        case .alarm: break
        case .triggered: trigger()
        case .reconcileBegan(let name): reconcileBegan(name)
        case .reconcileEnded(let name, let end): reconcileEnded(name, end)
        case .saved(let name, let tip, let conflict): saved(name, tip, on: conflict)
        case .notSaved(let name, let tip, let text): notSaved(name, tip, text)
        case .drain:
            isDraining = true
            release()
        }
    }

    /// Changes what is known of a ref, which has something to do from now on.
    mutating func touch(_ name: RefName, _ change: (inout RefPush) -> Void) {
        change(&refs[name, default: RefPush(name)])
        active.insert(name)
    }

    /// How failures are retried now.
    var retry: RetryPolicy {
        isDraining ? policy.retry.shortened(to: policy.drainWait) : policy.retry
    }

    /// Somebody wants it now: nothing waits, and what was given up begins anew.
    private mutating func trigger() {
        release()
        isStorming = false
        escapes = []
        for name in active {
            refs[name]?.needsPerson = false
            if refs[name]?.obstacle == .nonFastForward { refs[name]?.mustLook = true }
        }
    }

    /// Ends every wait.
    private mutating func release() {
        backoff.release()
        for name in active {
            refs[name]?.backoff.release()
            refs[name]?.reconcileBackoff.release()
            refs[name]?.incident?.backoff.release()
        }
    }

    // MARK: what goes out

    private mutating func look() {
        guard !backoff.holds(at: now) else { return }
        let names = active.filter { name in
            guard let ref = refs[name], ref.needsLook, name != asked else { return false }
            return !looking.contains(name) && inFlight?.has(name) != true
        }
        guard !names.isEmpty else { return }
        looking.formUnion(names)
        actions.append(.look(names.sorted()))
    }

    private mutating func send() {
        guard inFlight == nil, !backoff.holds(at: now) else { return }
        let due = active.compactMap { refs[$0] }.filter { ref in
            ref.wantsSend && !ref.backoff.holds(at: now) && ref.name != asked
                // What it would be sent onto is being asked for.
                && !looking.contains(ref.name)
        }
        // Conflict branches first: they hold what no other ref of origin's may ever get.
        let ordered = due.sorted {
            $0.isConflict == $1.isConflict ? $0.name < $1.name : $0.isConflict
        }
        let updates = ordered.prefix(PushLimits.commands).compactMap { ref in
            ref.local.map { RefUpdate(ref.name, from: ref.originTip, to: $0) }
        }
        guard !updates.isEmpty else { return }
        let attempt = Attempt(updates, number: backoff.failures + 1)
        inFlight = attempt
        actions.append(.send(updates, attempt: attempt.number))
    }

    /// Lets go of what needs nothing more.
    private mutating func rest() {
        for name in active {
            guard let ref = refs[name], inFlight?.has(name) != true else { continue }
            if ref.local == nil, !ref.isReconciling, name != asked {
                endIncident(name)
                refs[name] = nil
                looking.remove(name)
                active.remove(name)
            } else if ref.isAtRest {
                active.remove(name)
                if ref.isConflict, !isKept(ref) { refs[name] = nil }
            }
        }
    }

    private mutating func wake() {
        let next = active.compactMap { refs[$0].flatMap(nextTime) }.min()
        guard let next, next != alarm else { return }
        alarm = next
        actions.append(.wake(at: next))
    }

    /// When something is to be done for a ref of which nothing is due now.
    private func nextTime(_ ref: RefPush) -> Duration? {
        var times: [Duration?] = []
        if ref.wantsSave { times.append(ref.incident?.backoff.due) }
        if asked == nil, wantsReconcile(ref) { times.append(ref.reconcileBackoff.due) }
        if ref.needsLook, !backoff.isStopped { times.append(backoff.due) }
        times.append(nextAttempt(ref))
        return times.compactMap { $0 }.filter { $0 > now }.min()
    }

    /// When a ref that wants to be sent may be; nil if it may be now, or if nothing is tried.
    func nextAttempt(_ ref: RefPush) -> Duration? {
        guard ref.wantsSend, !ref.backoff.isStopped, !backoff.isStopped else { return nil }
        let due = max(backoff.due ?? .zero, ref.backoff.due ?? .zero)
        return due > now ? due : nil
    }
}

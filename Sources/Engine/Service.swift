// The engine as a process that stays: sees refs move, asks the push machine, and has its actions
// carried out by the courier (what goes to origin) and the steward (what is done to the gitdir).
//
// This thread waits for nobody. ServiceActions.swift holds what is done for the machine.

import EngineCore
import Git
import Model
import POSIX

/// A gitdir's push service, from its start to its end.
public final class Service {
    /// What the other threads tell this one.
    enum Message: Sendable {
        /// Of the origin that had this number.
        case answer(Int, Courier.Answer)
        case reconciled(RefName, ReconcileReport)
        case saved(RefName, ObjectID, Result<RefName?, Failure>)
        /// With what could not be written down.
        case settled([RefName: RefUpdate])
        case asked(@Sendable (Service, inout [PushMachine.Event]) -> Void)
    }

    /// The real path of the gitdir.
    public let gitdir: String
    let repository: Repository
    let environment: Environment
    let log: @Sendable (LogEntry) -> Void
    private let flags: [String: String]
    private let start = monotonicNanoseconds()
    /// One service a gitdir; the lock that each piece of work takes is another.
    private let claim: ExclusiveLock

    var settings: ServiceSettings
    var machine: PushMachine
    let mailbox: Mailbox<Message>
    let stewardLane: Lane
    let hookLane: Lane
    /// Hooks that run or wait for others to end, of which there may be so many.
    let hooksWaiting = Locked(0)
    /// Hooks, and tips that are to be kept: what an end waits for.
    let errands = Locked(0)
    static let hooksWaitingAtMost = 1000
    var courier: Courier?
    /// Counts the origins that there have been: what one has said does not count for the next.
    private(set) var generation = 0
    private let watch: RefWatch

    /// The tips of what is looked after, as they were last seen.
    private(set) var tips: [RefName: ObjectID] = [:]
    /// Conflict branches that are on their way to origin.
    var conflicts: Set<RefName> = []
    /// What origin has confirmed and no ref here says yet.
    var unsettled: [RefName: RefUpdate] = [:]
    var isSettling = false
    /// After a failure it is not tried again at once.
    var settleFrom = Deadline.after(.zero)
    static let settlePause = Duration.seconds(1)
    /// The last reconcile of each branch.
    var reports: [RefName: ReconcileReport] = [:]
    var hasReconciled: Set<RefName> = []
    /// Branches whose first reconcile has not come to its end: origin was not reached yet.
    var unreconciled: Set<RefName> = []
    /// Who asked for a reconcile that has not ended.
    var askers: [RefName: [@Sendable (ReconcileReport) -> Void]] = [:]
    var waiters: [FlushWaiter] = []
    let replacements: Replacements
    private var alarm = Deadline.never
    private var nextLook: Deadline
    private var nextOriginCheck: Deadline
    /// Whether origin was asked where it is and has not answered.
    var isLooking = false
    private var lastMove = Deadline.after(.zero)
    private var drainEnd: Deadline?

    /// The file that says that a service runs, by being locked.
    static let claimName = "git-pod-serve.lock"

    /// Opens the gitdir at `path`. ``run(signals:)`` does the rest.
    ///
    /// - Throws: ``Failure``, of kind `configuration` for a gitdir, branch or setting that cannot be.
    public init(
        path: String, flags: [String: String], environment: Environment,
        log: @escaping @Sendable (LogEntry) -> Void
    ) throws(Failure) {
        repository = try Repository(path: path)
        gitdir = repository.path
        self.flags = flags
        self.environment = environment
        self.log = log
        settings = try ServiceSettings(
            gitdir: gitdir, flags: flags, environment: environment,
            note: { log(LogEntry(.debug, "origin", $0)) })
        guard
            let claim = try ExclusiveLock(
                "\(gitdir)/\(Self.claimName)", until: .after(.seconds(1)))
        else {
            throw Failure(
                .failed, "an engine runs for \(gitdir) already",
                hint: "see who it is with fuser \(gitdir)/\(Self.claimName)")
        }
        self.claim = claim
        replacements = Replacements(gitdir: gitdir)
        machine = PushMachine(policy: settings.policy, seed: start)
        mailbox = try Mailbox()
        stewardLane = try Lane()
        hookLane = try Lane()
        watch = try RefWatch(gitdir: gitdir)
        nextLook = .after(settings.recheck)
        nextOriginCheck = .after(settings.originCheck)
    }

    /// Time since the service's start, as the machine counts it.
    var now: Duration { .nanoseconds(monotonicNanoseconds() - start) }

    var steward: Steward {
        let log = log
        return Steward(
            gitdir: gitdir, settings: settings.settings, environment: environment,
            note: { log(LogEntry(.info, "reconcile", $0)) })
    }

    // MARK: the loop

    /// Serves until a signal ends it.
    ///
    /// - Parameter signals: those that mean something here.
    /// - Returns: the refs whose tips origin lacks.
    public func run(signals: SignalWaker) throws(Failure) -> [Watermark] {
        for warning in settings.settings.warnings { log(LogEntry(.warning, "config", warning)) }
        try begin()
        while true {
            var requests = [watch.descriptor, mailbox.descriptor, signals.descriptor].map {
                PollRequest($0, reading: true)
            }
            try wait(for: &requests, until: nextTurn)
            try? repository.forgetRemovedPacks()
            var events: [PushMachine.Event] = []
            if requests[0].readable { try seen(watch.changes(), &events) }
            if requests[1].readable { for message in mailbox.take() { take(message, &events) } }
            if requests[2].readable {
                for signal in signals.arrived() where try !take(signal, &events) {
                    return machine.lacking
                }
            }
            try lookAround(&events)
            act(on: events)
            settle()
            answerWaiters()
            if hasDrained { return machine.lacking }
        }
    }

    private var nextTurn: Deadline {
        var next = min(alarm, nextLook, waiters.map(\.deadline).min() ?? .never)
        if settings.origin != nil { next = min(next, nextOriginCheck) }
        if !unsettled.isEmpty, !isSettling { next = min(next, settleFrom) }
        if let drainEnd {
            next = min(next, drainEnd)
            if machine.isQuiet, isWrittenDown {
                next = min(next, lastMove.later(by: settings.drainQuiet))
            }
        }
        return next
    }

    private func begin() throws(Failure) {
        let origin = settings.origin?.url.description ?? "none: commits are on this volume only"
        log(LogEntry(.info, "start", "serving \(gitdir), origin \(origin)"))
        var events: [PushMachine.Event] = []
        try lookAtEverything(&events)
        try connect()
        try takeUp(&events)
        act(on: events)
    }

    /// Tells the machine, which knows nothing yet, of all there is, and has it reconciled.
    private func takeUp(_ events: inout [PushMachine.Event]) throws(Failure) {
        events += tips.sorted { $0.key < $1.key }.map { .local($0.key, $0.value) }
        for mark in try attempt({ () throws(GitError) in
            try self.repository.references(under: IncidentName.pending)
        }) {
            guard let name = IncidentName.conflictBranch(ofMark: mark.name) else { continue }
            conflicts.insert(name)
            events.append(.local(name, mark.target))
        }
        for name in tips.keys.sorted() where settings.origin != nil {
            reconcile(name, &events)
        }
    }

    /// Gives the machine what happened, and does what it wants.
    private func act(on events: [PushMachine.Event]) {
        guard settings.origin != nil, !events.isEmpty else { return }
        for action in machine.take(events, at: now) {
            if case .wake(let time) = action {
                alarm = .after(time - now)
            } else {
                carryOut(action)
            }
        }
    }

    // MARK: what happens

    private func seen(_ change: RefWatch.Change?, _ events: inout [PushMachine.Event])
        throws(Failure)
    {
        switch change {
        case nil: return
        case .everything: try lookAtEverything(&events)
        case .refs(let names):
            let head = try head
            for name in names where tips[name] != nil || settings.watches(name, head: head) {
                look(at: name, &events)
            }
        }
    }

    /// What is due by the clock.
    private func lookAround(_ events: inout [PushMachine.Event]) throws(Failure) {
        if alarm.hasPassed {
            alarm = .never
            events.append(.alarm)
        }
        if nextLook.hasPassed {
            nextLook = .after(settings.recheck)
            try watch.repair()
            try lookAtEverything(&events)
        }
        if nextOriginCheck.hasPassed {
            nextOriginCheck = .after(settings.originCheck)
            // One that waits for the last would wait behind it for every later push.
            if drainEnd == nil, !tips.isEmpty, !isLooking {
                isLooking = true
                courier?.look(tips.keys.sorted())
            }
        }
    }

    /// The branch that HEAD stands on; nil where branches are given by name.
    var head: RefName? {
        get throws(Failure) {
            guard settings.patterns == nil else { return nil }
            return try attempt { () throws(GitError) in try self.repository.headBranch() }
        }
    }

    private func lookAtEverything(_ events: inout [PushMachine.Event]) throws(Failure) {
        var names = Set(tips.keys)
        // A branch that HEAD has left may have commits that origin lacks.
        if let head = try head { names.insert(head) }
        for pattern in settings.patterns ?? [] {
            if let branch = pattern.branch {
                names.insert(branch)
            } else {
                let found = try attempt { () throws(GitError) in
                    try self.repository.references(under: pattern.folder)
                }
                names.formUnion(found.map(\.name).filter(pattern.matches))
            }
        }
        for name in Set(tips.keys).subtracting(names) { forget(name, &events) }
        for name in names.sorted() { look(at: name, &events) }
    }

    private func look(at name: RefName, _ events: inout [PushMachine.Event]) {
        // What cannot be read now is told of again when it can.
        guard let tip = try? repository.target(of: name) else { return forget(name, &events) }
        let old = tips[name]
        guard tip != old else { return }
        tips[name] = tip
        lastMove = .after(.zero)
        events.append(.local(name, tip))
        if let old { keep(old, leftBy: name, for: tip) }
    }

    private func forget(_ name: RefName, _ events: inout [PushMachine.Event]) {
        guard let old = tips.removeValue(forKey: name) else { return }
        lastMove = .after(.zero)
        events.append(.local(name, nil))
        keep(old, leftBy: name, for: nil)
    }

    // MARK: signals

    /// Takes a signal. False if the service is to end at once.
    private func take(_ signal: Int32, _ events: inout [PushMachine.Event]) throws(Failure) -> Bool
    {
        if signal == Signals.hangUp {
            reload(&events)
            return true
        }
        guard drainEnd == nil else { return false }
        drainEnd = .after(settings.drainTimeout)
        log(LogEntry(.info, "drain", "ending as soon as origin has everything"))
        events.append(.drain)
        return true
    }

    var isDraining: Bool { drainEnd != nil }

    private var hasDrained: Bool {
        guard let drainEnd else { return false }
        if drainEnd.hasPassed { return true }
        return (machine.isQuiet || settings.origin == nil) && isWrittenDown
            && lastMove.later(by: settings.drainQuiet).hasPassed
    }

    /// Whether refs here say what origin has confirmed, what was left behind is kept, and hooks have run.
    private var isWrittenDown: Bool {
        unsettled.isEmpty && !isSettling && errands.with { $0 } == 0
    }

    private func reload(_ events: inout [PushMachine.Event]) {
        let log = log
        let former = settings.origin?.url.description
        do throws(Failure) {
            settings = try ServiceSettings(
                gitdir: gitdir, flags: flags, environment: environment,
                note: { log(LogEntry(.debug, "origin", $0)) })
            machine.policy = settings.policy
            try lookAtEverything(&events)
            if settings.origin?.url.description != former { try startOver(&events) }
            try connect()
            events.append(.triggered)
            log(LogEntry(.info, "reload", "the configuration was read again"))
        } catch {
            log(LogEntry(.error, "reload", "the old configuration stays: \(error.description)"))
        }
    }

    /// Origin is another one: nothing that is known of the last is true of it.
    private func startOver(_ events: inout [PushMachine.Event]) throws(Failure) {
        generation += 1
        machine = PushMachine(policy: settings.policy, seed: monotonicNanoseconds())
        alarm = .never
        (conflicts, hasReconciled, isLooking) = ([], [], false)
        if isDraining { events.append(.drain) }
        try takeUp(&events)
    }

    /// Gives the courier its settings, or takes it on.
    private func connect() throws(Failure) {
        guard let origin = settings.origin else { return }
        let orders = Courier.Settings(
            origin: origin, names: tips.keys.sorted(), warmFor: settings.warmFor,
            generation: generation)
        if let courier { return courier.change(orders) }
        let (mailbox, log) = (mailbox, log)
        courier = try Courier(
            gitdir: gitdir, settings: orders, answer: { mailbox.post(.answer($0, $1)) },
            note: { log(LogEntry(.debug, "origin", $0)) })
    }
}

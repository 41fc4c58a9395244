// The engine as a process that stays: sees refs move, asks the push machine, and has its actions
// carried out by the courier (what goes to origin) and the steward (what is done to the gitdir).
//
// This thread waits for nobody. ServiceLooks.swift holds what it looks at, ServiceActions.swift what is
// done for the machine, ServiceSignals.swift what signals do, ServiceControl.swift what it is asked.

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
        /// Of the origin that had this number.
        case reconciled(Int, RefName, ReconcileReport)
        /// Of the origin that had this number.
        case surveyed(Int, Survey)
        case saved(RefName, ObjectID, Result<RefName?, Failure>)
        /// Of the origin that had this number: what could not be written down, and why.
        case settled(Int, [RefUpdate], [RefName: String])
        case asked(@Sendable (Service, inout [PushMachine.Event]) -> Void)
    }

    /// The real path of the gitdir.
    public let gitdir: String
    let repository: Repository
    let environment: Environment
    let log: @Sendable (LogEntry) -> Void
    let flags: [String: String]
    private let start = monotonicNanoseconds()
    /// One service a gitdir; the lock that each piece of work takes is another.
    private let claim: ExclusiveLock

    var settings: ServiceSettings
    var machine: PushMachine
    let mailbox: Mailbox<Message>
    let stewardLane: Lane
    let hookLane: Lane
    let statusLane: Lane
    let lags = Locked(Lags())
    /// What those have been in the last hour.
    let lagHistory = Locked(LagHistory())
    /// Hooks that run or wait for others to end, of which there may be so many.
    let hooksWaiting = Locked(0)
    /// Hooks, and tips that are to be kept: what an end waits for.
    let errands = Locked(0)
    static let hooksWaitingAtMost = 1000
    var courier: Courier?
    /// Counts the origins that there have been: what one has said does not count for the next.
    var generation = 0
    /// Whether origin is the one that is remembered here, or was found to go on from that.
    var isAdopted = true
    /// Branches whose reconcile may adopt it.
    var adopting: Set<RefName> = []
    /// What waits for that to be looked at.
    var heldLooks: Set<RefName> = []
    let watch: RefWatch
    var upkeep = UpkeepStanding()
    /// Works only while a round lasts.
    var upkeepThread: JoinedThread?
    let sideWorkEnds = Locked(false)
    var nextUpkeep: Deadline
    /// Nil: none is asked for.
    var checkout: CheckoutStanding?
    /// Works only while one is written, or taken away.
    var checkoutThread: JoinedThread?
    /// Until when one that is due waits for a moment without a push; nil: none is due.
    var upkeepPatience: Deadline?

    /// The tips of what is looked after, as they were last seen.
    var tips: [RefName: ObjectID] = [:]
    /// The same of decision logs, where they are sent.
    var logs: [RefName: ObjectID] = [:]
    /// What is sent to origin.
    var sentRefs: Set<RefName> { Set(tips.keys).union(logs.keys) }
    /// Branches that are there and cannot be read.
    var unreadable: Set<RefName> = []
    /// The same of names that cannot be told here.
    var nameless: Set<String> = []
    /// Symbolic branches, and what they stand for.
    var aliases: [RefName: RefName] = [:]
    /// Conflict branches that are on their way to origin.
    var conflicts: Set<RefName> = []
    /// What origin has confirmed and no ref here says yet.
    var unsettled: [RefName: RefUpdate] = [:]
    /// What of that is being written.
    var settling: Set<RefName> = []
    /// After a failure it is not tried again at once.
    var settleFrom = Deadline.after(.zero)
    /// Why not: said once, however often it is tried.
    var settleTroubles: [RefName: String] = [:]
    static let settlePause = Duration.seconds(1)
    /// The last reconcile of each branch.
    var reports: [RefName: ReconcileReport] = [:]
    var hasReconciled: Set<RefName> = []
    /// Branches whose first reconcile has not ended at all.
    var beginning: Set<RefName> = []
    /// What metrics count.
    var tally = Tally()
    /// Webhooks that wait for a reconcile.
    var reloads: [RefName: Reload] = [:]
    /// The application's own lock, while it has or awaits it.
    var heldLock: HeldLock?
    /// Branches whose first reconcile has not come to its end: origin was not reached yet.
    var unreconciled: Set<RefName> = []
    /// Why origin cannot be reached; nil once it answers.
    var originTrouble: OriginTrouble?
    /// Who asked for a reconcile that has not ended.
    var askers: [RefName: [@Sendable (ReconcileReport?) -> Void]] = [:]
    var waiters: [FlushWaiter] = []
    var pushes: [PushWaiter] = []
    /// How many refs the last push was for.
    var refsUnderWay = 0
    /// When the last push began.
    var sentAt = Duration.zero
    let replacements: Replacements
    var alarm = Deadline.never
    var nextLook: Deadline
    var nextSample = Deadline.after(.zero)
    var nextOriginCheck: Deadline
    /// Spreads those over time.
    var originChecks: Spread
    /// Branches whose tips on origin are being fetched.
    var fetching: Set<RefName> = []
    /// Whether origin was asked where it is and has not answered.
    var isLooking = false
    var lastMove = Deadline.after(.zero)
    var drainEnd: Deadline?
    /// Who is told how it stands; nil: nobody wants to be.
    private(set) var supervisor: Supervisor?

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
        statusLane = try Lane()
        watch = try RefWatch(gitdir: gitdir)
        nextLook = .after(settings.recheck)
        nextUpkeep = .after(settings.upkeepCheck)
        originChecks = Spread(seed: .random(in: 0 ... .max))
        nextOriginCheck = .after(originChecks.first(of: settings.originCheck))
    }

    /// Time since the service's start, as the machine counts it.
    var now: Duration { .nanoseconds(monotonicNanoseconds() - start) }

    var steward: Steward {
        let log = log
        return Steward(
            gitdir: gitdir, settings: settings.settings, environment: environment,
            note: { log(LogEntry(.info, "reconcile", $0)) },
            tellAdopted: { log(LogEntry(.info, "adopted", $0)) })
    }

    // MARK: the loop

    /// Serves until a signal ends it.
    ///
    /// - Parameters:
    ///   - signals: those that mean something here.
    ///   - supervisor: whom to tell how it stands.
    /// - Returns: the refs whose tips origin lacks.
    public func run(
        signals: SignalWaker, supervisor: Supervisor? = nil
    ) throws(Failure) -> [Watermark] {
        self.supervisor = supervisor
        for warning in settings.settings.warnings { log(LogEntry(.warning, "config", warning)) }
        try begin()
        while true {
            tellSupervisor()
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
                    return try whatIsLeft()
                }
            }
            try lookAround(&events)
            act(on: events)
            keepUp()
            publish()
            settle()
            answerWaiters()
            answerPushes()
            if hasDrained { return try whatIsLeft() }
        }
    }

    private var nextTurn: Deadline {
        var next = min(
            alarm, nextLook, nextUpkeep, upkeepTurn, checkoutTurn,
            waiters.map(\.deadline).min() ?? .never)
        if settings.origin != nil { next = min(next, nextOriginCheck, nextSample) }
        if let supervisor { next = min(next, supervisor.nextBeat) }
        if !unsettled.isEmpty, settling.isEmpty, !isSettlingLater { next = min(next, settleFrom) }
        if let drainEnd {
            next = min(next, drainEnd)
            // A lock grows old by itself.
            if !unsettled.isEmpty || !settling.isEmpty { next = min(next, .after(.seconds(1))) }
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
        if settings.origin != nil { beginning = Set(tips.keys) }
        act(on: events)
    }

    /// Tells the machine, which knows nothing yet, of all there is, and has it reconciled.
    func takeUp(_ events: inout [PushMachine.Event]) throws(Failure) {
        let sent = tips.merging(logs) { tip, _ in tip }
        events += sent.sorted { $0.key < $1.key }.map { .local($0.key, $0.value) }
        for mark in try attempt({ () throws(GitError) in
            try self.repository.references(under: IncidentName.pending)
        }) {
            guard let name = IncidentName.conflictBranch(ofMark: mark.name) else { continue }
            conflicts.insert(name)
            events.append(.local(name, mark.target))
        }
        guard let origin = settings.origin else { return }
        isAdopted = KnownOrigin(gitdir: gitdir).isAdopted(origin.url)
        if !isAdopted { adopting = Set(tips.keys) }
        reconcile(tips.keys.sorted(), &events)
    }

    /// Gives the machine what happened, and does what it wants.
    func act(on events: [PushMachine.Event]) {
        guard settings.origin != nil, !events.isEmpty else { return }
        for action in machine.take(events, at: now) {
            if case .wake(let time) = action {
                alarm = .after(time - now)
            } else {
                carryOut(action)
            }
        }
    }
}

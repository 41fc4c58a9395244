// What signals make of the push service: an end when origin has everything, or other settings. Its loop
// calls this.

import EngineCore
import Git
import Model
import POSIX

extension Service {
    /// Takes a signal. False if the service is to end at once.
    func take(_ signal: Int32, _ events: inout [PushMachine.Event]) throws(Failure) -> Bool {
        if signal == Signals.hangUp {
            guard let supervisor else {
                reload(&events)
                return true
            }
            supervisor.reload { reload(&events) }
            return true
        }
        guard drainEnd == nil else { return false }
        supervisor?.ending()
        drainEnd = .after(settings.drainTimeout)
        // The application, which is told at the same time, is given as long as after a commit.
        lastMove = .after(.zero)
        sideWorkEnds.with { $0 = true }
        log(LogEntry(.info, "drain", "ending as soon as origin has everything"))
        events.append(.drain)
        return true
    }

    var isDraining: Bool { drainEnd != nil }

    var hasDrained: Bool {
        guard let drainEnd else { return false }
        if drainEnd.hasPassed { return true }
        return (machine.isQuiet || settings.origin == nil) && isWrittenDown
            && lastMove.later(by: settings.drainQuiet).hasPassed
    }

    /// The refs whose tips origin lacks, at the end.
    ///
    /// - Throws: ``Failure`` if nobody can tell.
    func whatIsLeft() throws(Failure) -> [Watermark] {
        let dropped = machine.watermarks.filter { $0.state == .originMoved }
            .map(withoutDropped).filter(\.isLacking)
        let lacking = (machine.lacking.map(withoutDropped) + dropped).filter { mark in
            // One that was moved back here is on origin, though not as a tip.
            guard let tip = mark.local, let there = mark.origin else { return true }
            return !holds(there, tip)
        }
        guard lacking.isEmpty else {
            return isAdopted ? lacking.map { $0.remembering(repository) } : lacking
        }
        _ = try head
        if let name = Set(unreadable.map(\.description)).union(nameless).sorted().first {
            throw Failure(
                .failed, "cannot read \(name), so nobody can say whether origin has it",
                hint: "see git -C \(gitdir) for-each-ref")
        }
        return []
    }

    /// Whether refs here say what origin has confirmed, as far as nobody has locked them, what was left
    /// behind is kept, and hooks have run.
    var isWrittenDown: Bool {
        errands.with { $0 } == 0 && settling.union(unsettled.keys).allSatisfy(isLocked)
    }

    /// Whether a lock is in the way of what is to be written down of a branch, and not for a moment. The
    /// next start finds out by itself what origin has.
    private func isLocked(_ name: RefName) -> Bool {
        let remote = settings.settings.remote
        return [name.seen, name.tracking(remote: remote), IncidentName.pendingMark(of: name)]
            .compactMap { $0.flatMap { BranchStatus.BlockingLock(on: $0, in: gitdir) } }
            .contains { $0.ageSeconds >= Self.oldLock }
    }

    private static let oldLock: Int64 = 2

    /// What only a start reads.
    private static let fixedSettings = ["listen", "listenPublic", "webhookSecretFile"]

    private func reload(_ events: inout [PushMachine.Event]) {
        let log = log
        let (former, formerCheck) = (settings.origin?.url.description, settings.originCheck)
        let formerSettings = settings.settings
        do throws(Failure) {
            settings = try ServiceSettings(
                gitdir: gitdir, flags: flags, environment: environment,
                note: { log(LogEntry(.debug, "origin", $0)) })
            machine.policy = settings.policy
            if !upkeep.isRunning { nextUpkeep = .after(settings.upkeepCheck) }
            if settings.originCheck != formerCheck {
                nextOriginCheck = .after(originChecks.first(of: settings.originCheck))
            }
            try lookAtEverything(&events)
            if settings.origin?.url.description != former { try startOver(&events) }
            try connect()
            events.append(.triggered)
            log(LogEntry(.info, "reload", "the configuration was read again"))
            for name in Self.fixedSettings
            where settings.settings.value(name)?.text != formerSettings.value(name)?.text {
                let text = "\(name) is another one now, and that counts from the next start"
                log(LogEntry(.warning, "reload", text))
            }
        } catch {
            log(LogEntry(.error, "reload", "the old configuration stays: \(error.description)"))
        }
    }

    /// Branches that were named and are not any more are no longer looked after, once origin has all of
    /// them.
    func forgetUnwatched(_ events: inout [PushMachine.Event]) {
        guard settings.patterns != nil else { return }
        for name in tips.keys where !settings.watches(name, head: nil) {
            guard !aliases.values.contains(name),
                machine.watermark(of: name)?.isLacking == false
            else { continue }
            tips[name] = nil
            log(LogEntry(.info, "watch", "\(name) is no longer looked after"))
            events.append(.local(name, nil))
        }
    }

    /// Origin is another one: nothing that is known of the last is true of it.
    private func startOver(_ events: inout [PushMachine.Event]) throws(Failure) {
        generation += 1
        machine = PushMachine(policy: settings.policy, seed: monotonicNanoseconds())
        alarm = .never
        (conflicts, hasReconciled, isLooking) = ([], [], false)
        originTrouble = nil
        // What the last one has confirmed says nothing of this one.
        (unsettled, settleTroubles, heldLooks, adopting) = ([:], [:], [], [])
        answerOfFormer()
        if isDraining { events.append(.drain) }
        try takeUp(&events)
    }

    /// Gives the courier its settings, or takes it on.
    func connect() throws(Failure) {
        guard let origin = settings.origin else { return }
        let orders = Courier.Settings(
            origin: origin, names: sentRefs.sorted(),
            warmFor: settings.warmFor,
            generation: generation)
        if let courier { return courier.change(orders) }
        let (mailbox, log) = (mailbox, log)
        courier = try Courier(
            gitdir: gitdir, settings: orders, answer: { mailbox.post(.answer($0, $1)) },
            note: { log(LogEntry(.debug, "origin", $0)) },
            alarm: { log(LogEntry(.error, "origin", $0)) })
    }
}

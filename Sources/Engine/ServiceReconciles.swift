// The push service's reconciles: done by its steward, and told to the log, to whoever has asked, and to
// the machine. Its loop, its machine and its control API ask for them.

import EngineCore
import Git
import Model
import POSIX

extension Service {
    /// Reconciles a branch on the steward's lane.
    func reconcile(_ name: RefName) {
        let (steward, mailbox, generation) = (steward, mailbox, generation)
        stewardLane.add { mailbox.post(.reconciled(generation, name, steward.reconcile(name))) }
    }

    /// The same when somebody has asked for it. Until its turn comes the branch is pushed as ever: an
    /// application may keep reconciles away for long.
    ///
    /// - Parameter ended: what else is to be done with what came of it.
    func reconcileInTurn(
        _ name: RefName,
        ended: @escaping @Sendable (Service, ReconcileReport) -> Void = { _, _ in }
    ) {
        let (steward, mailbox, generation) = (steward, mailbox, generation)
        stewardLane.add {
            let report = steward.reconcile(name) {
                mailbox.post(
                    .asked { service, events in
                        guard generation == service.generation else { return }
                        events.append(.reconcileBegan(name))
                    })
            }
            mailbox.post(.reconciled(generation, name, report))
            mailbox.post(
                .asked { service, _ in
                    guard generation == service.generation else { return }
                    ended(service, report)
                })
        }
    }

    /// Reconciles branches of which nothing is known yet. Origin is asked once for many of them; one is
    /// asked for by its reconcile itself.
    func reconcile(_ names: [RefName], _ events: inout [PushMachine.Event]) {
        events += names.map { .reconcileBegan($0) }
        guard names.count > 1 else {
            for name in names { reconcile(name) }
            return
        }
        let (steward, mailbox, generation) = (steward, mailbox, generation)
        stewardLane.add { mailbox.post(.surveyed(generation, steward.survey(names))) }
    }

    // MARK: what came of them

    func surveyed(_ survey: Survey, _ events: inout [PushMachine.Event]) {
        if let failure = survey.failure {
            let text = "\(survey.reports.count) branches: \(failure.description)"
            log(LogEntry(.error, "reconcile", text))
        }
        for report in survey.reports {
            guard let name = RefName(branch: report.branch) else { continue }
            if survey.failure == nil { log(report) }
            settled(name, report, &events)
        }
        for name in survey.rest { reconcile(name) }
    }

    func reconciled(
        _ name: RefName, _ report: ReconcileReport, _ events: inout [PushMachine.Event]
    ) {
        for reply in askers.removeValue(forKey: name) ?? [] { reply(report) }
        log(report)
        settled(name, report, &events)
    }

    private func settled(
        _ name: RefName, _ report: ReconcileReport, _ events: inout [PushMachine.Event]
    ) {
        reports[name] = report
        beginning.remove(name)
        tally.reconciled(name, report, at: now)
        // Another git-pod may have had the lock: then nothing has been decided either.
        if report.outcome == .fetchFailed || report.sighting == nil {
            if !hasReconciled.contains(name) { unreconciled.insert(name) }
        } else if report.outcome != nil {
            hasReconciled.insert(name)
        }
        // The application may have gone on since: what counts is where the branch is now.
        let local = try? repository.target(of: name)
        events.append(
            .reconcileEnded(
                name,
                ReconcileEnd(
                    outcome: report.outcome, escaped: report.conflictBranch != nil, local: local,
                    sighting: report.sighting)))
        takeConflict(of: report, &events)
        adopting.remove(name)
        if !isAdopted { lookWhetherAdopted(after: report, &events) }
    }

    /// A conflict branch is on its way, if the reconcile has made one.
    func takeConflict(of report: ReconcileReport, _ events: inout [PushMachine.Event]) {
        guard let conflict = report.conflictBranch.flatMap(RefName.init(branch:)),
            let mark = IncidentName.pendingMark(of: conflict),
            let tip = try? repository.target(of: mark)
        else { return }
        conflicts.insert(conflict)
        events.append(.local(conflict, tip))
    }

    private func log(_ report: ReconcileReport) {
        let level: LogEntry.Level = report.failure == nil ? .info : .error
        let text = report.line ?? report.failure?.description ?? "nothing to do"
        log(LogEntry(level, "reconcile", text, [("report", report.json)]))
    }
}

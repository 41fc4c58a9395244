// What the push service makes known of its machine's notices: to the log, and to hooks.

import EngineCore
import Model
import POSIX

extension Service {
    func announce(_ notice: PushMachine.Notice) {
        switch notice {
        case .push(let updates):
            for update in updates {
                unsettled[update.name] = update
                tally.pushed(update.name, update.new, at: now)
                let members: [(name: String, value: JSON)] = [
                    ("ref", .string(update.name.description)),
                    ("oldCommit", update.old.map { .string($0.description) } ?? .null),
                    ("newCommit", .string(update.new.description)),
                ]
                let text = "origin has \(update.name) at \(update.new.short)"
                log(LogEntry(.info, "push", text, members))
                if update.name.branch != nil { tell(.pushed, report(on: update).json) }
            }
        case .retry(let name, let wait, let trouble):
            if name == nil {
                originTrouble = OriginTrouble(trouble: trouble, nextAttempt: now + wait)
            }
            let what = name.map { "\($0)" } ?? "origin"
            let text = "\(what) again in \(wait.spoken): \(trouble.text)"
            log(LogEntry(.warning, "retry", text, trouble.members(name)))
        case .error(let name, let trouble):
            if name == nil { originTrouble = OriginTrouble(trouble: trouble) }
            log(LogEntry(.error, "error", trouble.text, trouble.members(name)))
        case .saved(let branch, let tip, let conflict):
            conflicts.remove(conflict)
            tally.saves += 1
            unsettled[conflict] = RefUpdate(conflict, from: nil, to: tip)
            let what = branch.map { "\($0)'s " } ?? ""
            let text = "origin has \(what)\(tip.short) on \(conflict)"
            let members: [(name: String, value: JSON)] = [
                ("ref", branch.map { .string($0.description) } ?? .null),
                ("conflictBranch", .string(conflict.description)),
                ("newCommit", .string(tip.description)),
            ]
            log(LogEntry(.warning, "saved", text, members))
        case .stopped(.maxRetries(let name)):
            if name == nil { originTrouble?.nextAttempt = nil }
            let what = name.map { "\($0)" } ?? "origin"
            log(LogEntry(.error, "stopped", "\(what) is not tried again until somebody asks"))
        case .stopped(.escapeStorm):
            let text = "too many conflicts in a short time: no more reconciles until somebody asks"
            log(LogEntry(.error, "stopped", text))
        }
    }

    /// What `git pod push` would print.
    private func report(on update: RefUpdate) -> PushReport {
        var report = PushReport(branch: update.name.branch ?? "")
        (report.oldCommit, report.newCommit) = (update.old, update.new)
        (report.pushed, report.durable) = (true, true)
        report.pending = conflicts.compactMap(\.branch).sorted()
        report.duration = now - sentAt
        return report
    }

    /// Runs a hook, unless the last ones still run: what a hook is told stands in status, too.
    private func tell(_ name: Hooks.Name, _ told: JSON) {
        let hooks = Hooks(gitdir: gitdir, settings.settings, environment)
        guard hooks.isThere(name) else { return }
        let (log, waiting) = (log, hooksWaiting)
        guard
            waiting.with({
                $0 += 1
                return $0
            }) <= Self.hooksWaitingAtMost
        else {
            waiting.with { $0 -= 1 }
            return log(LogEntry(.warning, "hook", "\(name.rawValue) is not run: too many wait"))
        }
        let ended = errand()
        hookLane.add {
            defer { ended() }
            if let trouble = hooks.run(name, told) { log(LogEntry(.warning, "hook", trouble)) }
            waiting.with { $0 -= 1 }
        }
    }
}

extension PushTrouble {
    fileprivate func members(_ name: RefName?) -> [(name: String, value: JSON)] {
        [
            ("ref", name.map { .string($0.description) } ?? .null),
            ("reason", .string(reason.rawValue)), ("attempt", .integer(attempt)),
        ]
    }
}

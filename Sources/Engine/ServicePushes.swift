// A push that somebody asks a running engine for: tried at once, and answered with what came of that
// try. `git pod push` asks for it; what it prints is the same with an engine and without.

import EngineCore
import Git
import Model
import POSIX

/// Somebody who waits for what comes of a push.
struct PushWaiter {
    let name: RefName
    /// When it was asked for, as the machine counts.
    let since: Duration
    var report: PushReport
    /// Whether origin has said since then where the branch is.
    var isLooked = false
    /// Whether something of the branch was sent since then.
    var isSent = false
    let reply: @Sendable (PushReport?) -> Void
}

extension Service {
    /// Has a branch looked at over there, and sent.
    func push(
        _ branch: String?, _ events: inout [PushMachine.Event],
        _ reply: @escaping @Sendable (PushReport?) -> Void
    ) {
        do throws(Failure) {
            let name = try meant(branch)
            // What nothing has told of yet counts, too.
            look(at: name, &events)
            guard tips[name] != nil else {
                throw Failure(.failed, "\(gitdir) has no branch \(name.branch ?? "")")
            }
            events.append(.triggered)
            self.look([name])
            pushes.append(
                PushWaiter(
                    name: name, since: now, report: PushReport(branch: name.branch ?? ""),
                    reply: reply))
        } catch { reply(PushReport(branch: branch ?? "", failure: error)) }
    }

    /// Origin has said where its branches are.
    func looked(_ found: [RefName: ObjectID?]) {
        for index in pushes.indices where !pushes[index].isLooked {
            guard let tip = found[pushes[index].name] else { continue }
            pushes[index].isLooked = true
            pushes[index].report.oldCommit = tip
        }
    }

    /// A push has begun.
    func sent(_ updates: [RefUpdate]) {
        sentAt = now
        for index in pushes.indices where updates.contains(where: { $0.name == pushes[index].name })
        {
            pushes[index].isSent = true
        }
    }

    /// Answers those whose push has come to an end.
    func answerPushes() {
        guard !pushes.isEmpty else { return }
        pushes = pushes.filter { waiter in
            guard let report = report(on: waiter) else { return true }
            waiter.reply(report)
            return false
        }
    }

    private func report(on waiter: PushWaiter) -> PushReport? {
        var report = waiter.report
        report.newCommit = tips[waiter.name]
        report.pending = conflicts.compactMap(\.branch).sorted()
        report.duration = now - waiter.since
        let mark = machine.watermark(of: waiter.name)
        if waiter.isLooked, mark?.state == .inSync {
            report.durable = true
            report.pushed = waiter.isSent
            return report
        }
        guard let (reason, failure) = failure(of: waiter, mark) else { return nil }
        report.reason = reason
        report.failure = failure
        return report
    }

    /// Why the push has failed; nil if it is not over.
    private func failure(of waiter: PushWaiter, _ mark: Watermark?)
        -> (PushFailureReason?, Failure)?
    {
        guard let mark, mark.local != nil else {
            let name = waiter.name.branch ?? ""
            return (nil, Failure(.failed, "\(gitdir) has no branch \(name)"))
        }
        if let trouble = originTrouble?.trouble, trouble.time > waiter.since || machine.isStopped {
            return (trouble.reason, trouble.failure)
        }
        guard waiter.isLooked, mark.state != .pushing, !machine.awaitsReconcile(waiter.name)
        else { return nil }
        if let trouble = mark.lastFailure, trouble.time > waiter.since,
            trouble.reason != .nonFastForward
        {
            return (trouble.reason, trouble.failure)
        }
        // One that a rule has refused is tried again at once.
        let isRefused = mark.state == .stuck && mark.lastFailure?.reason != .rejected
        guard isRefused || mark.state == .originMoved else { return nil }
        return (.nonFastForward, parted(mark))
    }

    /// Why a branch cannot go onto what origin has, in the words of a push without an engine.
    private func parted(_ mark: Watermark) -> Failure {
        let name = mark.name.branch ?? ""
        if mark.origin == nil {
            return Failure(
                .failed, "\(name) was deleted on origin, and is not made there again",
                hint: "if that was a mistake, make it there by hand")
        }
        return .cannotBePushed(name, gitdir: gitdir)
    }
}

extension Failure {
    /// Of a branch that origin has elsewhere.
    static func cannotBePushed(_ branch: String, gitdir: String) -> Failure {
        Failure(
            .failed, "\(branch) cannot be pushed onto what origin has (non-fast-forward)",
            hint: "run git pod reconcile --repo \(gitdir)")
    }
}

extension PushTrouble {
    /// As a verb says it.
    fileprivate var failure: Failure {
        Failure(reason, text, otherwise: "the engine tries it again")
    }
}

// What others ask a running engine: how things stand, whether a commit is durable, a reconcile. They
// ask from their own threads, and are answered on the engine's.

import EngineCore
import Git
import Model
import POSIX

/// A running engine, as its control API sees it.
public struct ServiceControl: Sendable {
    let mailbox: Mailbox<Service.Message>

    /// Tells how things stand.
    public func status(_ reply: @escaping @Sendable (ServiceStatus) -> Void) {
        mailbox.post(.asked { service, _ in reply(service.status) })
    }

    /// Waits until origin has the tip that the branch has now, wherever reconciles take it.
    ///
    /// - Parameter branch: nil for the only one that is looked after.
    public func flush(
        _ branch: String?, within limit: Duration, _ reply: @escaping @Sendable (Flush) -> Void
    ) {
        mailbox.post(
            .asked { service, events in
                events.append(.triggered)
                service.flush(branch, until: .after(limit), reply)
            })
    }

    /// Reconciles a branch.
    public func reconcile(
        _ branch: String?, _ reply: @escaping @Sendable (ReconcileReport) -> Void
    ) {
        mailbox.post(
            .asked { service, events in
                do throws(Failure) {
                    let name = try service.meant(branch)
                    service.askers[name, default: []].append(reply)
                    service.reconcile(name, &events)
                } catch { reply(ReconcileReport(branch: branch ?? "", failure: error)) }
            })
    }
}

/// What came of waiting for a commit to be durable.
public enum Flush: Sendable {
    /// Origin has it, or the commit that took its place, under the branch's name.
    case durable(asked: ObjectID, now: ObjectID)
    /// Origin has it on this conflict branch.
    case escaped(asked: ObjectID, RefName)
    case failed(Failure)

    public var exitCode: ExitCode {
        switch self {
        case .durable: .done
        case .escaped: .escaped
        case .failed(let failure): failure.kind.exitCode
        }
    }

    public var json: JSON {
        switch self {
        case .durable(let asked, let now):
            .object([
                ("durable", .bool(true)), ("commit", .string(asked.description)),
                ("durableCommit", .string(now.description)), ("conflictBranch", .null),
                ("error", .null),
            ])
        case .escaped(let asked, let name):
            .object([
                ("durable", .bool(false)), ("commit", .string(asked.description)),
                ("durableCommit", .null), ("conflictBranch", .string(name.branch ?? "")),
                ("error", .null),
            ])
        case .failed(let failure):
            .object([
                ("durable", .bool(false)), ("commit", .null), ("durableCommit", .null),
                ("conflictBranch", .null), ("error", .string(failure.description)),
            ])
        }
    }

    /// One line for a person; nil if only the failure is to be said.
    public var line: String? {
        switch self {
        case .durable(let asked, let now):
            asked == now
                ? "origin has \(now)" : "origin has \(now), which took the place of \(asked.short)"
        case .escaped(let asked, let name):
            "origin has \(asked.short) on \(name.branch ?? ""), not on its branch"
        case .failed: nil
        }
    }
}

/// Somebody who waits for a commit to be durable.
struct FlushWaiter {
    let name: RefName
    let asked: ObjectID
    /// What stands for it after reconciles.
    var tip: ObjectID
    let deadline: Deadline
    let reply: @Sendable (Flush) -> Void
}

extension Service {
    /// The handle for other threads.
    public var control: ServiceControl { ServiceControl(mailbox: mailbox) }

    /// The branch that is meant.
    func meant(_ branch: String?) throws(Failure) -> RefName {
        guard settings.origin != nil else {
            throw Failure(
                .configuration, "nothing says where the origin of \(gitdir) is",
                hint: "give --origin URL, or set remote.\(settings.settings.remote).url")
        }
        if let branch {
            guard let name = RefName(branch: branch), tips[name] != nil else {
                throw Failure(
                    .failed, "this engine looks after no branch \(branch)", hint: "see its --branch"
                )
            }
            return name
        }
        if let head = try head, tips[head] != nil { return head }
        guard tips.count == 1, let name = tips.keys.first else {
            throw Failure(
                .configuration, "this engine looks after \(tips.count) branches",
                hint: "say which with --branch")
        }
        return name
    }

    func flush(
        _ branch: String?, until deadline: Deadline, _ reply: @escaping @Sendable (Flush) -> Void
    ) {
        do throws(Failure) {
            let name = try meant(branch)
            // What nothing has told of yet counts, too.
            guard
                let tip = try attempt({ () throws(GitError) in try self.repository.target(of: name)
                })
            else { throw Failure(.failed, "\(gitdir) has no branch \(name.branch ?? "")") }
            waiters.append(
                FlushWaiter(name: name, asked: tip, tip: tip, deadline: deadline, reply: reply))
        } catch { reply(.failed(error)) }
    }

    /// Answers those whose commits have become durable, and those who have waited for long enough.
    func answerWaiters() {
        guard !waiters.isEmpty else { return }
        waiters = waiters.compactMap { waiter in
            var waiter = waiter
            guard let answer = answer(to: &waiter) else { return waiter }
            waiter.reply(answer)
            return nil
        }
    }

    private func answer(to waiter: inout FlushWaiter) -> Flush? {
        let mark = machine.watermark(of: waiter.name)
        if let durable = mark?.durable, holds(durable, waiter.tip) {
            return .durable(asked: waiter.asked, now: waiter.tip)
        }
        // What a reconcile is about to bring to its branch is not said to have escaped.
        if let saved = mark?.saved, !machine.awaitsReconcile(waiter.name),
            holds(saved.tip, waiter.tip)
        {
            return .escaped(asked: waiter.asked, saved.on)
        }
        // Where the branch has left it behind, something may stand for it.
        if tips[waiter.name].map({ holds($0, waiter.tip) }) != true {
            switch replacements.follow(waiter.tip) {
            case .commit(let next) where next != waiter.tip:
                waiter.tip = next
                return answer(to: &waiter)
            case .escaped(let name) where !isOnItsWay(name):
                return .escaped(asked: waiter.asked, name)
            default: break
            }
        }
        guard waiter.deadline.hasPassed else { return nil }
        let why = mark?.lastFailure.map { ": \($0.text)" } ?? ""
        return .failed(
            Failure(
                .unreachable, "origin has not got \(waiter.tip.short) in time\(why)",
                hint: "see git pod status --repo \(gitdir)"))
    }

    /// Whether origin has not confirmed a conflict branch: its mark stands from before the branch moves.
    private func isOnItsWay(_ name: RefName) -> Bool {
        guard !conflicts.contains(name), let mark = IncidentName.pendingMark(of: name) else {
            return true
        }
        do throws(GitError) { return try repository.target(of: mark) != nil } catch { return true }
    }

    private func holds(_ tip: ObjectID, _ commit: ObjectID) -> Bool {
        (try? repository.isAncestor(commit, of: tip)) == true
    }
}

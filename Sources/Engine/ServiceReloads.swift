// Webhooks: origin says that a branch has moved. Those that come together have one reconcile between
// them; one that tells of what is here already has none.

import EngineCore
import Git
import Model
import POSIX

/// What came of a webhook.
public enum ReloadResult: Sendable {
    /// The branch has that commit already.
    case noChanges(branch: String)
    case reconciled(ReconcileReport)
    /// Not of a branch that is looked after, and why.
    case ignored(String)
    /// The engine ends, and begins nothing more.
    case ending
}

/// The webhooks of one branch that wait.
struct Reload {
    struct Waiter {
        let commit: ObjectID?
        let reply: @Sendable (ReloadResult) -> Void
    }

    /// For the reconcile under way.
    var current: [Waiter]
    /// Came when that may have asked origin already.
    var next: [Waiter] = []
}

extension ServiceControl {
    /// Has a branch reconciled, unless it has `commit` already.
    ///
    /// - Parameters:
    ///   - branch: nil for the only one that is looked after.
    ///   - isForced: `commit` being here tells nothing then.
    public func reload(
        _ branch: String?, at commit: ObjectID?, isForced: Bool,
        _ reply: @escaping @Sendable (ReloadResult) -> Void
    ) {
        mailbox.post(
            .asked { service, _ in
                guard !service.isDraining else { return reply(.ending) }
                let name: RefName
                do throws(Failure) { name = try service.meant(branch) } catch {
                    return reply(.ignored(error.message))
                }
                if let commit, !isForced, service.has(commit, name) {
                    return reply(.noChanges(branch: name.branch ?? ""))
                }
                service.reload(name, Reload.Waiter(commit: commit, reply: reply))
            })
    }
}

extension Service {
    fileprivate func has(_ commit: ObjectID, _ name: RefName) -> Bool {
        guard let tip = tips[name], repository.hasCommit(commit) else { return false }
        return holds(tip, commit)
    }

    fileprivate func reload(
        _ name: RefName, _ waiter: Reload.Waiter
    ) {
        guard reloads[name] == nil else {
            reloads[name]?.next.append(waiter)
            return
        }
        begin(Reload(current: [waiter]), of: name)
    }

    private func begin(
        _ reload: Reload, of name: RefName
    ) {
        reloads[name] = reload
        reconcileInTurn(name) { service, report in service.reloaded(name, report) }
    }

    /// A reconcile for webhooks has ended. What came meanwhile is answered with it if it has what that
    /// told of; for the others there is another one.
    private func reloaded(
        _ name: RefName, _ report: ReconcileReport
    ) {
        guard let reload = reloads.removeValue(forKey: name) else { return }
        for waiter in reload.current { waiter.reply(.reconciled(report)) }
        let late = reload.next.filter { waiter in
            guard let commit = waiter.commit, has(commit, name) else { return true }
            waiter.reply(.reconciled(report))
            return false
        }
        guard !late.isEmpty else { return }
        guard !isDraining else {
            for waiter in late { waiter.reply(.ending) }
            return
        }
        begin(Reload(current: late), of: name)
    }
}

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
        mailbox.post(.asked { service, _ in service.tellStatus(reply) })
    }

    /// Tells what each setting is that has a value, as it may be shown.
    public func settings(_ reply: @escaping @Sendable ([String: String]) -> Void) {
        mailbox.post(
            .asked { service, _ in
                var shown: [String: String] = [:]
                for setting in Setting.all {
                    shown[setting.name] = service.settings.settings.shown(setting.name)?.text
                }
                reply(shown)
            })
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

    /// Pushes a branch at once, and tells what came of that try.
    ///
    /// - Parameter reply: given nil by an engine that is ending, which begins nothing more.
    public func push(_ branch: String?, _ reply: @escaping @Sendable (PushReport?) -> Void) {
        mailbox.post(
            .asked { service, events in
                guard !service.isDraining else { return reply(nil) }
                service.push(branch, &events, reply)
            })
    }

    /// Reconciles a branch.
    ///
    /// - Parameter reply: given nil by an engine that is ending, which begins nothing more.
    public func reconcile(
        _ branch: String?, _ reply: @escaping @Sendable (ReconcileReport?) -> Void
    ) {
        mailbox.post(
            .asked { service, events in
                guard !service.isDraining else { return reply(nil) }
                do throws(Failure) {
                    let name = try service.meant(branch)
                    service.askers[name, default: []].append(reply)
                    service.reconcileInTurn(name)
                } catch { reply(ReconcileReport(branch: branch ?? "", failure: error)) }
            })
    }
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
            let name = RefName(branch: branch).map { (try? repository.followed($0)) ?? $0 }
            guard let name, tips[name] != nil else {
                throw Failure(
                    .failed, "this engine looks after no branch \(branch)", hint: "see its --branch"
                )
            }
            return name
        }
        if let head = standingBranch, tips[head] != nil { return head }
        guard tips.count == 1, let name = tips.keys.first else {
            throw Failure(
                .configuration, "this engine looks after \(tips.count) branches",
                hint: "say which with --branch")
        }
        return name
    }
}

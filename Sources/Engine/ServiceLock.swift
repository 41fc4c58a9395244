// The lock that an application holds by way of the running engine, while it rebuilds from the branch: no
// reconcile moves the branch meanwhile. It lapses at its deadline, whatever became of the application.

import Model
import POSIX

/// A lock that was asked for.
struct HeldLock {
    let token: String
    let deadline: Deadline
    /// Ends it.
    let waker: Waker
}

/// What came of asking for the lock.
public enum LockResult: Sendable {
    case held(token: String, for: Duration)
    /// Somebody else has it, for at most so long.
    case taken(for: Duration)
    case failed(Failure)
    case ending
}

extension ServiceControl {
    /// Keeps reconciles away for `time` at most.
    public func lock(for time: Duration, _ reply: @escaping @Sendable (LockResult) -> Void) {
        mailbox.post(
            .asked { service, _ in
                guard !service.isDraining else { return reply(.ending) }
                service.lock(for: time, reply)
            })
    }

    /// Lets go of the lock before its time. False if there is none with this token.
    public func unlock(_ token: String, _ reply: @escaping @Sendable (Bool) -> Void) {
        mailbox.post(
            .asked { service, _ in
                guard let held = service.heldLock, held.token == token else { return reply(false) }
                service.heldLock = nil
                held.waker.wake()
                reply(true)
            })
    }
}

extension Service {
    fileprivate func lock(
        for time: Duration, _ reply: @escaping @Sendable (LockResult) -> Void
    ) {
        if let heldLock { return reply(.taken(for: heldLock.deadline.remaining ?? time)) }
        let waker: Waker
        let patience: Duration
        do throws(Failure) {
            waker = try Waker()
            patience = try settings.settings.lockTimeout()
        } catch { return reply(.failed(error)) }
        let token = Self.newToken()
        // Until the lane comes to it, others wait as well.
        heldLock = HeldLock(token: token, deadline: .after(patience + time), waker: waker)
        let (gitdir, mailbox) = (gitdir, mailbox)
        // Whatever else moves refs here waits in this lane, and is done when the lock has ended.
        stewardLane.add {
            do throws(Failure) {
                let lock = try GitdirLock(gitdir, patience: patience)
                reply(.held(token: token, for: time))
                withExtendedLifetime(lock) {
                    _ = try? wait(for: waker.descriptor, reading: true, until: .after(time))
                }
            } catch { reply(.failed(error)) }
            mailbox.post(
                .asked { service, _ in
                    if service.heldLock?.token == token { service.heldLock = nil }
                })
        }
    }

    private static func newToken() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

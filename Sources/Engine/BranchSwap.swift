// Moves the branch to a value that was worked out from its tip, while a writer may be adding commits.

import Git
import Model
import POSIX

extension Engine {
    /// How a swap ended.
    enum Swap: Equatable {
        case moved(from: ObjectID, to: ObjectID)
        /// There is no such value: ours and theirs conflict.
        case conflict(at: ObjectID)
        /// The application moved the branch off the tip that we began with.
        case rewound
    }

    /// How often the swap is tried without a lock before writers are held back.
    private static let freeTries = 3
    /// How long git's own lock on the branch is held; git waits 100 ms for one.
    static let holdLimit = Duration.milliseconds(50)
    /// After so many holds that were too short for what writers had added, one lasts as long as it
    /// takes: a reconcile must end.
    private static let shortHolds = 10

    /// Moves the branch from `local`, or from a later tip, to what `prepare` makes of that tip and
    /// origin's.
    ///
    /// `prepare` may be called again with a tip that continues the last one; everything that its
    /// value needs is on disk when it returns. Nil says that there is no value.
    func swap(
        from local: ObjectID, following tip: ObjectID, _ message: String,
        prepare: (ObjectID) throws(Failure) -> ObjectID?
    ) throws(Failure) -> Swap {
        var current = local
        for _ in 1...Self.freeTries {
            guard let new = try prepare(current) else { return .conflict(at: current) }
            if try refs.follow(tip, branch, from: current, to: new, message) {
                return .moved(from: current, to: new)
            }
            guard let next = try continuation(of: current) else { return .rewound }
            current = next
        }
        for hold in 1... {
            guard try prepare(current) != nil else { return .conflict(at: current) }
            let patient = hold > Self.shortHolds
            switch try swapHoldingLock(current, tip, message, patient, prepare) {
            case .ended(let swap): return swap
            case .late(let next): current = next
            }
        }
        return .rewound
    }

    private enum Hold {
        case ended(Swap)
        /// The writer had added so much that it would have been held back for too long.
        case late(ObjectID)
    }

    private func swapHoldingLock(
        _ current: ObjectID, _ tip: ObjectID, _ message: String, _ patient: Bool,
        _ prepare: (ObjectID) throws(Failure) -> ObjectID?
    ) throws(Failure) -> Hold {
        var result: Hold = .ended(.rewound)
        var failure: Failure?
        let moved = try refs.followHoldingLock(tip, branch, message) { now throws(GitError) in
            let limit = Deadline.after(Self.holdLimit)
            guard try self.repository.isAncestor(current, of: now) else { return nil }
            result = .ended(.conflict(at: now))
            do throws(Failure) {
                guard let new = try prepare(now) else { return nil }
                if limit.hasPassed, !patient {
                    result = .late(now)
                    return nil
                }
                result = .ended(.moved(from: now, to: new))
                return new
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
        if case .ended(.moved) = result, !moved { return .ended(.rewound) }
        return result
    }

    /// The branch's tip, if `tip` is behind it; nil if the application went elsewhere.
    private func continuation(of tip: ObjectID) throws(Failure) -> ObjectID? {
        guard let now = try target(branch) else { return nil }
        let isOn = try attempt { () throws(GitError) in
            try self.repository.isAncestor(tip, of: now)
        }
        return isOn ? now : nil
    }
}

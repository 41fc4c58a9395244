// How far branches lie before origin, measured for whoever asks and remembered for the next time, so
// that a branch that grows is not walked from its beginning again.

import EngineCore
import Git
import Model
import POSIX

/// The lags of one gitdir's branches. May be asked from any thread, one at a time.
struct Lags: Sendable {
    private struct Measured {
        let tip: ObjectID
        let base: [ObjectID]
        let lag: Lag
    }

    private var pending: [RefName: Measured] = [:]
    private var ahead: [RefName: Measured] = [:]

    init() {}

    /// Adds to each of `branches` what lies between its watermarks.
    ///
    /// - Parameter others: what else origin is known to have.
    mutating func measure(
        _ branches: [BranchStatus], in gitdir: String, others: [ObjectID] = []
    ) -> [BranchStatus] {
        var repository: Repository?
        let bases = branches.compactMap(\.mark.durable) + others
        let known = Set(branches.map(\.mark.name))
        pending = pending.filter { known.contains($0.key) }
        ahead = ahead.filter { known.contains($0.key) }
        return branches.map { branch in
            var branch = branch
            let mark = branch.mark
            branch.blockedByLock =
                BranchStatus.BlockingLock(on: mark.name, in: gitdir)
                ?? mark.name.seen.flatMap { BranchStatus.BlockingLock(on: $0, in: gitdir) }
            branch.pending = Self.lag(
                &pending[mark.name], mark.local,
                Self.base(of: mark, others: bases, gitdir, &repository), gitdir, &repository)
            if mark.origin == nil || mark.origin == mark.seen || mark.origin == mark.local {
                branch.originAhead = mark.origin == nil ? nil : 0
            } else {
                branch.originAhead =
                    Self.lag(
                        &ahead[mark.name], mark.origin, [mark.local, mark.seen].compactMap { $0 },
                        gitdir, &repository)?.commits
            }
            return branch
        }
    }

    /// What a branch's tip is compared with: all that origin is known to have had of it, but for what it
    /// is known to have let go of since. Where origin has nothing of it, what origin has of `others`
    /// counts: a new branch lacks what is new on it.
    private static func base(
        of mark: Watermark, others: [ObjectID], _ gitdir: String, _ repository: inout Repository?
    ) -> [ObjectID] {
        var own = Set([mark.durable, mark.seen, mark.origin].compactMap { $0 })
        if let origin = mark.origin, own != [origin] {
            repository = repository ?? (try? Repository(known: gitdir))
            if let repository, repository.hasCommit(origin) {
                own = own.filter { (try? repository.isAncestor($0, of: origin)) != false }
            }
        } else if mark.origin == nil, mark.state == .originMoved || mark.durable == nil {
            own = []
        }
        return Array(own.isEmpty ? Set(others).subtracting([mark.durable ?? .zero]) : own).sorted {
            $0.description < $1.description
        }
    }

    /// What `tip` has and `base` has not; nil where that cannot be read. `repository` is opened when it
    /// is needed first: it belongs to the thread that asks.
    private static func lag(
        _ last: inout Measured?, _ tip: ObjectID?, _ base: [ObjectID], _ gitdir: String,
        _ repository: inout Repository?
    ) -> Lag? {
        guard let tip, !base.contains(tip) else {
            last = nil
            return Lag()
        }
        if let last, last.tip == tip, last.base == base { return last.lag }
        repository = repository ?? (try? Repository(known: gitdir))
        guard let repository, repository.hasCommit(tip) else { return nil }
        do throws(GitError) {
            var lag: Lag
            if let last, last.base == base, try repository.isAncestor(last.tip, of: tip) {
                lag = try last.lag + repository.lag(of: tip, behind: base + [last.tip])
            } else {
                lag = try repository.lag(of: tip, behind: base)
            }
            last = Measured(tip: tip, base: base, lag: lag)
            return lag
        } catch { return nil }
    }
}

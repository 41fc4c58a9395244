// Those who wait in the push service until origin has a commit, wherever reconciles take it.

import EngineCore
import Git
import Model
import POSIX

/// Somebody who waits for a commit to be durable.
struct FlushWaiter {
    let name: RefName
    let asked: ObjectID
    /// What stands for it after reconciles.
    var tip: ObjectID
    /// When it was asked for, as the machine counts.
    let since: Duration
    /// Whether origin was asked because its word on the commit was old.
    var isDoubted = false
    let deadline: Deadline
    let reply: @Sendable (Flush) -> Void
}

extension Service {
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
                FlushWaiter(
                    name: name, asked: tip, tip: tip, since: now, deadline: deadline,
                    reply: reply))
        } catch { reply(.failed(error)) }
    }

    /// Origin's word that is older than this when a flush comes has to be said again: origin may have
    /// been moved since.
    private static let wordHolds = Duration.seconds(5)

    /// Answers those whose commits have become durable, and those who have waited for long enough.
    func answerWaiters() {
        guard !waiters.isEmpty else { return }
        var doubted: Set<RefName> = []
        waiters = waiters.compactMap { waiter in
            var waiter = waiter
            let wasDoubted = waiter.isDoubted
            if let answer = answer(to: &waiter) {
                waiter.reply(answer)
                return nil
            }
            if waiter.isDoubted, !wasDoubted {
                let saved = machine.watermark(of: waiter.name)?.saved?.on
                doubted.formUnion([waiter.name, saved].compactMap { $0 })
            }
            return waiter
        }
        act(on: doubted.sorted().map { .doubted($0) })
    }

    private func answer(to waiter: inout FlushWaiter) -> Flush? {
        let mark = machine.watermark(of: waiter.name)
        let isDropped = mark.map { hasDropped(waiter.tip, $0) } ?? false
        // Where origin has gone on to commits that are not here, they are fetched before it is said.
        let isOpen = mark.map(isUnknown) ?? false
        if let durable = mark?.durable, !isDropped, !isOpen, holds(durable, waiter.tip) {
            if isFresh(mark, for: waiter) {
                return .durable(asked: waiter.asked, now: waiter.tip)
            }
            waiter.isDoubted = true
            return waiter.deadline.hasPassed ? late(waiter, mark, isDropped: false) : nil
        }
        // What a reconcile, or the try that was asked for, may bring to its branch is not said to have
        // escaped.
        let isTried =
            mark?.lastFailure.map { $0.reason != .rejected || $0.time > waiter.since } ?? true
        if let saved = mark?.saved, isTried || waiter.deadline.hasPassed,
            !machine.awaitsReconcile(waiter.name), holds(saved.tip, waiter.tip)
        {
            if isFresh(machine.watermark(of: saved.on), for: waiter) {
                return .escaped(asked: waiter.asked, saved.on)
            }
            waiter.isDoubted = true
            return waiter.deadline.hasPassed ? late(waiter, mark, isDropped: false) : nil
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
        return waiter.deadline.hasPassed ? late(waiter, mark, isDropped: isDropped) : nil
    }

    /// Whether origin's word on a ref is not too old for somebody who asks now.
    private func isFresh(_ mark: Watermark?, for waiter: FlushWaiter) -> Bool {
        mark?.lastHeard.map { $0 + Self.wordHolds >= waiter.since } ?? false
    }

    private func late(_ waiter: FlushWaiter, _ mark: Watermark?, isDropped: Bool) -> Flush {
        let isDoubted = (waiter.isDoubted || mark.map(isUnknown) ?? false) && !isDropped
        let said = isDoubted ? "said again that it has" : "got"
        let trouble = isDoubted ? originTrouble?.trouble : mark?.lastFailure
        let had = mark?.durable.map { holds($0, waiter.tip) } ?? false
        let why =
            isDropped && had
            ? ": it had it, and \(waiter.name) was moved off it there"
            : trouble.map { ": \($0.text)" } ?? ""
        return .failed(
            asked: waiter.asked,
            Failure(
                .unreachable, "origin has not \(said) \(waiter.tip.short) in time\(why)",
                hint: "see git pod status --repo \(gitdir)"))
    }

    /// Whether origin has gone on from what it has confirmed to a commit that is not here.
    private func isUnknown(_ mark: Watermark) -> Bool {
        guard let origin = mark.origin, origin != mark.durable else { return false }
        return !repository.hasCommit(origin)
    }

    /// The same mark, with no tip called durable that origin is known to have let go of since.
    func withoutDropped(_ mark: Watermark) -> Watermark {
        guard let durable = mark.durable, hasDropped(durable, mark) else { return mark }
        let left = mark.origin.flatMap { origin in
            mark.local.map { holds($0, origin) } == true ? origin : nil
        }
        return mark.withDurable(left)
    }

    /// Whether origin is known to have let go of a commit that it may have had. Where it has gone on to
    /// commits that are not here, nobody knows.
    private func hasDropped(_ commit: ObjectID, _ mark: Watermark) -> Bool {
        guard mark.durable != nil, mark.durable != mark.origin else { return false }
        return mark.origin.map { repository.hasCommit($0) && !holds($0, commit) } ?? true
    }

    /// Whether origin has not confirmed a conflict branch: its mark stands from before the branch moves.
    private func isOnItsWay(_ name: RefName) -> Bool {
        guard !conflicts.contains(name), let mark = IncidentName.pendingMark(of: name) else {
            return true
        }
        do throws(GitError) { return try repository.target(of: mark) != nil } catch { return true }
    }

    func holds(_ tip: ObjectID, _ commit: ObjectID) -> Bool {
        (try? repository.isAncestor(commit, of: tip)) == true
    }
}

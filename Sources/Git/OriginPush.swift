// Pushes to origin: what may be sent at all, and what becomes of a list when one ref in it is bad.

import Model

extension Origin {
    /// Moves refs on origin by compare-and-swap; never a force, never a deletion. What came of each
    /// is origin's own report.
    ///
    /// A ref that is not what `old` says, and has not `new` already, is refused as non-fast-forward
    /// without anything being sent for it, and so is a `new` that does not descend from `old`.
    ///
    /// - Parameter line: a connection that is kept for further pushes; without one, this push has its
    ///   own, and waits for origin's hooks to end.
    /// - Throws: ``OriginFailure`` if the operation as a whole came to nothing: origin may then have
    ///   any of the refs or none, and the next attempt finds out.
    public func push(_ updates: [RefUpdate], over line: PushLine? = nil) throws(OriginFailure)
        -> [RefName: PushResult]
    {
        var results: [RefName: PushResult] = [:]
        var rest: [RefUpdate] = []
        for update in updates {
            if let refusal = try flaw(of: update) {
                results[update.name] = refusal
            } else {
                rest.append(update)
            }
        }
        guard !rest.isEmpty else { return results }
        do throws(OriginFailure) {
            return results.merging(try send(rest, over: line)) { $1 }
        } catch {
            // One pack is for all of them: what is wrong with one must not keep the others here.
            let flawed = error.reason == .unknown ? try unreadable(rest) : [:]
            guard !flawed.isEmpty else { throw error }
            results.merge(flawed) { $1 }
            rest.removeAll { flawed[$0.name] != nil }
            return rest.isEmpty ? results : results.merging(try send(rest, over: line)) { $1 }
        }
    }

    /// How many refs of a list that was refused as a whole are tried alone.
    private static let triedAlone = 32

    /// A rule of origin's may refuse all of a list for one ref in it: then each is tried alone.
    private func send(_ updates: [RefUpdate], over line: PushLine?) throws(OriginFailure)
        -> [RefName: PushResult]
    {
        var results = try sendTogether(updates, over: line)
        guard updates.count > 1, updates.allSatisfy({ results[$0.name]?.isRejected == true })
        else { return results }
        for update in updates.prefix(Self.triedAlone) {
            results.merge(try sendTogether([update], over: line)) { $1 }
        }
        return results
    }

    private func sendTogether(_ updates: [RefUpdate], over line: PushLine?) throws(OriginFailure)
        -> [RefName: PushResult]
    {
        if let line { return try line.push(updates, isLast: false) }
        guard let line = PushLine(self) else { return try WebPush(self).push(updates) }
        let sent = try line.push(updates, isLast: true)
        line.close()
        return sent
    }

    /// Those of `updates` whose commits, or what these name, cannot be read here.
    private func unreadable(_ updates: [RefUpdate]) throws(OriginFailure)
        -> [RefName: PushResult]
    {
        let known: [ObjectID]
        do throws(GitError) {
            let refs =
                try repository.references(under: "refs/remotes/")
                + repository.references(under: "refs/pod/seen/")
            known = (refs.map(\.target) + updates.compactMap(\.old)).filter(repository.hasCommit)
        } catch { throw local(error) }
        var flawed: [RefName: PushResult] = [:]
        for update in updates {
            do throws(Failure) {
                try repository.checkReadable(update.new, hiding: known)
            } catch { flawed[update.name] = .refused(.unknown, error.description) }
        }
        return flawed
    }

    /// Whether `update` may be sent at all.
    private func flaw(of update: RefUpdate) throws(OriginFailure) -> PushResult? {
        // What a writer or a reconcile has just put here may lie in a new pack.
        if ![update.new, update.old].compactMap({ $0 }).allSatisfy(repository.contains) {
            do throws(GitError) { try repository.refreshObjects() } catch { throw local(error) }
        }
        guard repository.contains(update.new) else {
            return .refused(.unknown, "\(update.new) is not in \(repository.path)")
        }
        guard let old = update.old, old != update.new else { return nil }
        let behind = "\(update.new.short) does not descend from origin's \(old.short)"
        guard repository.contains(old) else { return .refused(.nonFastForward, behind) }
        do throws(GitError) {
            return try repository.isAncestor(old, of: update.new)
                ? nil : .refused(.nonFastForward, behind)
        } catch { return .refused(.unknown, error.failure.description) }
    }
}

extension PushResult {
    fileprivate var isRejected: Bool {
        if case .refused(.rejected, _) = self { true } else { false }
    }
}

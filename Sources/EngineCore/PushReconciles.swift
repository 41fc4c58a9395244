// The push machine and reconciles: when it asks for one, and what each one that ended changes.

import Model

extension PushMachine {
    mutating func reconcileBegan(_ name: RefName) {
        reconciling.insert(name)
        touch(name) { $0.isReconciling = true }
    }

    mutating func reconcileEnded(_ name: RefName, _ end: ReconcileEnd) {
        reconciling.remove(name)
        if asked == name { asked = nil }
        touch(name) { ref in
            ref.isReconciling = false
            ref.local = end.local
        }
        if end.isSettled {
            refs[name]?.clear()
            endIncident(name)
        }
        if let sighting = end.sighting { sighted(name, sighting) }
        refs[name]?.needsPerson = end.needsPerson
        if end.escaped { escaped() }
    }

    private mutating func escaped() {
        escapes.append(now)
        escapes.removeAll { $0 + policy.escapeWindow <= now }
        guard escapes.count > policy.maximumEscapes else { return }
        escapes.removeFirst()
        guard !isStorming else { return }
        isStorming = true
        actions.append(.announce(.stopped(.escapeStorm)))
    }

    /// Asks for one reconcile, if none is under way.
    mutating func reconcile() {
        guard asked == nil, reconciling.isEmpty else { return }
        let names = active.filter { name in
            guard let ref = refs[name] else { return false }
            return wantsReconcile(ref) && !ref.reconcileBackoff.holds(at: now)
        }
        guard let name = names.min() else { return }
        asked = name
        looking.remove(name)
        var policy = retry
        policy.maximumRetries = 0
        // What it holds back is the next one, should this one change nothing.
        _ = refs[name]?.reconcileBackoff.fail(at: now, policy, using: &generator)
        actions.append(.reconcile(name))
    }

    /// Whether a reconcile of the ref is under way, or comes next.
    func awaitsReconcile(_ ref: RefPush) -> Bool {
        asked == ref.name || ref.isReconciling
            || (wantsReconcile(ref) && !ref.reconcileBackoff.holds(at: now))
    }

    /// The same of a ref by its name; false of one that is not known.
    public func awaitsReconcile(_ name: RefName) -> Bool {
        refs[name].map(awaitsReconcile) ?? false
    }

    func wantsReconcile(_ ref: RefPush) -> Bool {
        guard policy.autoReconcile, !isStorming, ref.isBranch, ref.local != nil else {
            return false
        }
        return !ref.isReconciling && !ref.isDoubtful && !ref.needsPerson
            && (ref.obstacle == .nonFastForward || ref.isElsewhere)
            && inFlight?.has(ref.name) != true
    }
}
